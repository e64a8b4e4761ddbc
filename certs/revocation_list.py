"""Revocation lists (CRLs): read, verified against their issuer and indexed, once, when they are taken in (RFC 5280 §5).

Only complete lists, signed by the very authority whose certificates they are about, are taken. Invariants:

- there is no unverified `RevocationList`: the certificate of its signer was held when it was read;
- it is bound to the authority's name *and* key, so that of two authorities with one name neither speaks for the other;
- what it holds is what its issuer meant: an extension that must be understood and is not makes it unusable (§5.2).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID, SignatureAlgorithmOID

from certs.algorithms import describe, is_strong
from certs.errors_revocation import BadRevocationListError
from certs.rules import RevocationReason
from certs.unreadable import UNREADABLE

_PEM: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_LONG_SEQUENCE: Final = re.compile(rb"\x30[\x80-\x84]")
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
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    }
)
_ENTRY_UNDERSTOOD: Final = frozenset({CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Since when a certificate is revoked, and why."""

    since: datetime
    reason: RevocationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which certificates of its issuer a list is complete for; the default is all of them."""

    users_only: bool = False
    authorities_only: bool = False
    points: frozenset[x509.GeneralName] | None = None

    def covers(self, certificate: x509.Certificate) -> bool:
        """Tell whether the list would hold the certificate if it were revoked: not if nobody can read what it says."""
        try:
            return self._covers(certificate)
        except UNREADABLE:
            return False

    def _covers(self, certificate: x509.Certificate) -> bool:
        if self.users_only and is_authority(certificate):
            return False
        if self.authorities_only and not is_authority(certificate):
            return False
        return self.points is None or not self.points.isdisjoint(_points(certificate))


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """One verified list; `authority` is `authority_of` the certificate that signed it, `sha256` that of its DER octets (hex)."""

    sha256: str
    authority: str
    issuer: str = field(compare=False)
    this_update: datetime = field(compare=False)
    next_update: datetime = field(compare=False)
    number: int | None = field(compare=False)
    scope: Scope = field(compare=False)
    entries: Mapping[int, Entry] = field(compare=False, repr=False)

    @classmethod
    def read(cls, data: bytes, *, issuers: Iterable[x509.Certificate]) -> tuple[Self, ...]:
        """Read one list in DER, or all those in a PEM file, and verify each against the issuers that are held.

        Raises: BadRevocationListError.
        """
        held = tuple(issuers)
        try:
            return tuple(cls._of(crl, held) for crl in _load(data))
        # The library reads a list's parts only when they are asked for.
        except UNREADABLE as error:
            raise BadRevocationListError(reason=str(error)) from error

    @classmethod
    def _of(cls, crl: x509.CertificateRevocationList, issuers: tuple[x509.Certificate, ...]) -> Self:
        issuer = _signer(crl, issuers)
        if crl.next_update_utc is None:
            raise BadRevocationListError(reason="it does not say when the next one is due")
        return cls(
            sha256=hashlib.sha256(crl.public_bytes(Encoding.DER)).hexdigest(),
            authority=authority_of(issuer),
            issuer=crl.issuer.rfc4514_string(),
            this_update=crl.last_update_utc,
            next_update=crl.next_update_utc,
            number=_number(crl.extensions),
            scope=_scope(crl.extensions),
            entries=MappingProxyType(_index(crl)),
        )


@lru_cache(maxsize=256)
def authority_of(certificate: x509.Certificate) -> str:
    """Return what identifies an authority: a SHA-256 (hex) over its name and key, the same for all its certificates."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = certificate.subject.rfc4514_string().encode()  # the same however its strings are encoded
    return hashlib.sha256(len(name).to_bytes(4) + name + key).hexdigest()


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says that it belongs to a certification authority."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _load(data: bytes) -> list[x509.CertificateRevocationList]:
    if _LONG_SEQUENCE.match(data):
        return [x509.load_der_x509_crl(data)]
    blocks = _PEM.findall(data)
    if not blocks:
        raise BadRevocationListError(reason="it is neither PEM nor DER")
    return [x509.load_pem_x509_crl(block) for block in blocks]


