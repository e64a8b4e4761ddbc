"""Revocation: what the lists that are held say of a certificate at a time (RFC 5280 §6.3, ETSI EN 319 102-1 §5.2.6).

Invariants:

- a list's scope limits what an absent entry says; an entry that is there speaks for itself, whatever the scope;
- nothing but a list in force that covers the certificate makes it GOOD: without one it is UNKNOWN.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from cryptography import x509

from certs.certificate import name_of
from certs.errors_revocation import (
    AuthorityRevokedError,
    CertificateRevokedError,
    RevocationUnknownError,
    RevokedError,
)
from certs.revocation_list import Entry, RevocationList, Scope, authority_of
from certs.rules import RevocationGap

__all__ = [
    "Entry",
    "Revocation",
    "RevocationList",
    "Scope",
    "Standing",
    "Status",
    "current_lists",
    "objection_to",
    "status_of",
    "statuses_of",
]

SKEW: Final = timedelta(minutes=5)
"""How far an authority's clock may be ahead of ours: a list that is this young counts already."""


class Revocation(StrEnum):
    """How much must be known of revocation before a signature passes; a revoked certificate never does, unless OFF."""

    REQUIRE = "require"
    SOFT = "soft"
    OFF = "off"


class Standing(StrEnum):
    """What is known of one certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of one certificate at one time.

    `source` is the list that says so. `entry` is there when it is REVOKED, and also when it is GOOD but will be revoked
    later than the time that counts. `gap` says why it is UNKNOWN.
    """

    standing: Standing
    source: RevocationList | None = None
    entry: Entry | None = None
    gap: RevocationGap | None = None


def status_of(
    certificate: x509.Certificate,
    *,
    issuer: x509.Certificate,
    lists: tuple[RevocationList, ...],
    at: datetime,
    known_at: datetime | None = None,
) -> Status:
    """Say whether a certificate, issued by `issuer`, was revoked at a time.

    `known_at` is the moment of the judgement, if that is later than `at`: what is known then of `at` counts, so a list that was
    issued in between is as good as one that was in force, or better. Of the lists with one scope the newest that had been
    issued counts. An entry on a younger list counts too if its date is not: what is known must not be ignored because it became
    known later.
    """
    if not lists:
        return Status(standing=Standing.UNKNOWN, gap=RevocationGap.MISSING)
    authority = authority_of(issuer)
    own = [each for each in lists if each.authority == authority]
    known = max(at, known_at or at)
    current = current_lists(own, at=known)
    later = [each for each in own if each.this_update > known + SKEW]
    noted: Status | None = None
    for each in (*current, *later):
        entry = each.entries.get(certificate.serial_number)
        if entry is not None and entry.since <= at:
            return Status(standing=Standing.REVOKED, source=each, entry=entry)
        if entry is not None and each in current and each.next_update >= at:
            noted = Status(standing=Standing.GOOD, source=each, entry=entry)
    return noted or _absent(certificate, own, later, at=at, known=known)


def current_lists(lists: Iterable[RevocationList], *, at: datetime) -> list[RevocationList]:
    """Return of each authority and scope the newest list that had been issued, whether it is in force still or not."""
    ordered = sorted(lists, key=lambda each: (each.this_update, each.number or 0))
    newest = {(each.authority, each.scope): each for each in ordered if each.this_update <= at + SKEW}
    return list(newest.values())


def _absent(
    certificate: x509.Certificate,
    own: list[RevocationList],
    later: list[RevocationList],
    *,
    at: datetime,
    known: datetime,
) -> Status:
    """Say what it means that no list names a certificate.

    A list need not name a certificate that had expired before (RFC 5280 §3.3), so one from that time on says nothing of it.
    """
    telling = min(known, max(at, certificate.not_valid_after_utc))
    covering = [each for each in current_lists(own, at=telling) if each.scope.covers(certificate)]
    if covering:
        freshest = max(covering, key=lambda each: each.next_update)
        if freshest.next_update >= at:
            return Status(standing=Standing.GOOD, source=freshest)
        return Status(standing=Standing.UNKNOWN, source=freshest, gap=RevocationGap.STALE)
    for each in later:
        if each.scope.covers(certificate):
            return Status(standing=Standing.UNKNOWN, source=each, gap=RevocationGap.NOT_YET)
    return Status(standing=Standing.UNKNOWN, gap=RevocationGap.MISSING)


def statuses_of(
    path: tuple[x509.Certificate, ...],
    *,
    lists: tuple[RevocationList, ...],
    at: datetime,
    known_at: datetime | None = None,
) -> tuple[Status, ...]:
    """Return the status of every certificate of a validated path but the anchor, leaf first; times as for `status_of`."""
    return tuple(
        status_of(certificate, issuer=issuer, lists=lists, at=at, known_at=known_at)
        for certificate, issuer in pairwise(path)
    )


def objection_to(
    path: tuple[x509.Certificate, ...], statuses: tuple[Status, ...], *, revocation: Revocation
) -> RevokedError | RevocationUnknownError | None:
    """Return what speaks against a path: a revoked certificate or, where it must be known, one whose standing is not."""
    judged = tuple(zip(path, statuses, strict=False))
    for certificate, status in judged:
        if status.standing is Standing.REVOKED and status.entry is not None:
            kind = CertificateRevokedError if certificate is path[0] else AuthorityRevokedError
            subject = name_of(certificate)
            return kind(status.entry.reason, subject=subject, since=status.entry.since)
    for certificate, status in judged:
        if status.gap is not None and revocation is Revocation.REQUIRE:
            return RevocationUnknownError(status.gap, subject=name_of(certificate))
    return None
