"""Why a certificate may not be relied upon as an authority's, drawn beside `certs.errors`.

TrustError
└── InadmissibleError             raised to the administrator, never in a verdict
    ├── UnreadableAuthorityError      certs.authority_unreadable
    ├── NotAnAuthorityError           certs.not_an_authority
    ├── AuthorityExpiredError         certs.authority_expired
    └── WeakAuthorityError            certs.authority_weak
"""

from certs.errors import TrustError


class InadmissibleError(TrustError):
    """A certificate that is not taken into the trust store."""


class UnreadableAuthorityError(InadmissibleError):
    """What should be exactly one certificate is not."""

    code = "certs.authority_unreadable"
    vi = "Không đọc được đúng một chứng thư số: {reason}."
    en = "This is not exactly one certificate that can be read: {reason}."
    fix_vi = "Nạp mỗi lần một chứng thư số dạng PEM (hoặc DER)."
    fix_en = "Add one certificate at a time, as PEM (or DER)."


class NotAnAuthorityError(InadmissibleError):
    """The certificate is not one of a certification authority."""

    code = "certs.not_an_authority"
    vi = "Chứng thư số {subject} không phải của tổ chức chứng thực (basicConstraints, keyCertSign)."
    en = "The certificate {subject} is not a certification authority's (basicConstraints, keyCertSign)."
    fix_vi = "Nạp chứng thư của tổ chức chứng thực; chứng thư của cơ quan thì dùng vanthu cert register."
    fix_en = "Add a certification authority's certificate; an agency's own goes to vanthu cert register."


class AuthorityExpiredError(InadmissibleError):
    """The certificate is past its validity."""

    code = "certs.authority_expired"
    vi = "Chứng thư số {subject} đã hết hạn từ {since}."
    en = "The certificate {subject} expired on {since}."
    fix_vi = "Nạp chứng thư còn hiệu lực của tổ chức chứng thực đó."
    fix_en = "Add the authority's certificate that is valid now."


class WeakAuthorityError(InadmissibleError):
    """The certificate's key, or the signature on it, is too weak to rely upon."""

    code = "certs.authority_weak"
    vi = "Chứng thư số {subject} quá yếu để tin cậy: {found}."
    en = "The certificate {subject} is too weak to be relied upon: {found}."
    fix_vi = "Cần khóa RSA từ 2048 đến 8192 bit hoặc ECDSA P-256/P-384/P-521, ký bằng SHA-2."
    fix_en = "Needed are RSA of 2048 to 8192 bits or ECDSA on P-256, P-384 or P-521, signed with SHA-2."
