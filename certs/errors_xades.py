"""What can be wrong with the signed properties of XAdES (ETSI EN 319 132-1); branches of the tree in `certs.errors`.

TrustError
├── PropertiesChangedError        certs.properties_changed            TOTAL_FAILED / HASH_FAILURE
└── SigningCertificateError       certs.signing_certificate           INDETERMINATE / SIG_CONSTRAINTS_FAILURE
"""

from certs.errors import TrustError
from certs.indication import Indication, SubIndication


class PropertiesChangedError(TrustError):
    """A part of the signature, its properties or its KeyInfo, is not what was signed."""

    code = "certs.properties_changed"
    indication = Indication.TOTAL_FAILED
    sub_indication = SubIndication.HASH_FAILURE
    vi = "Phần {part} của chính chữ ký đã bị thay đổi sau khi ký."
    en = "{part}, a part of the signature itself, was changed after signing."
    fix_vi = "Không sửa chữ ký sau khi ký; ký lại văn bản rồi gửi lại."
    fix_en = "Do not edit a signature once it is made; sign the document again and resend."


class SigningCertificateError(TrustError):
    """The signed properties do not name the certificate that the signature is verified with."""

    code = "certs.signing_certificate"
    sub_indication = SubIndication.SIG_CONSTRAINTS_FAILURE
    vi = "SigningCertificate trong thuộc tính đã ký không chỉ đúng chứng thư số của người ký."
    en = "SigningCertificate in the signed properties does not name the certificate of the signer."
    fix_vi = "Ký lại với SigningCertificateV2 (SHA-256 trở lên) của chính chứng thư số dùng để ký."
    fix_en = "Sign again with SigningCertificateV2 (SHA-256 or better) of the very certificate that signs."
