"""What can speak against registering a certificate, or against what shall become of a registration.

::

    RegistryError
    ├── RegistrationRefusedError   registry.registration_refused   it could never bind, or would bind too much
    └── RegistrationStateError     registry.registration_state     it is not in a state in which this can be done
"""

from enum import Enum

from routing.errors import RegistryError


class Unfit(Enum):
    """Why something cannot be registered, in Vietnamese and English."""

    MALFORMED = ("không đọc được chứng thư số", "the certificate cannot be read")
    AUTHORITY = (
        "đây là chứng thư số của tổ chức chứng thực, không phải của cơ quan",
        "it is the certificate of a certification authority, not of an agency",
    )
    OUTSIDE_VALIDITY = (
        "chứng thư số không có hiệu lực trong khoảng thời gian đăng ký",
        "the certificate is not valid at any time of the interval",
    )
    EMPTY_INTERVAL = ("khoảng thời gian rỗng", "the interval is empty")
    NOT_ISSUED_BY = (
        "chứng thư số của cơ quan không do tổ chức chứng thực này cấp",
        "the agency's certificate was not issued by this authority",
    )
    NOT_AN_AUTHORITY = (
        "chứng thư số thứ hai không phải của tổ chức chứng thực",
        "the second certificate is not that of a certification authority",
    )
    ATTRIBUTE = (
        "chủ thể phải có thuộc tính này đúng một lần và đứng riêng",
        "the subject does not hold this attribute exactly once and by itself",
    )
    NOT_IDENTIFYING = (
        "các thuộc tính này chưa xác định được riêng một cơ quan",
        "these attributes do not identify one body",
    )
    UNKNOWN_PREDECESSOR = (
        "cơ quan không có đăng ký nào như vậy để thay thế",
        "the agency has no such registration that it could replace",
    )


class RegistrationRefusedError(RegistryError):
    """It cannot be registered; facts: found, reason, reason_vi, reason_en."""

    code = "registry.registration_refused"
    vi = "Không đăng ký được chứng thư số: {reason_vi} ({found})."
    en = "The certificate cannot be registered: {reason_en} ({found})."
    fix_vi = "Sửa tệp chứng thư số hoặc tùy chọn rồi đăng ký lại; danh mục không thay đổi."
    fix_en = "Correct the file or the options and register again; the registry is unchanged."

    def __init__(self, unfit: Unfit, *, found: str) -> None:
        self.unfit = unfit
        vi, en = unfit.value
        super().__init__(found=found, reason=unfit.name.lower(), reason_vi=vi, reason_en=en)


class RegistrationStateError(RegistryError):
    """A registration cannot be changed so as it stands; facts: registration, state, state_vi, state_en."""

    code = "registry.registration_state"
    vi = "Không làm được với đăng ký {registration}: đăng ký này {state_vi}."
    en = "This cannot be done to the registration {registration}: it is {state_en}."
    fix_vi = "Xem trạng thái bằng vanthu cert list. Đăng ký đã thu hồi thì không dùng lại được: đăng ký chứng thư số mới."
    fix_en = (
        "See vanthu cert list for its state. A revoked one never counts again: register a new certificate."
    )
