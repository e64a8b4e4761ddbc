"""Certification authorities: what identifies one, what it issued, and how what it signs must be signed.

Invariant: an authority is its name *and* its key, so that of two authorities with one name neither speaks for the other.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import SignatureAlgorithmOID

from certs.certificate import name_of

_ALGORITHMS: Final = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
        SignatureAlgorithmOID.RSASSA_PSS,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def is_allowed(oid: x509.ObjectIdentifier, hash_of: Callable[[], hashes.HashAlgorithm | None]) -> bool:
    """Tell whether something may be signed with an algorithm; `hash_of` asks the library for its hash."""
    try:
        return oid in _ALGORITHMS and isinstance(hash_of(), _HASHES)
    except (ValueError, UnsupportedAlgorithm):
        return False


@lru_cache(maxsize=256)
def authority_of(certificate: x509.Certificate) -> str:
    """Return what identifies an authority: a SHA-256 (hex) over its name and key, the same for all its certificates."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = name_of(certificate).encode()  # the same however its strings are encoded
    return hashlib.sha256(len(name).to_bytes(4) + name + key).hexdigest()


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says that it belongs to a certification authority."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether a certificate bears the issuer's name and its signature; nothing else is checked."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def key_usage_of(certificate: x509.Certificate) -> x509.KeyUsage | None:
    """Return what a certificate says its key may be used for, if it says so."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
