"""Everything that can be wrong with a signature, a certificate or a trust bundle.

    TrustError
    ├── NoSignatureError              certs.no_signature              NO_SIGNATURE_FOUND
    ├── LegacySignatureError          certs.legacy_signature          NO_SIGNATURE_FOUND
    ├── SignatureFormatError          TOTAL_FAILED / FORMAT_FAILURE
    │   ├── SignatureShapeError           certs.signature_shape
    │   ├── SeveralSignaturesError        certs.several_signatures
    │   ├── SignatureMisplacedError       certs.signature_misplaced
    │   └── CanonicalizationFailedError   certs.canonicalization_failed
    ├── NotCoveredError               certs.not_covered               TOTAL_FAILED
    ├── DigestMismatchError           certs.digest_mismatch           TOTAL_FAILED
    ├── SignatureWrongError           certs.signature_wrong           TOTAL_FAILED
    ├── TransformForbiddenError       certs.transform_forbidden       INDETERMINATE
    ├── AlgorithmForbiddenError       certs.algorithm_forbidden       INDETERMINATE
    ├── KeyTooWeakError               certs.key_too_weak              INDETERMINATE
    ├── CertificateError              INDETERMINATE
    │   ├── NoCertificateError            certs.no_certificate
    │   ├── MalformedCertificateError     certs.malformed_certificate
    │   ├── UntrustedCertificateError     certs.untrusted_certificate
    │   ├── NoTrustAnchorsError           certs.no_trust_anchors          (retry)
    │   ├── CertificateExpiredError       certs.certificate_expired
    │   ├── CertificateNotYetValidError   certs.certificate_not_yet_valid
    │   ├── KeyUsageError                 certs.key_usage
    │   └── …                             `certs.errors_revocation`; above: `errors_xades`, `errors_timestamp`
    └── BadTrustBundleError           certs.bad_trust_bundle   raised to the operator, never in a verdict

`indication` and `sub_indication` say what a verdict becomes when the error is the first one found.
`retry` is true only where the same document may pass later without anybody changing it.
"""

from functools import cached_property
from typing import ClassVar

from certs.indication import Indication, SubIndication
from certs.rules import CertificateRule, ShapeRule

MAX_FACT = 80


class TrustError(Exception):
    """The root of the tree; `facts` fill the message templates and are short and printable."""

    code: ClassVar[str] = "certs"
    retry: ClassVar[bool] = False
    indication: ClassVar[Indication] = Indication.INDETERMINATE
    sub_indication: ClassVar[SubIndication | None] = None
    vi: ClassVar[str] = "Không xác định được chữ ký số có hợp lệ hay không."
    en: ClassVar[str] = "The signature could not be validated."
    fix_vi: ClassVar[str] = "Liên hệ đơn vị vận hành hệ thống."
    fix_en: ClassVar[str] = "Contact the operator of the system."

    def __init__(self, *, xpath: str | None = None, line: int | None = None, **facts: object) -> None:
        self.xpath, self.line, self._given = xpath, line, facts
        super().__init__()

    @cached_property
    def facts(self) -> dict[str, object]:
        """What fills the templates; made when it is read, because most findings of a good signature never are."""
        return {name: _printable(value) for name, value in self._given.items()}

    def __str__(self) -> str:
        """Return the English text."""
        return self.en.format(**self.facts)


def _printable(value: object) -> object:
    """Return numbers as they are, and anything else as one short line without control characters."""
    if isinstance(value, int):
        return value
    text = str(value)[: MAX_FACT + 1]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else "?" for each in text)
    return text if len(text) <= MAX_FACT else text[: MAX_FACT - 1] + "…"


class NoSignatureError(TrustError):
    """The document has no signature."""

    code = "certs.no_signature"
    indication = Indication.NO_SIGNATURE_FOUND
    vi = "Văn bản không có chữ ký số ở phần đầu (edXMLHeader)."
    en = "The document has no digital signature in its header (edXMLHeader)."
    fix_vi = "Ký số toàn bộ văn bản bằng XML-DSig (phần tử ds:Signature trong edXMLHeader) rồi gửi lại."
    fix_en = "Sign the whole document with XML-DSig (element ds:Signature in edXMLHeader) and send it again."


class LegacySignatureError(TrustError):
    """The document has only the placeholder that the first generation of senders writes."""

    code = "certs.legacy_signature"
    indication = Indication.NO_SIGNATURE_FOUND
    vi = "Phần tử Signature trong văn bản chỉ là phần giữ chỗ kiểu cũ, không phải chữ ký số kiểm tra được."
    en = "The Signature element is an old-style placeholder, not a signature that can be verified."
    fix_vi = "Ký thật bằng XML-DSig (không gian tên http://www.w3.org/2000/09/xmldsig#) rồi gửi lại."
    fix_en = "Make a real XML-DSig signature (namespace http://www.w3.org/2000/09/xmldsig#) and resend."


