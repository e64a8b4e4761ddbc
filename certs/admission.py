"""Which certificates may be relied upon as authorities, before anybody decides on what terms (RFC 5280 §4.2.1.3, §4.2.1.9).

An authority that signed itself can be an anchor; any other only completes paths. Invariant: what is admitted is a certification
authority's, is not past its validity, has a key that signatures below it could be verified with, and was signed with SHA-2.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs.algorithms import describe, is_strong
from certs.errors_authority import (
    AuthorityExpiredError,
    NotAnAuthorityError,
    UnreadableAuthorityError,
    WeakAuthorityError,
)
from certs.revocation_list import is_authority
from certs.trust import is_issued_by
from certs.unreadable import UNREADABLE

_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


class Role(StrEnum):
    """What an authority's certificate is held for."""

    ANCHOR = "anchor"
    """Paths end in it."""

    INTERMEDIATE = "intermediate"
    """Paths may lead through it."""


def read_authority(data: bytes) -> x509.Certificate:
    """Read one certificate, PEM or DER.

    Raises: UnreadableAuthorityError.
    """
    try:
        if b"-----BEGIN" not in data:
            return x509.load_der_x509_certificate(data)
        certificates = x509.load_pem_x509_certificates(data)
    except UNREADABLE as error:
        raise UnreadableAuthorityError(reason=str(error)) from error
    if len(certificates) != 1:
        raise UnreadableAuthorityError(reason=f"{len(certificates)} × CERTIFICATE")
    return certificates[0]


def admit(certificate: x509.Certificate, *, at: datetime) -> Role:
    """Return what an authority's certificate can be held for.

    Raises: UnreadableAuthorityError, NotAnAuthorityError, AuthorityExpiredError, WeakAuthorityError.
    """
    try:
        subject = certificate.subject.rfc4514_string()
        if not (is_authority(certificate) and _may_sign_certificates(certificate)):
            raise NotAnAuthorityError(subject=subject)
        weakness = _weakness(certificate)
        is_root = is_issued_by(certificate, certificate)
    except UNREADABLE as error:
        raise UnreadableAuthorityError(reason=str(error)) from error
    if weakness:
        raise WeakAuthorityError(subject=subject, found=weakness)
    if certificate.not_valid_after_utc < at:
        raise AuthorityExpiredError(subject=subject, since=certificate.not_valid_after_utc.isoformat())
    return Role.ANCHOR if is_root else Role.INTERMEDIATE


def _may_sign_certificates(certificate: x509.Certificate) -> bool:
    """Tell whether KeyUsage allows it; a root made with plain OpenSSL has none, and then nothing is said against it."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _weakness(certificate: x509.Certificate) -> str:
    key, made_with = certificate.public_key(), certificate.signature_hash_algorithm
    if not is_strong(key):
        return describe(key)
    if isinstance(made_with, _HASHES):
        return ""
    return certificate.signature_algorithm_oid.dotted_string if made_with is None else made_with.name
