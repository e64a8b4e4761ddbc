"""Trust: the certification authorities that are relied upon at one moment, and what they revoked, as an immutable value.

Anchors are self-signed certificates that an operator has installed. Subordinate authorities in the same bundles
are only building blocks for paths (RFC 5280 §6.1); being in a bundle does not make them anchors.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import Store

from certs.errors import BadTrustBundleError
from certs.known_paths import KnownPaths
from certs.revocation import Revocation, RevocationList
from certs.revocation_list import is_authority


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether a certificate bears the issuer's name and its signature; nothing else is checked."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Anchors, intermediates and revocation lists, and how much must be known of revocation.

    `version` is a SHA-256 (hex) that changes whenever any of them does.
    """

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    lists: tuple[RevocationList, ...] = ()
    revocation: Revocation = Revocation.SOFT
    version: str = field(init=False, compare=False)
    paths: KnownPaths = field(init=False, repr=False, compare=False)
    """What was found before under this very trust, so that it need not be searched again."""
    _store: Store | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the version, and the form in which the path builder wants the anchors."""
        object.__setattr__(self, "version", _version(self))
        object.__setattr__(self, "paths", KnownPaths())
        # A Store must not be empty.
        object.__setattr__(self, "_store", Store(list(self.anchors)) if self.anchors else None)

    @property
    def store(self) -> Store:
        """Return the anchors as the path builder wants them; only for a Trust that has anchors."""
        if self._store is None:
            raise BadTrustBundleError(reason="no anchors")
        return self._store

    @classmethod
    def from_pem(
        cls, *pems: bytes, lists: Iterable[bytes] = (), revocation: Revocation = Revocation.SOFT
    ) -> Self:
        """Read PEM bundles: self-signed authorities become anchors, all others intermediates.

        `lists` are revocation lists, each in DER, or one or more in PEM; their signers must be in the bundles.

        Raises: BadTrustBundleError when a bundle is not PEM or holds a certificate that is not an authority's;
            BadRevocationListError, which is one of these, when a list cannot be used.
        """
        certificates = {certificate: None for pem in pems for certificate in _read(pem)}
        anchors = tuple(certificate for certificate in certificates if is_issued_by(certificate, certificate))
        verified = (each for data in lists for each in RevocationList.read(data, issuers=certificates))
        return cls(
            anchors=anchors,
            intermediates=tuple(certificate for certificate in certificates if certificate not in anchors),
            lists=tuple(dict.fromkeys(verified)),
            revocation=revocation,
        )


def _read(pem: bytes) -> list[x509.Certificate]:
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        strangers = [certificate for certificate in certificates if not is_authority(certificate)]
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise BadTrustBundleError(reason=str(error)) from error
    if strangers:
        raise BadTrustBundleError(reason="not an authority: " + strangers[0].subject.rfc4514_string())
    return certificates


def _version(trust: Trust) -> str:
    digest = hashlib.sha256(trust.revocation.encode())
    for role in (trust.anchors, trust.intermediates):
        # The count keeps a certificate that moves from one role to the other from going unnoticed.
        digest.update(len(role).to_bytes(4))
        for der in sorted(certificate.public_bytes(Encoding.DER) for certificate in role):
            digest.update(hashlib.sha256(der).digest())
    for sha256 in sorted(each.sha256 for each in trust.lists):
        digest.update(bytes.fromhex(sha256))
    return digest.hexdigest()
