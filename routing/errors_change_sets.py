"""What speaks against a step that an officer wants to take with a change set; faults of its content are elsewhere.

::

    RoutingError
    └── ChangeSetError
        ├── ChangeNotReadyError     registry.change_not_ready      the step does not fit its state
        ├── ChangeFaultyError       registry.change_faulty         it has faults
        ├── ChangeOutdatedError     registry.change_outdated       registry or change set moved on meanwhile
        ├── ApprovalMismatchError   registry.approval_mismatch     something else was signed
        ├── ApprovalUnverifiedError registry.approval_unverified   it is not a signature by the officer's key
        ├── SameOfficerError        registry.same_officer          four eyes are those of two people
        ├── OfficerKeyMissingError  registry.officer_key_missing   no key is registered for the credential
        ├── OfficerKeyTakenError    registry.officer_key_taken     another credential has this key
        ├── EmergencyTooLongError   registry.emergency_too_long    the box is too wide
        ├── WorkbookRefusedError    registry.workbook_refused      it is no workbook, or a dangerous one
        └── RegistryNotEmptyError   registry.not_empty             whole lists are for empty registries
"""

from routing.errors import RoutingError


class ChangeSetError(RoutingError):
    """A step that is not taken; nothing changes."""


class ChangeNotReadyError(ChangeSetError):
    """The change set is not in a state in which this can be done; facts: change, state, needed."""

    code = "registry.change_not_ready"
    vi = "Đợt thay đổi {change} đang ở trạng thái “{state}”, việc này cần trạng thái “{needed}”."
    en = "The change set {change} is “{state}”; this can be done with one that is “{needed}”."
    fix_vi = "Xem lại đợt thay đổi (vanthu registry show) rồi làm bước phù hợp."
    fix_en = "Look at the change set (vanthu registry show) and take the step that fits."


class ChangeFaultyError(ChangeSetError):
    """The change set has faults and cannot be signed; facts: change, count."""

    code = "registry.change_faulty"
    vi = "Đợt thay đổi {change} còn {count} lỗi, chưa thể ký."
    en = "The change set {change} has {count} faults and cannot be signed."
    fix_vi = "Sửa mọi lỗi được nêu trong đợt thay đổi rồi tải tệp lên lại."
    fix_en = "Correct every fault that the change set lists, and upload the file again."


class ChangeOutdatedError(ChangeSetError):
    """The registry or the change set is not what the officer looked at; facts: change, reason_vi, reason_en."""

    code = "registry.change_outdated"
    vi = "Đợt thay đổi {change} không còn như lúc được xem: {reason_vi}."
    en = "The change set {change} is not what was looked at: {reason_en}."
    fix_vi = "Xem lại phần so sánh mới (vanthu registry diff) rồi ký lại."
    fix_en = "Look at the new diff (vanthu registry diff) and sign again."


class ApprovalMismatchError(ChangeSetError):
    """The signature is over something else than this step needs; facts: name, found, expected."""

    code = "registry.approval_mismatch"
    vi = "Nội dung đã ký không khớp ở “{name}”: “{found}”, cần “{expected}”."
    en = "What was signed does not fit at “{name}”: “{found}”, needed: “{expected}”."
    fix_vi = "Đọc lại đợt thay đổi từ cổng và ký lại đúng nội dung đó."
    fix_en = "Read the change set from the gateway again and sign exactly that."


class ApprovalUnverifiedError(ChangeSetError):
    """What was handed in is no signature by the key that is registered; facts: key, reason_en, reason_vi."""

    code = "registry.approval_unverified"
    vi = "Chữ ký không kiểm tra được bằng khóa đã đăng ký {key}: {reason_vi}"
    en = "The signature cannot be verified with the registered key {key}: {reason_en}"
    fix_vi = "Ký bằng đúng khóa đã đăng ký cho mã truy cập này (vanthu registry key)."
    fix_en = "Sign with the key that is registered for this credential (vanthu registry key)."


class SameOfficerError(ChangeSetError):
    """Proposer and approver are one; facts: officer."""

    code = "registry.same_officer"
    vi = "Người phê duyệt phải là người khác, với khóa khác, so với người đề xuất ({officer})."
    en = "The approver has to be another officer, with another key, than the proposer ({officer})."
    fix_vi = "Đề nghị một cán bộ khác có khóa riêng phê duyệt."
    fix_en = "Ask another officer, who has a key of their own, to approve."


class OfficerKeyMissingError(ChangeSetError):
    """No key is registered for the credential that wants to sign; facts: credential."""

    code = "registry.officer_key_missing"
    vi = "Chưa đăng ký khóa ký nào cho mã truy cập {credential}."
    en = "No signing key is registered for the credential {credential}."
    fix_vi = "Tạo khóa bằng vanthu registry key new, rồi đề nghị quản trị đăng ký phần công khai."
    fix_en = "Make a key with vanthu registry key new, and ask an administrator to register its public half."


class OfficerKeyTakenError(ChangeSetError):
    """The key is or was that of another credential; facts: key."""

    code = "registry.officer_key_taken"
    vi = "Khóa {key} đã được đăng ký cho một mã truy cập khác."
    en = "The key {key} is registered for another credential."
    fix_vi = "Mỗi cán bộ dùng một khóa riêng; tạo khóa mới bằng vanthu registry key new."
    fix_en = "Each officer has a key of their own; make a new one with vanthu registry key new."


class EmergencyTooLongError(ChangeSetError):
    """An emergency change would stand too long without a second officer; facts: hours, limit."""

    code = "registry.emergency_too_long"
    vi = "Thay đổi khẩn cấp không được kéo dài {hours} giờ; nhiều nhất {limit} giờ."
    en = "An emergency change cannot stand for {hours} hours; {limit} at most."
    fix_vi = "Chọn thời hạn ngắn hơn và đề nghị cán bộ thứ hai phê chuẩn trong thời hạn đó."
    fix_en = "Choose a shorter time, and have a second officer ratify it within that time."


class WorkbookRefusedError(ChangeSetError):
    """A workbook that cannot be read, or should not; facts: reason_vi, reason_en."""

    code = "registry.workbook_refused"
    vi = "Không đọc được tệp Excel: {reason_vi}."
    en = "The workbook is not read: {reason_en}."
    fix_vi = "Lưu lại thành .xlsx theo mẫu (vanthu registry template), hoặc dùng CSV."
    fix_en = "Save it as .xlsx after the template (vanthu registry template), or use CSV."


class RegistryNotEmptyError(ChangeSetError):
    """A whole list is loaded by one person only into an empty registry; facts: version, agencies."""

    code = "registry.not_empty"
    vi = "Danh mục đã có {agencies} mã (phiên bản {version}); không nạp đè cả danh sách được nữa."
    en = "The registry has {agencies} codes (version {version}); a whole list cannot replace it any more."
    fix_vi = "Dùng đợt thay đổi: vanthu registry propose TỆP, rồi một cán bộ khác phê duyệt."
    fix_en = "Use a change set: vanthu registry propose FILE, and let another officer approve it."
