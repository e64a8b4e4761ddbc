"""What can be wrong with a PDF and the signatures in it (ISO 32000-2 §12.8, ETSI EN 319 142-1); branches of `certs.errors`.

TrustError
├── PdfUnsignedError              certs.pdf_unsigned              NO_SIGNATURE_FOUND
├── PdfUnreadableError            certs.pdf_unreadable            TOTAL_FAILED / FORMAT_FAILURE
├── PdfSignatureShapeError        certs.pdf_signature_shape       TOTAL_FAILED / FORMAT_FAILURE
├── PdfDigestMismatchError        certs.pdf_digest_mismatch       TOTAL_FAILED / HASH_FAILURE
├── PdfByteRangeError             certs.pdf_byte_range            INDETERMINATE / FORMAT_FAILURE
├── PdfModifiedError              certs.pdf_modified              INDETERMINATE / SIG_CONSTRAINTS_FAILURE
├── PdfEncryptedError             certs.pdf_encrypted             INDETERMINATE / SIG_CONSTRAINTS_FAILURE
└── PdfUndecidedError             certs.pdf_undecided             INDETERMINATE / TRY_LATER   (retry)
"""

from certs.errors import TrustError
from certs.indication import Indication, SubIndication
from certs.pdf_rules import Obstacle, PdfChange, PdfShapeRule


class PdfUnsignedError(TrustError):
    """The PDF holds no signature."""

    code = "certs.pdf_unsigned"
    indication = Indication.NO_SIGNATURE_FOUND
    vi = "Tệp PDF không có chữ ký số."
    en = "The PDF has no digital signature."
    fix_vi = "Ký số tệp PDF (PAdES) rồi gửi lại."
    fix_en = "Sign the PDF (PAdES) and send it again."


class PdfUnreadableError(TrustError):
    """The file is no PDF, or one so damaged that nothing in it can be found."""

    code = "certs.pdf_unreadable"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.FORMAT_FAILURE
    vi = "Không đọc được tệp PDF: {reason}."
    en = "The PDF cannot be read: {reason}."
    fix_vi = "Tạo lại tệp PDF từ văn bản gốc, ký số rồi gửi lại."
    fix_en = "Make the PDF anew from its source, sign it and send it again."


class PdfSignatureShapeError(TrustError):
    """A signature does not have the form that this profile accepts."""

    code = "certs.pdf_signature_shape"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.FORMAT_FAILURE
    vi = "Chữ ký “{field}” trong PDF sai khuôn dạng: {why_vi}."
    en = "The signature “{field}” in the PDF has a form that is not accepted: {why_en}."
    fix_vi = "Ký lại bằng phần mềm tạo chữ ký PAdES (CMS tách rời, một người ký) rồi gửi lại."
    fix_en = "Sign again with software that makes PAdES signatures (detached CMS, one signer) and resend."

    def __init__(self, rule: PdfShapeRule, *, field: str) -> None:
        self.rule = rule
        super().__init__(rule=rule.value, why_vi=rule.vi, why_en=rule.en, field=field)


class PdfDigestMismatchError(TrustError):
    """The octets that a signature is over are not those that were signed."""

    code = "certs.pdf_digest_mismatch"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.HASH_FAILURE
    vi = "Nội dung tệp PDF đã bị thay đổi sau khi ký “{field}”."
    en = "The content of the PDF was changed after the signature “{field}” was made."
    fix_vi = "Không sửa tệp PDF sau khi ký; ký lại bản cuối cùng rồi gửi lại."
    fix_en = "Do not edit a PDF after signing; sign its final form and send it again."


class PdfByteRangeError(TrustError):
    """A signature is not over everything but its own value."""

    code = "certs.pdf_byte_range"
    sub_indication = SubIndication.FORMAT_FAILURE
    vi = "ByteRange của chữ ký “{field}” không phủ đúng toàn bộ tệp trừ giá trị chữ ký."
    en = "The ByteRange of the signature “{field}” is not exactly everything but the signature's value."
    fix_vi = "Ký lại toàn bộ tệp PDF rồi gửi lại."
    fix_en = "Sign the whole PDF again and send it again."


class PdfModifiedError(TrustError):
    """Something followed a signature that is not just another signature or what keeps signatures verifiable."""

    code = "certs.pdf_modified"
    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE
    vi = "Tệp PDF có thay đổi sau chữ ký “{field}”: {why_vi}."
    en = "The PDF was added to after the signature “{field}”: {why_en}."
    fix_vi = "Gửi đúng tệp như lúc ký; mọi thay đổi phải có trước chữ ký đầu tiên."
    fix_en = "Send the file as it was signed; all changes have to be made before the first signature."

    def __init__(self, change: PdfChange, *, field: str) -> None:
        self.change = change
        super().__init__(change=change.value, why_vi=change.vi, why_en=change.en, field=field)


class PdfEncryptedError(TrustError):
    """The PDF opens only with a password."""

    code = "certs.pdf_encrypted"
    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE
    vi = "Tệp PDF bị khóa bằng mật khẩu nên không kiểm tra được chữ ký số."
    en = "The PDF is locked with a password, so its signatures cannot be verified."
    fix_vi = "Gửi bản PDF không đặt mật khẩu, ký số sau khi bỏ mật khẩu."
    fix_en = "Send a PDF without a password, signed after the password was taken off."


class PdfUndecidedError(TrustError):
    """The software did not get to the end of the file, so nothing is known about it."""

    code = "certs.pdf_undecided"
    retry = True
    sub_indication = SubIndication.TRY_LATER
    vi = "Chưa kiểm tra được tệp PDF: {why_vi}."
    en = "The PDF could not be examined: {why_en}."
    fix_vi = "Không coi tệp là hợp lệ; thử lại, và nếu vẫn vậy thì tạo lại tệp PDF từ văn bản gốc."
    fix_en = "Do not treat the file as valid; try again and, if that does not help, make the PDF anew from its source."

    def __init__(self, obstacle: Obstacle) -> None:
        self.obstacle = obstacle
        super().__init__(obstacle=obstacle.value, why_vi=obstacle.vi, why_en=obstacle.en)
