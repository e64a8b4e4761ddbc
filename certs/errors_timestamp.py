"""What can be wrong with a time stamp (RFC 3161); branches of the tree in `certs.errors`.

TrustError
├── NotATimestampError            certs.not_a_timestamp               TOTAL_FAILED / FORMAT_FAILURE
├── TimestampNotGrantedError      certs.timestamp_not_granted         NO_SIGNATURE_FOUND
├── TimestampShapeError           certs.timestamp_shape               TOTAL_FAILED / FORMAT_FAILURE
├── TimestampImprintError         certs.timestamp_imprint             TOTAL_FAILED / HASH_FAILURE
├── TimestampContentError         certs.timestamp_content             TOTAL_FAILED / HASH_FAILURE
├── TimestampSignatureError       certs.timestamp_signature           TOTAL_FAILED / SIG_CRYPTO_FAILURE
├── TimestampSignerError          certs.timestamp_signer              INDETERMINATE / SIG_CONSTRAINTS_FAILURE
├── TimestampExtensionError       certs.timestamp_extension           INDETERMINATE / SIG_CONSTRAINTS_FAILURE
├── TimestampInFutureError        certs.timestamp_in_future           INDETERMINATE / TIMESTAMP_ORDER_FAILURE
├── TimestampOrderError           certs.timestamp_order               INDETERMINATE / TIMESTAMP_ORDER_FAILURE
├── ImprintNotComparedError       certs.timestamp_not_compared        a remark
├── CertificateError
│   ├── NoTimestampCertificateError   certs.no_timestamp_certificate  INDETERMINATE / NO_SIGNING_CERTIFICATE_FOUND
│   └── TimestampAuthorityError       certs.timestamp_authority       INDETERMINATE / CHAIN_CONSTRAINTS_FAILURE
└── PolicyFindingError
    └── TimestampRefusedError         certs.timestamp_refused         a remark, unless the policy says fail
"""

from certs.errors import CertificateError, TrustError
from certs.errors_policy import PolicyFindingError
from certs.indication import Indication, SubIndication
from certs.rules import CertificateRule
from certs.rules_timestamp import TimestampRule

_FIX_VI = "Xin lại dấu thời gian (RFC 3161, SHA-256 trở lên) từ tổ chức cấp dấu thời gian được tin cậy."
_FIX_EN = (
    "Obtain a new time stamp (RFC 3161, SHA-256 or better) from a time-stamping authority that is trusted."
)


class NotATimestampError(TrustError):
    """The octets are not a time-stamp token or response."""

    code = "certs.not_a_timestamp"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.FORMAT_FAILURE
    vi = "Đây không phải là dấu thời gian RFC 3161 (TimeStampToken hoặc TimeStampResp) đọc được."
    en = "This is not a time stamp of RFC 3161 (TimeStampToken or TimeStampResp) that can be read."
    fix_vi = "Đưa tệp dấu thời gian còn nguyên vẹn (DER, PEM hoặc Base64)."
    fix_en = "Give the complete, unaltered time stamp (DER, PEM or Base64)."


class TimestampNotGrantedError(TrustError):
    """The response of the authority holds no token, because it did not grant one."""

    code = "certs.timestamp_not_granted"
    indication = Indication.NO_SIGNATURE_FOUND
    vi = "Tổ chức cấp dấu thời gian đã từ chối (trạng thái {status}); không có dấu thời gian nào."
    en = "The time-stamping authority did not grant a time stamp (status {status}); there is none."
    fix_vi = "Gửi lại yêu cầu cấp dấu thời gian."
    fix_en = "Ask the authority for a time stamp again."


class TimestampShapeError(TrustError):
    """A rule about the form of a time stamp is broken."""

    code = "certs.timestamp_shape"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.FORMAT_FAILURE
    vi = "Dấu thời gian sai khuôn dạng: {why_vi}."
    en = "The time stamp has a form that is not accepted: {why_en}."
    fix_vi = _FIX_VI
    fix_en = _FIX_EN

    def __init__(self, rule: TimestampRule) -> None:
        self.rule = rule
        super().__init__(rule=rule.value, why_vi=rule.vi, why_en=rule.en)


class TimestampImprintError(TrustError):
    """The time stamp is over something else."""

    code = "certs.timestamp_imprint"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.HASH_FAILURE
    vi = "Dấu thời gian không phải của dữ liệu này (giá trị băm khác nhau)."
    en = "The time stamp is not over this data (the imprint differs)."
    fix_vi = "Đưa đúng tệp đã được cấp dấu thời gian, không sửa gì sau đó."
    fix_en = "Give the very file that was time-stamped, unaltered since."


class TimestampContentError(TrustError):
    """What the authority signed is not what the token says."""

    code = "certs.timestamp_content"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.HASH_FAILURE
    vi = "Nội dung dấu thời gian (TSTInfo) đã bị thay đổi sau khi ký."
    en = "The content of the time stamp (TSTInfo) was changed after signing."
    fix_vi = _FIX_VI
    fix_en = _FIX_EN


