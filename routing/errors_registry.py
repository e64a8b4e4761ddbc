"""What can speak against a code besides that it is unknown or not in force, and what is remarked around its end.

::

    CodeError
    ├── CodeSuspendedError    registry.code_suspended      it is in force, but suspended
    ├── CodeAnnulledError     registry.code_annulled       it was issued in error
    └── RemarkError           it counted in spite of its end: a warning
        ├── CodeForwardedError    registry.code_forwarded      its successor gets what is sent to it
        ├── AnswerForwardedError  registry.answer_forwarded    its successor gets a status
        └── ClosedCodeGraceError  registry.closed_code_grace   it was signed before the code ended
"""

from typing import ClassVar

from routing.errors import CodeError


class CodeSuspendedError(CodeError):
    """Nothing is sent in the name of this code or to it for now; facts: code, name, since."""

    code = "registry.code_suspended"
    vi = "Mã “{code}” ({name}) đang tạm dừng từ {since}."
    en = "The code “{code}” ({name}) has been suspended since {since}."
    fix_vi = "Gửi lại khi mã hoạt động trở lại, hoặc hỏi quản trị danh mục."
    fix_en = "Send again when the code is active again, or ask the code administrators."


class CodeAnnulledError(CodeError):
    """The code was issued in error; facts: code, name, successors."""

    code = "registry.code_annulled"
    vi = "Mã “{code}” ({name}) đã bị hủy vì được cấp nhầm."
    en = "The code “{code}” ({name}) was issued in error and annulled."
    fix_vi = "Dùng mã đúng của cơ quan: {successors}."
    fix_en = "Use the agency's right code: {successors}."


class RemarkError(CodeError):
    """Family: a code counted in spite of its end, and people should know."""

    level: ClassVar[str] = "warning"


class CodeForwardedError(RemarkError):
    """What was sent to this code goes to its successor; facts: code, name, since, successor, successor_name, until."""

    code = "registry.code_forwarded"
    vi = (
        "Mã “{code}” ({name}) đã đóng từ {since}; văn bản được chuyển tới {successor} ({successor_name}). "
        "Việc chuyển tiếp chỉ đến {until}."
    )
    en = (
        "The code “{code}” ({name}) has been closed since {since}; the document goes to {successor} "
        "({successor_name}). This is done only until {until}."
    )
    fix_vi = "Từ nay gửi tới mã {successor}."
    fix_en = "Send to the code {successor} from now on."


class AnswerForwardedError(RemarkError):
    """A status for a closed code goes to its successor; facts: code, name, since, successor, successor_name."""

    code = "registry.answer_forwarded"
    vi = (
        "Mã “{code}” ({name}) đã đóng từ {since}; trạng thái được chuyển tới cơ quan kế thừa {successor} "
        "({successor_name})."
    )
    en = (
        "The code “{code}” ({name}) has been closed since {since}; the status goes to the agency that took over, "
        "{successor} ({successor_name})."
    )
    fix_vi = "Không cần làm gì; văn bản mới gửi tới mã {successor}."
    fix_en = "Nothing needs to be done; send new documents to the code {successor}."


class ClosedCodeGraceError(RemarkError):
    """A closed sender's code counts for what was signed before; facts: code, name, since, proven_at, until."""

    code = "registry.closed_code_grace"
    vi = (
        "Mã “{code}” của {name} đã hết hiệu lực từ {since}; văn bản được nhận vì có dấu thời gian tin cậy {proven_at}, "
        "trước thời điểm đó. Việc này chỉ đến {until}."
    )
    en = (
        "The code “{code}” of {name} ended at {since}; the document is taken because a trusted time, {proven_at}, "
        "proves that it was signed before. This is done only until {until}."
    )
    fix_vi = "Ký và gửi văn bản mới bằng mã hiện hành của cơ quan."
    fix_en = "Sign and send new documents under the agency's code in force."
