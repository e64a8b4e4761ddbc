"""What is asked of certificates again and again, remembered: agencies sign with few of them.

Invariant: everything here follows from the octets of a certificate alone, so remembering it can never be wrong. What is large is
not remembered, because anybody may send it.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs.errors import MalformedCertificateError, TrustError
from certs.unreadable import UNREADABLE

MOST: Final = 1_000
_LARGE: Final = 1 << 13

_Key = TypeVar("_Key")
_Fact = TypeVar("_Fact")


def load_certificate(der: bytes) -> x509.Certificate:
    """Parse a certificate, its key and its names included.

    Raises: one of `UNREADABLE`.
    """
    return _load(der) if len(der) > _LARGE else _remembered(der)


def _load(der: bytes) -> x509.Certificate:
    certificate = x509.load_der_x509_certificate(der)
    certificate.public_key()
    certificate.subject, certificate.issuer  # noqa: B018  # a name that cannot be decoded raises here
    return certificate


_remembered = lru_cache(maxsize=MOST)(_load)


def load_certificates(ders: Iterable[bytes], *, errors: list[TrustError]) -> tuple[x509.Certificate, ...]:
    """Parse certificates; those that cannot be read are added to `errors`."""
    certificates = []
    for der in ders:
        try:
            certificates.append(load_certificate(der))
        except UNREADABLE:
            errors.append(MalformedCertificateError())
    return tuple(certificates)


def key_of(certificate: x509.Certificate) -> PublicKeyTypes:
    """Return the public key of a certificate that `load_certificate` returned; the library keeps it."""
    return certificate.public_key()


def keep(known: dict[_Key, _Fact], key: _Key, fact: _Fact) -> None:
    """Add to what is remembered, which begins anew when there is too much of it."""
    if len(known) >= MOST:
        known.clear()
    known[key] = fact


def _kept(function: Callable[[x509.Certificate], _Fact]) -> Callable[[x509.Certificate], _Fact]:
    """Keep what a function says of the certificates that it was asked about last.

    They are told apart as objects: to hash one takes the library longer than most that is asked of it.
    """
    known: dict[int, tuple[x509.Certificate, _Fact]] = {}

    @wraps(function)
    def recall(certificate: x509.Certificate) -> _Fact:
        # What is held here lives on, so no other object can have its number.
        found = known.get(id(certificate))
        if found is not None:
            return found[1]
        fact = function(certificate)
        if len(certificate.public_bytes(Encoding.DER)) <= _LARGE:
            keep(known, id(certificate), (certificate, fact))
        return fact

    return recall


@_kept
def name_of(certificate: x509.Certificate) -> str:
    """Return the subject as RFC 4514 writes it."""
    return certificate.subject.rfc4514_string()


@_kept
def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate's DER octets (hex)."""
    return certificate.fingerprint(hashes.SHA256()).hex()


@_kept
def key_fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate's public key, as SubjectPublicKeyInfo in DER (hex)."""
    spki = key_of(certificate).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def names_of(certificate: x509.Certificate) -> tuple[tuple[tuple[str, str | None], ...], ...]:
    """Return the subject as `Signer.subject_names` holds it."""
    return tuple(
        tuple((each.oid.dotted_string, each.value if isinstance(each.value, str) else None) for each in rdn)
        for rdn in certificate.subject.rdns
    )