class TimestampSignatureError(TrustError):
    """The signature of the time stamp is not that of its authority."""

    code = "certs.timestamp_signature"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.SIG_CRYPTO_FAILURE
    vi = "Chữ ký trên dấu thời gian không khớp với chứng thư số của tổ chức cấp dấu thời gian."
    en = "The signature on the time stamp does not match the certificate of its authority."
    fix_vi = _FIX_VI
    fix_en = _FIX_EN


class TimestampSignerError(TrustError):
    """The signed attributes do not name the certificate that the token is verified with."""

    code = "certs.timestamp_signer"
    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE
    vi = "Thuộc tính signingCertificate của dấu thời gian không chỉ đúng chứng thư số đã ký nó."
    en = "The attribute signingCertificate of the time stamp does not name the certificate that signed it."
    fix_vi = _FIX_VI
    fix_en = _FIX_EN


class TimestampExtensionError(TrustError):
    """The token has a critical extension that nobody here understands."""

    code = "certs.timestamp_extension"
    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE
    vi = "Dấu thời gian có mở rộng quan trọng mà hệ thống không xử lý được: {extension}."
    en = "The time stamp has a critical extension that cannot be processed: {extension}."
    fix_vi = _FIX_VI
    fix_en = _FIX_EN


class TimestampInFutureError(TrustError):
    """The token says a time that is still to come."""

    code = "certs.timestamp_in_future"
    sub_indication = SubIndication.TIMESTAMP_ORDER_FAILURE
    vi = "Dấu thời gian ghi thời điểm {time}, sau thời điểm kiểm tra."
    en = "The time stamp says {time}, which is later than the moment that counts."
    fix_vi = "Kiểm tra đồng hồ của hệ thống và của tổ chức cấp dấu thời gian."
    fix_en = "Check the clocks of this system and of the time-stamping authority."


class TimestampOrderError(TrustError):
    """The signature was time-stamped before its signer had the certificate."""

    code = "certs.timestamp_order"
    sub_indication = SubIndication.TIMESTAMP_ORDER_FAILURE
    vi = "Chữ ký có dấu thời gian {time}, trước khi chứng thư số của người ký có hiệu lực ({since})."
    en = "The signature was time-stamped at {time}, before the signer's certificate became valid ({since})."
    fix_vi = "Ký lại bằng chứng thư số đang có hiệu lực rồi xin dấu thời gian mới."
    fix_en = "Sign again with a certificate that is valid, and then obtain a new time stamp."


class NoTimestampCertificateError(CertificateError):
    """The certificate that the token was signed with is nowhere to be found."""

    code = "certs.no_timestamp_certificate"
    sub_indication = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    vi = "Không có chứng thư số đã ký dấu thời gian, trong dấu thời gian cũng như trong cấu hình."
    en = "The certificate that signed the time stamp is neither in it nor known here."
    fix_vi = "Xin dấu thời gian kèm chứng thư số (certReq), hoặc nạp chứng thư số đó."
    fix_en = "Obtain a time stamp with its certificate (certReq), or install that certificate."


class TimestampAuthorityError(CertificateError):
    """The certificate was not issued for time-stamping."""

    code = "certs.timestamp_authority"
    sub_indication = SubIndication.CHAIN_CONSTRAINTS_FAILURE
    vi = "Chứng thư số {subject} không được dùng để cấp dấu thời gian: {why_vi}."
    en = "The certificate {subject} may not be used for time-stamping: {why_en}."
    fix_vi = _FIX_VI
    fix_en = _FIX_EN

    def __init__(self, rule: CertificateRule | TimestampRule, *, subject: str) -> None:
        self.rule = rule
        super().__init__(rule=rule.value, why_vi=rule.vi, why_en=rule.en, subject=subject)


class TimestampRefusedError(PolicyFindingError):
    """A time stamp of a signature is not valid and proves nothing."""

    code = "certs.timestamp_refused"
    vi = "Một dấu thời gian của chữ ký không được tính ({indication} {sub_indication}): {why_vi}"
    en = "A time stamp of the signature does not count ({indication} {sub_indication}): {why_en}"
    fix_vi = _FIX_VI
    fix_en = _FIX_EN

    def __init__(self, why: TrustError) -> None:
        self.why = why
        super().__init__(
            why=why.code,
            indication=why.indication.value,
            sub_indication=why.sub_indication.value if why.sub_indication else "-",
            why_vi=why.vi.format(**why.facts),
            why_en=why.en.format(**why.facts),
        )


class ImprintNotComparedError(TrustError):
    """Without the data nobody can say whether the time stamp is over it; only ever a remark."""

    code = "certs.timestamp_not_compared"
    sub_indication = SubIndication.SIGNED_DATA_NOT_FOUND
    vi = "Chưa đối chiếu dấu thời gian với dữ liệu vì không có dữ liệu; chỉ kiểm tra bản thân dấu thời gian."
    en = "The time stamp was not held against any data, because none was given; it was judged by itself."
    fix_vi = "Thêm --data TỆP để đối chiếu với tệp đã được cấp dấu thời gian."
    fix_en = "Add --data FILE to hold it against the file that was time-stamped."
