"""Revocation lists (CRLs): read, verified against their issuer and indexed, once, when they are taken in (RFC 5280 §5).

Complete lists and delta lists are taken, signed by the authority whose certificates they are about. Invariants:

- there is no unverified `RevocationList`: the certificate of its signer was held when it was read;
- it is bound to the authority's name *and* key, so that of two authorities with one name neither speaks for the other;
- what it holds is what its issuer meant: an extension that must be understood and is not makes it unusable (§5.2);
- of an indirect list (§5.2.5) only what it says of its issuer's own certificates is kept.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from certs.algorithms import describe, is_strong
from certs.authority import authority_of, is_allowed, is_authority, key_usage_of
from certs.errors_revocation import BadRevocationListError
from certs.revocation_scope import Scope
from certs.rules import RevocationReason
from certs.standing import Entry
from certs.unreadable import UNREADABLE

__all__ = ["Entry", "RevocationList", "Scope", "authority_of", "is_authority"]

_PEM: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_LONG_SEQUENCE: Final = re.compile(rb"\x30[\x80-\x84]")
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.DELTA_CRL_INDICATOR,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    }
)
_ENTRY_UNDERSTOOD: Final = frozenset(
    {
        CRLEntryExtensionOID.CERTIFICATE_ISSUER,
        CRLEntryExtensionOID.CRL_REASON,
        CRLEntryExtensionOID.INVALIDITY_DATE,
    }
)
_Index = dict[int, Entry | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """One verified list; `authority` is `authority_of` its `signer`, `sha256` that of its DER octets (hex).

    `base` makes it a delta list: the number of the complete list that it goes on from. `lifted` are the certificates that a delta
    list takes off the complete one.
    """

    kind: ClassVar[str] = "crl"

    sha256: str
    authority: str
    issuer: str = field(compare=False)
    this_update: datetime = field(compare=False)
    next_update: datetime = field(compare=False)
    number: int | None = field(compare=False)
    scope: Scope = field(compare=False)
    entries: Mapping[int, Entry] = field(compare=False, repr=False)
    base: int | None = field(default=None, compare=False)
    lifted: frozenset[int] = field(default=frozenset(), compare=False, repr=False)
    signer: x509.Certificate | None = field(default=None, compare=False, repr=False)

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
        signer = _signer(crl, issuers)
        if crl.next_update_utc is None:
            raise BadRevocationListError(reason="it does not say when the next one is due")
        _check_extensions(crl.extensions)
        number, base = _number(crl.extensions), _base(crl.extensions)
        if base is not None and number is None:
            raise BadRevocationListError(reason="it is a delta list without a number")
        found = _index(crl, is_delta=base is not None)
        return cls(
            sha256=hashlib.sha256(crl.public_bytes(Encoding.DER)).hexdigest(),
            authority=authority_of(signer),
            issuer=crl.issuer.rfc4514_string(),
            this_update=crl.last_update_utc,
            next_update=crl.next_update_utc,
            number=number,
            scope=Scope.read(crl),
            entries=MappingProxyType({serial: entry for serial, entry in found.items() if entry is not None}),
            base=base,
            lifted=frozenset(serial for serial, entry in found.items() if entry is None),
            signer=signer,
        )

    def continues(self, complete: "RevocationList") -> bool:
        """Tell whether this is a delta list that can be merged onto a complete one (§5.2.4)."""
        return (
            self.base is not None
            and self.number is not None
            and complete.number is not None
            and self.base <= complete.number <= self.number
            and self.authority == complete.authority
            and self.scope == complete.scope
        )


def split_lists(data: bytes) -> tuple[bytes, ...]:
    """Return the DER octets of each list in a file, without looking at whose they are.

    Raises: BadRevocationListError.
    """
    try:
        return tuple(crl.public_bytes(Encoding.DER) for crl in _load(data))
    except UNREADABLE as error:
        raise BadRevocationListError(reason=str(error)) from error


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
    if not is_allowed(crl.signature_algorithm_oid, lambda: crl.signature_hash_algorithm):
        raise BadRevocationListError(
            reason=f"signed with {crl.signature_algorithm_oid.dotted_string}, which is not allowed"
        )
    named = [issuer for issuer in issuers if issuer.subject == crl.issuer]
    if not named:
        raise BadRevocationListError(reason=f"no certificate of {crl.issuer.rfc4514_string()} is held")
    signers = [issuer for issuer in named if _is_signed_by(crl, issuer)]
    if not signers:
        raise BadRevocationListError(reason=f"not signed by {crl.issuer.rfc4514_string()}")
    for signer in signers:
        if not is_strong(signer.public_key()):
            raise BadRevocationListError(reason=f"signed with a weak key, {describe(signer.public_key())}")
        usage = key_usage_of(signer)
        # Where an issuer has none, RFC 5280 §6.3.3 (f) asks for nothing.
        if usage is None or usage.crl_sign:
            return signer
    raise BadRevocationListError(reason="its issuer's KeyUsage does not allow cRLSign")


def _is_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # other kinds of key raise
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _check_extensions(extensions: x509.Extensions) -> None:
    for extension in extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise BadRevocationListError(reason=f"unknown critical extension {extension.oid.dotted_string}")


def _number(extensions: x509.Extensions) -> int | None:
    try:
        return extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _base(extensions: x509.Extensions) -> int | None:
    try:
        return extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _index(crl: x509.CertificateRevocationList, *, is_delta: bool) -> _Index:
    """Return what is revoked and, with None, what a delta list takes back.

    Raises: BadRevocationListError, or what the library raises for what it cannot read.
    """
    found: _Index = {}
    for serial_number, entry in _entries(crl):
        if entry is None and not is_delta:
            continue  # removeFromCRL belongs into delta lists only
        first = found.get(serial_number)
        # RFC 5280 does not say which of two entries counts: the one that trusts for a shorter time does.
        if first is None or (entry is not None and entry.since < first.since):
            found[serial_number] = entry
    return found


def _entries(crl: x509.CertificateRevocationList) -> Iterator[tuple[int, Entry | None]]:
    is_own = True
    for revoked in crl:
        reason = x509.ReasonFlags.unspecified
        for extension in revoked.extensions:
            if extension.critical and extension.oid not in _ENTRY_UNDERSTOOD:
                raise BadRevocationListError(
                    reason=f"unknown critical extension {extension.oid.dotted_string}"
                )
            if isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason
            if isinstance(extension.value, x509.CertificateIssuer):
                # It holds for all entries up to the next that names an issuer (§5.3.3).
                is_own = extension.value.get_values_for_type(x509.DirectoryName) == [crl.issuer]
        if is_own:
            yield revoked.serial_number, _entry(revoked, reason)


def _entry(revoked: x509.RevokedCertificate, reason: x509.ReasonFlags) -> Entry | None:
    if reason is x509.ReasonFlags.remove_from_crl:
        return None
    return Entry(since=revoked.revocation_date_utc, reason=RevocationReason[reason.name.upper()])
