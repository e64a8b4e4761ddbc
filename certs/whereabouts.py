"""Where an authority says that its revocation lists and its OCSP responders are (RFC 5280 §4.2.1.13, §4.2.2.1).

Nothing here calls anybody. Invariant: what cannot be read is nowhere.
"""

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from certs.unreadable import UNREADABLE


def list_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the addresses at which a list of the certificate's own issuer should be, each once."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return ()
    names = (name for point in points if point.crl_issuer is None for name in point.full_name or ())
    return _addresses(names)


def responder_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the addresses of the OCSP responders that answer for a certificate."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return ()
    ocsp_method = AuthorityInformationAccessOID.OCSP
    return _addresses(each.access_location for each in access if each.access_method == ocsp_method)


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Return the question to a responder, in DER; it names by SHA-1, which every responder knows (RFC 5019 §2.1.1)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303 - a name
    return builder.build().public_bytes(Encoding.DER)


def _addresses(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    found = (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
    return tuple(dict.fromkeys(each for each in found if each.startswith(("http://", "https://"))))
