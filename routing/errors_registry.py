"""What can speak against a code besides that it is unknown or not in force.

::

    CodeError
    ├── CodeSuspendedError   registry.code_suspended   it is in force, but suspended
    └── CodeAnnulledError    registry.code_annulled    it was issued in error
"""

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