def _signer(crl: x509.CertificateRevocationList, issuers: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """Return the certificate whose key signed a list.

    Raises: BadRevocationListError.
    """
    _check_algorithm(crl)
    named = [issuer for issuer in issuers if issuer.subject == crl.issuer]
    if not named:
        raise BadRevocationListError(reason=f"no certificate of {crl.issuer.rfc4514_string()} is held")
    signers = [issuer for issuer in named if _is_signed_by(crl, issuer)]
    if not signers:
        raise BadRevocationListError(reason=f"not signed by {crl.issuer.rfc4514_string()}")
    for signer in signers:
        if not is_strong(signer.public_key()):
            raise BadRevocationListError(reason=f"signed with a weak key, {describe(signer.public_key())}")
        if _may_sign_lists(signer):
            return signer
    raise BadRevocationListError(reason="its issuer's KeyUsage does not allow cRLSign")


def _check_algorithm(crl: x509.CertificateRevocationList) -> None:
    try:
        allowed = crl.signature_algorithm_oid in _ALGORITHMS and isinstance(
            crl.signature_hash_algorithm, _HASHES
        )
    except (ValueError, UnsupportedAlgorithm):
        allowed = False
    if not allowed:
        raise BadRevocationListError(
            reason=f"signed with {crl.signature_algorithm_oid.dotted_string}, which is not allowed"
        )


def _is_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other kinds of key raise
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _may_sign_lists(issuer: x509.Certificate) -> bool:
    """Tell whether KeyUsage allows it; where an issuer has none, RFC 5280 §6.3.3 (f) asks for nothing."""
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _scope(extensions: x509.Extensions) -> Scope:
    for extension in extensions:
        if extension.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise BadRevocationListError(reason="it is a delta list")
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise BadRevocationListError(reason=f"unknown critical extension {extension.oid.dotted_string}")
    try:
        point = extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return Scope()
    if point.indirect_crl:
        raise BadRevocationListError(reason="it is an indirect list")
    if point.only_contains_attribute_certs:
        raise BadRevocationListError(reason="it is about attribute certificates only")
    if point.only_some_reasons is not None:
        raise BadRevocationListError(reason="it is about some reasons only")
    if point.relative_name is not None:
        raise BadRevocationListError(reason="its distribution point has a relative name")
    return Scope(
        users_only=point.only_contains_user_certs,
        authorities_only=point.only_contains_ca_certs,
        points=frozenset(point.full_name) if point.full_name is not None else None,
    )


def _number(extensions: x509.Extensions) -> int | None:
    try:
        return extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _index(crl: x509.CertificateRevocationList) -> dict[int, Entry]:
    entries: dict[int, Entry] = {}
    for serial_number, entry in _entries(crl):
        first = entries.get(serial_number)
        # RFC 5280 does not say which of two entries counts: the one that trusts for a shorter time does.
        if first is None or entry.since < first.since:
            entries[serial_number] = entry
    return entries


def _entries(crl: x509.CertificateRevocationList) -> Iterator[tuple[int, Entry]]:
    """Yield what is revoked.

    Raises: BadRevocationListError, or what the library raises for what it cannot read.
    """
    for revoked in crl:
        reason = x509.ReasonFlags.unspecified
        for extension in revoked.extensions:
            if extension.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
                raise BadRevocationListError(reason="it is an indirect list")
            if extension.critical and extension.oid not in _ENTRY_UNDERSTOOD:
                raise BadRevocationListError(
                    reason=f"unknown critical extension {extension.oid.dotted_string}"
                )
            if isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason
        # It belongs into delta lists only, where it undoes what the list before it said.
        if reason is not x509.ReasonFlags.remove_from_crl:
            yield (
                revoked.serial_number,
                Entry(since=revoked.revocation_date_utc, reason=RevocationReason[reason.name.upper()]),
            )


def _points(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    """Return the distribution points that a certificate names for lists of its own issuer with all reasons."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(
        name
        for point in points
        if point.crl_issuer is None and point.reasons is None
        for name in point.full_name or ()
    )
