"""What is worth telling the sender of a well-signed document about its certificate; warnings that decide nothing.

TrustError
└── RenewalRemarkError
    ├── CertificateEndsError      certs.certificate_ends_soon
    └── OldCertificateError       certs.old_certificate
"""

from typing import ClassVar

from certs.errors import TrustError


class RenewalRemarkError(TrustError):
    """A certificate that still counts today, but should be followed by another one."""

    level: ClassVar[str] = "warning"


class CertificateEndsError(RenewalRemarkError):
    """The certificate, or its registration, ends soon; facts: agency, certificate, ends, days."""

    code = "certs.certificate_ends_soon"
    vi = "Chứng thư số đang dùng của cơ quan {agency} hết hiệu lực lúc {ends}, còn {days} ngày."
    en = "The certificate that agency {agency} signs with ends at {ends}, in {days} days."
    fix_vi = "Xin cấp chứng thư số mới và đề nghị đăng ký trước khi chứng thư này hết hiệu lực."
    fix_en = "Obtain a new certificate and have it registered before this one ends."


class OldCertificateError(RenewalRemarkError):
    """A newer certificate of the agency is registered and in force; facts: agency, certificate, newer."""

    code = "certs.old_certificate"
    vi = "Cơ quan {agency} vẫn ký bằng chứng thư số cũ ({certificate}) dù chứng thư mới ({newer}) đã được đăng ký."
    en = "Agency {agency} still signs with its old certificate ({certificate}) although a new one ({newer}) is registered."
    fix_vi = "Chuyển sang ký bằng chứng thư số mới."
    fix_en = "Sign with the new certificate from now on."
