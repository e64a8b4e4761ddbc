"""Registrations: which certificates an entity has made known as its own, from when to when, and what became of each.

A registration recognises a signer in one of three ways: by the very certificate; by its public key, so that a renewed
certificate with the same key needs no new registration; or by what a certification authority promises to write into the
subjects that it certifies for this body (`SubjectProfile`). It is shown with a certificate in each case.

Invariants: a registration is a value and never changes; to suspend, resume or revoke it makes another value with the same `id`,
which the store keeps as a new version beside the old one. Nothing is taken back: suspensions stay on record when they end, and
a revocation is final. What is compared, is compared byte for byte: no folding, no trimming, no patterns. Intervals are half-open
and in UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from json import JSONEncoder
from types import MappingProxyType
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from certs.verdict import Signer

_NO_OFFSET = timedelta(0)
_CANONICAL = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

ATTRIBUTES: Final = MappingProxyType(
    {
        "CN": "2.5.4.3",
        "serialNumber": "2.5.4.5",
        "C": "2.5.4.6",
        "L": "2.5.4.7",
        "ST": "2.5.4.8",
        "O": "2.5.4.10",
        "OU": "2.5.4.11",
        "organizationIdentifier": "2.5.4.97",
        "UID": "0.9.2342.19200300.100.1.1",
    }
)
"""The attributes of a subject that a profile may name (X.520, RFC 4519), by their dotted OID."""

IDENTIFYING: Final = frozenset({"serialNumber", "UID", "organizationIdentifier", "CN", "O"})
"""A profile names one of these at least: a country or a town is nobody's name."""


class RegisteredBy(StrEnum):
    """By what a registration recognises a signer."""

    CERTIFICATE = "certificate"
    SPKI = "spki"
    PROFILE = "profile"


class IssuerBy(StrEnum):
    """By what a profile recognises the authority: certificate or key of the one that issued, or the anchor of the path."""

    CERTIFICATE = "certificate"
    SPKI = "spki"
    ANCHOR = "anchor"


class State(StrEnum):
    """What a registration is worth at a moment."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    ENDED = "ended"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectProfile:
    """What an authority writes into the subjects of one body: attributes by name, with exactly these values.

    An attribute that stands twice in a subject, or in one relative name with another, matches nothing. Where the profile names
    no OU, the subject may have none, because a unit's certificate often is its parent's but for that.
    """

    name: str
    issuer_by: IssuerBy
    issuer_sha256: str
    subject: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        """Refuse a profile that would name nobody in particular."""
        names = [name for name, _ in self.subject]
        if names != sorted(set(names)) or not set(names) <= ATTRIBUTES.keys():
            raise ValueError(f"attributes must be known, different and in order: {names}")
        if not IDENTIFYING & set(names) or not all(value for _, value in self.subject):
            raise ValueError(
                "a profile names at least one attribute that identifies its holder, and no empty ones"
            )

    def matches(self, signer: Signer) -> bool:
        """Tell whether the signer's certificate is one that the authority issued to this body."""
        issuer = {
            IssuerBy.CERTIFICATE: signer.issuer_sha256,
            IssuerBy.SPKI: signer.issuer_spki_sha256,
            IssuerBy.ANCHOR: signer.anchor_sha256,
        }
        if issuer[self.issuer_by] != self.issuer_sha256:
            return False
        wanted = dict(self.subject)
        if "OU" not in wanted and found_in(signer.subject_names, "OU"):
            return False
        return all(found_in(signer.subject_names, name) == [(value, 1)] for name, value in self.subject)


