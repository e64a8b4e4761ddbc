"""What `vanthu verify` finds beyond the faults of signatures and certificates themselves.

GatewayError
├── BindingMismatchError          verify.binding_mismatch      INDETERMINATE / SIG_CONSTRAINTS_FAILURE
├── NotACertificateError          verify.not_a_certificate     TOTAL_FAILED / FORMAT_FAILURE
└── ValidationBrokeError          verify.broke                 INDETERMINATE

In a report, only the first finding decides.
"""

from __future__ import annotations

from enum import Enum

from gateway.errors import GatewayError


class BindingFault(Enum):
    """Why the sender named in a document is not the holder of the certificate; a word for reports, and two texts."""

    SENDER = (
        "sender",
        "văn bản không có đúng một From với đúng một OrganId đọc được",
        "the document does not have exactly one From with exactly one readable OrganId",
    )
    NAMES_NONE = (
        "names_none",
        "chủ thể của chứng thư số không có đúng một serialNumber",
        "the certificate's subject does not hold exactly one serialNumber",
    )
    NAMES_ANOTHER = (
        "names_another",
        "serialNumber trong chủ thể của chứng thư số không trùng từng byte với From/OrganId",
        "the serialNumber in the certificate's subject is not From/OrganId, byte for byte",
    )


class BindingMismatchError(GatewayError):
    """The signature is good, but not that of the sender whom the document names."""

    code = "verify.binding_mismatch"
    vi = "Chữ ký không ràng buộc được với cơ quan gửi: {reason_vi}."
    en = "The signature is not bound to the sending agency: {reason_en}."
    fix_vi = (
        "Ký bằng chứng thư số của chính cơ quan ghi trong From/OrganId, không viết mã khác đi dù một ký tự."
    )
    fix_en = "Sign with the certificate of the very agency in From/OrganId; its code may not differ by a character."

    def __init__(self, fault: BindingFault) -> None:
        self.fault = fault
        word, vi, en = fault.value
        super().__init__(reason=word, reason_vi=vi, reason_en=en)


class NotACertificateError(GatewayError):
    """The file is said to be a certificate and is none."""

    code = "verify.not_a_certificate"
    vi = "Tệp không phải là chứng thư số X.509 (PEM hoặc DER) đọc được."
    en = "The file is not an X.509 certificate (PEM or DER) that can be read."
    fix_vi = "Đưa tệp chứng thư số cần kiểm tra; các chứng thư trung gian có thể đặt sau nó."
    fix_en = "Give the file of the certificate in question; intermediate certificates may follow it."


class ValidationBrokeError(GatewayError):
    """The software itself failed on the file, so nothing is known about it."""

    code = "verify.broke"
    vi = "Phần mềm gặp lỗi khi kiểm tra tệp này nên chưa kết luận được ({kind})."
    en = "The software failed on this file, so nothing could be decided ({kind})."
    fix_vi = "Báo lỗi cho đơn vị phát triển kèm theo tệp; không coi tệp là hợp lệ."
    fix_en = "Report the defect with the file; do not treat the file as valid."