class SignatureFormatError(TrustError):
    """The signature is not in the form that this profile accepts."""

    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.FORMAT_FAILURE
    fix_vi = "Ký lại đúng khuôn dạng (một chữ ký trong edXMLHeader bao trùm toàn văn bản) rồi gửi lại."
    fix_en = "Sign again in the accepted form (one signature in edXMLHeader, over everything) and resend."


class SignatureShapeError(SignatureFormatError):
    """A rule about the XML of the signature is broken."""

    code = "certs.signature_shape"
    vi = "Chữ ký số sai khuôn dạng: {why_vi}."
    en = "The signature has a form that is not accepted: {why_en}."

    def __init__(self, rule: ShapeRule, *, line: int | None = None, found: str = "") -> None:
        self.rule = rule
        super().__init__(line=line, rule=rule.value, why_vi=rule.vi, why_en=rule.en, found=found)


class SeveralSignaturesError(SignatureFormatError):
    """More than one element is named Signature."""

    code = "certs.several_signatures"
    vi = "Văn bản có {count} phần tử Signature; chỉ được có một."
    en = "The document has {count} elements named Signature; only one is allowed."


class SignatureMisplacedError(SignatureFormatError):
    """The signature is not where the standard puts it."""

    code = "certs.signature_misplaced"
    vi = "Chữ ký số nằm sai vị trí ({found}); vị trí đúng là {expected}."
    en = "The signature is in the wrong place ({found}); its place is {expected}."


class CanonicalizationFailedError(SignatureFormatError):
    """The document has no canonical form, or one that is out of proportion."""

    code = "certs.canonicalization_failed"
    vi = "Không chuẩn hóa được văn bản để kiểm tra chữ ký: {reason}."
    en = "The document could not be canonicalised to check its signature: {reason}."
    fix_vi = "Bỏ các khai báo không gian tên tương đối hoặc lặp lại bất thường, ký lại rồi gửi lại."
    fix_en = "Remove relative or excessive namespace declarations, sign again and resend."


class NotCoveredError(TrustError):
    """The signature is not over the whole document."""

    code = "certs.not_covered"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.SIGNED_DATA_NOT_FOUND
    vi = "Chữ ký số không bao trùm toàn bộ văn bản và tệp đính kèm (tham chiếu: {reference})."
    en = "The signature does not cover the whole document with its attachments (it refers to: {reference})."
    fix_vi = 'Ký toàn bộ văn bản (Reference URI="") rồi gửi lại.'
    fix_en = 'Sign the whole document (Reference URI="") and send it again.'


class DigestMismatchError(TrustError):
    """The document is not the one that was signed."""

    code = "certs.digest_mismatch"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.HASH_FAILURE
    vi = "Nội dung văn bản (kể cả thông tin đầu văn bản và tệp đính kèm) đã bị thay đổi sau khi ký."
    en = "The document (its header and attachments included) was changed after signing."
    fix_vi = "Không sửa, định dạng lại hay bổ sung văn bản sau khi ký; ký lại bản cuối cùng rồi gửi lại."
    fix_en = "Do not edit, reformat or extend a document after signing; sign its final form and resend."


class SignatureWrongError(TrustError):
    """No certificate of the document has the key that made the signature."""

    code = "certs.signature_wrong"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.SIG_CRYPTO_FAILURE
    vi = "Giá trị chữ ký số không khớp với chứng thư số kèm theo."
    en = "The signature value does not match the certificate that came with it."
    fix_vi = "Kiểm tra khóa bí mật và chứng thư số có đúng một cặp hay không, ký lại rồi gửi lại."
    fix_en = "Check that the private key and the certificate belong together, sign again and resend."


class TransformForbiddenError(TrustError):
    """A transform could make the signed content differ from what is read."""

    code = "certs.transform_forbidden"
    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE
    vi = "Chữ ký dùng phép biến đổi không được phép: {found}."
    en = "The signature uses transforms that are not allowed: {found}."
    fix_vi = "Ký lại, chỉ dùng enveloped-signature rồi đến một phép chuẩn hóa (C14N) không kèm chú thích."
    fix_en = "Use only enveloped-signature followed by one canonicalisation without comments; sign again."


