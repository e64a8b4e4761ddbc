"""What revocation adds to `certs.errors`, drawn there in the tree.

TrustError
├── CertificateError
│   ├── RevokedError                  INDETERMINATE
│   │   ├── CertificateRevokedError       certs.certificate_revoked
│   │   └── AuthorityRevokedError         certs.authority_revoked
│   └── RevocationUnknownError        certs.revocation_unknown        (retry)
└── BadTrustBundleError
    ├── BadRevocationListError        certs.bad_revocation_list   raised to the operator, never in a verdict
    └── BadOcspAnswerError            certs.bad_ocsp_answer       the same

An unknown revocation is worth another try: a list may come. A revoked certificate does not get better.
"""

from datetime import datetime

from certs.errors import BadTrustBundleError, CertificateError
from certs.indication import SubIndication
from certs.rules import RevocationGap, RevocationReason


class RevokedError(CertificateError):
    """A certificate of the path was revoked before the time that counts."""

    def __init__(self, reason: RevocationReason, *, subject: str, since: datetime) -> None:
        self.reason = reason
        super().__init__(
            reason=reason.value,
            why_vi=reason.vi,
            why_en=reason.en,
            subject=subject,
            since=since.isoformat(),
        )


class CertificateRevokedError(RevokedError):
    """The signing certificate was revoked; nothing proves that the signature is older."""

    code = "certs.certificate_revoked"
    sub_indication = SubIndication.REVOKED_NO_POE
    vi = "Chứng thư số {subject} đã bị thu hồi từ {since} (lý do: {why_vi})."
    en = "The certificate {subject} was revoked on {since} (reason: {why_en})."
    fix_vi = "Ký lại bằng chứng thư số chưa bị thu hồi; nếu thu hồi nhầm, liên hệ tổ chức chứng thực đã cấp."
    fix_en = "Sign again with a certificate that is not revoked; its issuer can tell why this one was."


class AuthorityRevokedError(RevokedError):
    """A certification authority between the signer and the anchor was revoked."""

    code = "certs.authority_revoked"
    sub_indication = SubIndication.REVOKED_CA_NO_POE
    vi = "Chứng thư số của tổ chức chứng thực {subject} đã bị thu hồi từ {since} (lý do: {why_vi})."
    en = "The certification authority's certificate {subject} was revoked on {since} (reason: {why_en})."
    fix_vi = "Ký lại bằng chứng thư số do tổ chức chứng thực chưa bị thu hồi cấp."
    fix_en = "Sign again with a certificate from a certification authority that is not revoked."


class RevocationUnknownError(CertificateError):
    """Whether a certificate of the path was revoked must be known, and is not."""

    code = "certs.revocation_unknown"
    retry = True
    sub_indication = SubIndication.TRY_LATER
    vi = "Chưa biết chứng thư số {subject} có bị thu hồi hay không: {why_vi}."
    en = "Whether the certificate {subject} was revoked is not known yet: {why_en}."
    fix_vi = "Đơn vị vận hành cần nạp danh sách thu hồi (CRL) hoặc câu trả lời OCSP mới; bên gửi chỉ cần gửi lại sau."
    fix_en = "The operator has to install a current revocation list (CRL) or OCSP answer; the sender only has to try again later."

    def __init__(self, gap: RevocationGap, *, subject: str) -> None:
        self.gap = gap
        super().__init__(gap=gap.value, why_vi=gap.vi, why_en=gap.en, subject=subject)


class BadRevocationListError(BadTrustBundleError):
    """A revocation list cannot be used."""

    code = "certs.bad_revocation_list"
    vi = "Danh sách chứng thư số bị thu hồi (CRL) không dùng được: {reason}."
    en = "The revocation list (CRL) cannot be used: {reason}."
    fix_vi = "Nạp CRL đầy đủ, còn nguyên vẹn, cùng chứng thư số của tổ chức chứng thực đã ký CRL đó."
    fix_en = "Install a complete, unaltered CRL beside the certificate of the authority that signed it."


class BadOcspAnswerError(BadTrustBundleError):
    """An answer of an OCSP responder cannot be used."""

    code = "certs.bad_ocsp_answer"
    vi = "Câu trả lời OCSP không dùng được: {reason}."
    en = "The OCSP answer cannot be used: {reason}."
    fix_vi = "Lấy lại câu trả lời từ máy chủ OCSP của chính tổ chức đã cấp chứng thư số."
    fix_en = "Get the answer again from the OCSP responder of the very authority that issued the certificate."
