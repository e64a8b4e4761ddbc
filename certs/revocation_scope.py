"""The scope of a revocation list: what it says of a certificate that it does not name (RFC 5280 §5.2.5, §6.3.3).

Invariants: what cannot be read covers nothing; a list about some reasons, or an indirect one, makes nobody good by itself;
certificates whose lists are issued by somebody else (cRLIssuer) are not covered by way of that distribution point.
"""

from dataclasses import dataclass, field
from typing import Final, Self

from cryptography import x509

from certs.authority import is_authority
from certs.errors_revocation import BadRevocationListError
from certs.unreadable import UNREADABLE

Reasons = frozenset[x509.ReasonFlags]

EVERY_REASON: Final[Reasons] = frozenset(x509.ReasonFlags) - {
    x509.ReasonFlags.unspecified,
    x509.ReasonFlags.remove_from_crl,
}
"""The reasons that can be told apart where a list is limited to some (RFC 5280 §4.2.1.13)."""

NO_REASON: Final[Reasons] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which certificates of its issuer a list is complete for, and for which reasons; the default is all of them."""

    users_only: bool = False
    authorities_only: bool = False
    points: frozenset[x509.GeneralName] | None = None
    reasons: Reasons = EVERY_REASON
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the hash: lists are grouped by their scope at every look-up."""
        facts = (self.users_only, self.authorities_only, self.points, self.reasons)
        object.__setattr__(self, "_hash", hash(facts))

    def __hash__(self) -> int:
        """Return it."""
        return self._hash

    @classmethod
    def read(cls, crl: x509.CertificateRevocationList) -> Self:
        """Read the scope from a list's IssuingDistributionPoint.

        Raises: BadRevocationListError.
        """
        try:
            point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
        except x509.ExtensionNotFound:
            return cls()
        if point.only_contains_attribute_certs:
            raise BadRevocationListError(reason="it is about attribute certificates only")
        return cls(
            # An indirect list speaks for several authorities, and which certificates it is complete for only they could say.
            reasons=_reasons(point),
            users_only=point.only_contains_user_certs,
            authorities_only=point.only_contains_ca_certs,
            points=_names(point.full_name, point.relative_name, crl.issuer),
        )

    def covers(self, certificate: x509.Certificate) -> Reasons:
        """Return the reasons for which the list would hold the certificate if it were revoked; none if nobody can read that."""
        try:
            return self._covers(certificate)
        except UNREADABLE:
            return NO_REASON

    def _covers(self, certificate: x509.Certificate) -> Reasons:
        if self.users_only and is_authority(certificate):
            return NO_REASON
        if self.authorities_only and not is_authority(certificate):
            return NO_REASON
        if self.points is None:
            return self.reasons
        return self.reasons & _reasons_at(self.points, certificate)


def _reasons_at(wanted: frozenset[x509.GeneralName], certificate: x509.Certificate) -> Reasons:
    """Return the reasons for which a certificate names one of these points for lists of its own issuer."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return NO_REASON
    found = NO_REASON
    for point in points:
        names = _names(point.full_name, point.relative_name, certificate.issuer)
        if point.crl_issuer is None and names is not None and not names.isdisjoint(wanted):
            found |= EVERY_REASON if point.reasons is None else point.reasons
    return found


def _reasons(point: x509.IssuingDistributionPoint) -> Reasons:
    if point.indirect_crl:
        return NO_REASON
    return EVERY_REASON if point.only_some_reasons is None else point.only_some_reasons


def _names(
    full: list[x509.GeneralName] | None,
    relative: x509.RelativeDistinguishedName | None,
    issuer: x509.Name,
) -> frozenset[x509.GeneralName] | None:
    """Return the names of a distribution point; one that is relative is below its issuer's (RFC 5280 §4.2.1.13)."""
    if relative is not None:
        return frozenset({x509.DirectoryName(x509.Name([*issuer.rdns, relative]))})
    return None if full is None else frozenset(full)