class AlgorithmForbiddenError(TrustError):
    """An algorithm is not on the allow-list."""

    code = "certs.algorithm_forbidden"
    sub_indication = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    vi = "Thuật toán không được phép: {algorithm}."
    en = "The algorithm is not allowed: {algorithm}."
    fix_vi = "Ký lại bằng RSASSA-PSS, RSA hoặc ECDSA với SHA-256, SHA-384 hoặc SHA-512."
    fix_en = "Sign again with RSASSA-PSS, RSA or ECDSA and SHA-256, SHA-384 or SHA-512."


class KeyTooWeakError(TrustError):
    """The key is of a size or on a curve that is not accepted."""

    code = "certs.key_too_weak"
    sub_indication = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    vi = "Khóa {key} không đạt yêu cầu (RSA từ 2048 đến 8192 bit; ECDSA trên P-256, P-384 hoặc P-521)."
    en = "The key {key} is not accepted (RSA of 2048 to 8192 bits; ECDSA on P-256, P-384 or P-521)."
    fix_vi = "Ký lại bằng chứng thư số có khóa đạt yêu cầu."
    fix_en = "Sign again with a certificate whose key is accepted."


class CertificateError(TrustError):
    """The signing certificate is missing, broken or not to be relied upon."""

    fix_vi = "Ký lại bằng chứng thư số còn hiệu lực do tổ chức chứng thực được tin cậy cấp."
    fix_en = "Sign again with a valid certificate from a certification authority that is trusted here."


class NoCertificateError(CertificateError):
    """KeyInfo holds no certificate."""

    code = "certs.no_certificate"
    sub_indication = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    vi = "Chữ ký số không kèm chứng thư số (X509Certificate)."
    en = "The signature comes without a certificate (X509Certificate)."


class MalformedCertificateError(CertificateError):
    """A certificate cannot be read."""

    code = "certs.malformed_certificate"
    sub_indication = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    vi = "Không đọc được chứng thư số kèm theo chữ ký."
    en = "A certificate that came with the signature cannot be read."


class UntrustedCertificateError(CertificateError):
    """No path leads from the certificate to a trust anchor."""

    code = "certs.untrusted_certificate"
    sub_indication = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    vi = "Chứng thư số {subject} không do tổ chức chứng thực được tin cậy cấp."
    en = "The certificate {subject} was not issued under a trusted certification authority."


class NoTrustAnchorsError(CertificateError):
    """No certification authority is configured, so nothing can be decided."""

    code = "certs.no_trust_anchors"
    retry = True
    sub_indication = SubIndication.TRY_LATER
    vi = "Hệ thống chưa được cấu hình tổ chức chứng thực gốc nào nên chưa kết luận được về chữ ký số."
    en = "No trust anchor is configured, so nothing can be said about the signature yet."
    fix_vi = "Đơn vị vận hành cần nạp chứng thư số gốc; bên gửi không phải làm gì."
    fix_en = "The operator has to install trust anchors; the sender need not do anything."


class CertificateExpiredError(CertificateError):
    """A certificate of the path is past its validity."""

    code = "certs.certificate_expired"
    sub_indication = SubIndication.OUT_OF_BOUNDS_NO_POE
    vi = "Chứng thư số {subject} đã hết hạn từ {since}."
    en = "The certificate {subject} expired on {since}."


class CertificateNotYetValidError(CertificateError):
    """A certificate of the path is not valid yet; waiting would not make the signature older."""

    code = "certs.certificate_not_yet_valid"
    sub_indication = SubIndication.NOT_YET_VALID
    vi = "Chứng thư số {subject} chỉ có hiệu lực từ {since}."
    en = "The certificate {subject} is valid only from {since}."


class KeyUsageError(CertificateError):
    """The certificate was not issued for signing documents."""

    code = "certs.key_usage"
    sub_indication = SubIndication.CHAIN_CONSTRAINTS_FAILURE
    vi = "Chứng thư số {subject} không được dùng để ký văn bản: {why_vi}."
    en = "The certificate {subject} may not be used to sign documents: {why_en}."

    def __init__(self, rule: CertificateRule, *, subject: str) -> None:
        self.rule = rule
        super().__init__(rule=rule.value, why_vi=rule.vi, why_en=rule.en, subject=subject)


class BadTrustBundleError(TrustError):
    """A bundle of trust anchors cannot be used."""

    code = "certs.bad_trust_bundle"
    vi = "Tệp chứng thư số gốc không dùng được: {reason}."
    en = "The bundle of trust anchors cannot be used: {reason}."
    fix_vi = "Nạp tệp PEM chỉ gồm chứng thư số của tổ chức chứng thực."
    fix_en = "Install a PEM file that holds only certificates of certification authorities."