def found_in(
    names: tuple[tuple[tuple[str, str | None], ...], ...], attribute: str
) -> list[tuple[str | None, int]]:
    """Return every value of an attribute in a subject, each with the number of attributes in its relative name."""
    oid = ATTRIBUTES[attribute]
    return [(value, len(rdn)) for rdn in names for found, value in rdn if found == oid]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """A time in which a registration does not count; without an end it still lasts."""

    since: datetime
    until: datetime | None = None
    reason: str
    resumed_because: str | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether the registration is suspended at `at`."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """That a registration was revoked. With `compromised`, no certificate with the same key counts any more either."""

    since: datetime
    reason: str
    compromised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What an entity has registered, to be in force in [valid_from, valid_to).

    `certificate_sha256` is the certificate that was shown; with `by` CERTIFICATE it alone is meant. `spki_sha256` is its key,
    `certificate_ends` the end of its own validity, both None where only the hash is known. `replaces` is the `id` of the
    registration that this one is to take the place of; both may be in force for a while.
    """

    by: RegisteredBy = RegisteredBy.CERTIFICATE
    certificate_sha256: str
    spki_sha256: str | None = None
    profile: SubjectProfile | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    certificate_ends: datetime | None = None
    replaces: str | None = None
    suspensions: tuple[Suspension, ...] = ()
    revocation: Revocation | None = None

    def __post_init__(self) -> None:
        """Refuse naive times, empty intervals, and a registration by what it does not have."""
        check_window(self.valid_from, self.valid_to)
        if (self.by is RegisteredBy.PROFILE) != (self.profile is not None):
            raise ValueError("a registration has a profile if it is by profile, and only then")
        if self.by is RegisteredBy.SPKI and self.spki_sha256 is None:
            raise ValueError("a registration by key has a key")

    @property
    def id(self) -> str:
        """A UUID of version 5 over what is registered and when: the same for an entity through all that becomes of it."""
        what = [self.by.value, self.value, text_of(self.valid_from), text_of(self.valid_to)]
        return str(uuid5(NAMESPACE_URL, "urn:vanthu:registration:" + _CANONICAL.encode(what)))

    @property
    def value(self) -> Any:  # noqa: ANN401 - JSON
        """What the signer is recognised by."""
        if self.profile is not None:
            return profile_fields(self.profile)
        return self.spki_sha256 if self.by is RegisteredBy.SPKI else self.certificate_sha256

    @property
    def label(self) -> str:
        """What it is called where people read of it: the certificate's hash, the key's, or the profile's name."""
        if self.profile is not None:
            return f"profile {self.profile.name}"
        return f"spki {self.spki_sha256}" if self.by is RegisteredBy.SPKI else self.certificate_sha256

    @property
    def ends(self) -> datetime | None:
        """When it ends by itself: with its interval or with the certificate that was shown, whichever comes first."""
        return min(
            (each for each in (self.valid_to, self.certificate_ends) if each is not None), default=None
        )

    @property
    def is_key_lost(self) -> bool:
        """Whether it was revoked, at whatever time, because somebody else may have its key."""
        return self.revocation is not None and self.revocation.compromised

    def in_force(self, at: datetime) -> bool:
        """Tell whether the registration holds at `at`."""
        return self.state(at) is State.IN_FORCE

    def state(self, at: datetime) -> State:
        """Return what the registration is worth at `at`; revocation outweighs suspension, and that the interval."""
        if self.revocation is not None and self.revocation.since <= at:
            return State.REVOKED
        if any(each.holds(at) for each in self.suspensions):
            return State.SUSPENDED
        if self.valid_from is not None and at < self.valid_from:
            return State.NOT_YET
        return State.IN_FORCE if self.valid_to is None or at < self.valid_to else State.ENDED

    def recognises(self, signer: Signer) -> bool:
        """Tell whether the signer is who is registered here, at whatever time."""
        if self.profile is not None:
            return self.profile.matches(signer)
        if self.by is RegisteredBy.SPKI:
            return self.spki_sha256 == signer.spki_sha256
        return self.certificate_sha256 == signer.certificate_sha256

    def speaks_against(self, signer: Signer, at: datetime) -> State | None:
        """Return REVOKED or SUSPENDED if that is what this registration says of the signer at `at`, else None."""
        state = self.state(at)
        if state not in {State.REVOKED, State.SUSPENDED}:
            return None
        compromised = state is State.REVOKED and self.revocation is not None and self.revocation.compromised
        shown = self.certificate_sha256 == signer.certificate_sha256
        same_key = compromised and self.spki_sha256 == signer.spki_sha256
        return state if shown or same_key or self.recognises(signer) else None


def check_window(valid_from: datetime | None, valid_to: datetime | None) -> None:
    """Refuse naive times and empty intervals.

    Raises:
        ValueError: it is one of these.

    """
    for bound in (valid_from, valid_to):
        if bound is not None and bound.utcoffset() != _NO_OFFSET:
            raise ValueError(f"not an aware UTC time: {bound!r}")
    if valid_from is not None and valid_to is not None and valid_from >= valid_to:
        raise ValueError(f"an interval that is empty: {valid_from} to {valid_to}")


def text_of(moment: datetime | None) -> str:
    """Return a moment in RFC 3339, or nothing for an open end."""
    return "" if moment is None else moment.isoformat()


def profile_fields(profile: SubjectProfile) -> dict[str, Any]:
    """Return a profile as JSON."""
    return {
        "name": profile.name,
        "issuer_by": profile.issuer_by.value,
        "issuer_sha256": profile.issuer_sha256,
        "subject": [list(pair) for pair in profile.subject],
    }
