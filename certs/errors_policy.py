"""What a policy (`certs.policy`) finds about a sound signature, and what is wrong with a policy itself.

TrustError
├── PolicyFindingError            INDETERMINATE / CRYPTO_CONSTRAINTS_FAILURE or SIG_CONSTRAINTS_FAILURE, if the policy says fail
│   ├── NotInPolicyError              certs.not_in_policy
│   ├── AlgorithmRetiredError         certs.algorithm_retired
│   ├── OldPaddingError               certs.old_padding
│   ├── ClaimedTimeError              certs.claimed_time
│   ├── NoTimestampError              certs.no_timestamp
│   └── RevokedSinceError             certs.revoked_since
├── UnexaminedError               certs.unexamined     INDETERMINATE / TRY_LATER
└── BadPolicyError                certs.bad_policy     raised to the operator, never in a verdict
"""

from certs.errors import TrustError
from certs.indication import SubIndication


class PolicyFindingError(TrustError):
    """Something about a sound signature whose weight is for the policy to say."""

    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE


class NotInPolicyError(PolicyFindingError):
    """An algorithm or a size of key is one that this policy leaves out."""

    code = "certs.not_in_policy"
    sub_indication = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    vi = "Chính sách đang áp dụng không chấp nhận {algorithm}."
    en = "The policy in force does not accept {algorithm}."
    fix_vi = "Ký lại bằng thuật toán hoặc độ dài khóa mà chính sách chấp nhận."
    fix_en = "Sign again with an algorithm or size of key that the policy accepts."


class AlgorithmRetiredError(PolicyFindingError):
    """An algorithm does not count any more for what was signed at that time."""

    code = "certs.algorithm_retired"
    sub_indication = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    vi = "Theo chính sách, {algorithm} không còn được chấp nhận từ {since}."
    en = "According to the policy {algorithm} is not accepted any more from {since} on."
    fix_vi = "Ký lại bằng thuật toán còn được chấp nhận."
    fix_en = "Sign again with an algorithm that is still accepted."


class OldPaddingError(PolicyFindingError):
    """RSA with PKCS #1 v1.5."""

    code = "certs.old_padding"
    sub_indication = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    vi = "Chữ ký dùng RSA PKCS #1 v1.5; Thông tư 15/2025/TT-BKHCN yêu cầu RSASSA-PSS hoặc ECDSA."
    en = "The signature uses RSA PKCS #1 v1.5; Circular 15/2025/TT-BKHCN asks for RSASSA-PSS or ECDSA."
    fix_vi = "Chuyển phần mềm ký sang RSASSA-PSS hoặc ECDSA."
    fix_en = "Set the signing software to RSASSA-PSS or ECDSA."


class ClaimedTimeError(PolicyFindingError):
    """The signing time that the signer states cannot be true."""

    code = "certs.claimed_time"
    vi = "Thời điểm ký do người ký khai ({claimed}) không thể đúng."
    en = "The signing time that the signer states ({claimed}) cannot be true."
    fix_vi = "Chỉnh lại đồng hồ của máy ký; thời điểm này không được dùng làm chứng cứ."
    fix_en = "Set the clock of the signing machine; this time is not used as evidence."


class NoTimestampError(PolicyFindingError):
    """Nobody but the signer says when it was signed."""

    code = "certs.no_timestamp"
    vi = "Chữ ký không có dấu thời gian hợp lệ."
    en = "The signature has no valid timestamp."
    fix_vi = "Gắn dấu thời gian RFC 3161 (XAdES-T) khi ký."
    fix_en = "Add an RFC 3161 timestamp (XAdES-T) when signing."


class RevokedSinceError(PolicyFindingError):
    """A certificate was good when the document was signed and has been revoked since."""

    code = "certs.revoked_since"
    vi = "Chứng thư số {subject} bị thu hồi từ {since}, sau khi văn bản đã được ký."
    en = "The certificate of {subject} was revoked from {since}, after the document had been signed."
    fix_vi = "Không cần làm gì với văn bản này; văn bản ký sau thời điểm đó sẽ bị từ chối."
    fix_en = "Nothing has to be done about this document; those signed after that moment are refused."


class UnexaminedError(TrustError):
    """The digest was not looked at, because the signer was not trusted then."""

    code = "certs.unexamined"
    sub_indication = SubIndication.TRY_LATER
    vi = "Lần kiểm tra trước chưa đối chiếu nội dung, vì khi đó người ký chưa được tin cậy."
    en = "The content was not examined before, because the signer was not trusted then."
    fix_vi = "Kiểm tra lại chính tệp văn bản."
    fix_en = "Verify the document itself once more."


class BadPolicyError(TrustError):
    """A policy file cannot be used."""

    code = "certs.bad_policy"
    vi = "Không dùng được tệp chính sách: {reason}."
    en = "The policy file cannot be used: {reason}."
    fix_vi = "Sửa tệp theo mẫu của lệnh “vanthu policy”; không có gì được kiểm tra theo tệp sai."
    fix_en = (
        "Correct the file after the pattern that `vanthu policy` prints; nothing is judged by a wrong file."
    )
