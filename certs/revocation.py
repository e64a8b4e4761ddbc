"""Revocation: what is held says of a certificate at a time (RFC 5280 §6.3, RFC 6960 §3.2, ETSI EN 319 102-1 §5.2.6).

Invariants:

- whatever says that a certificate is revoked goes before what says that it is good, be it a list or an answer; only a hold that
  is out of date gives way, and only to what is newer;
- a list's scope limits what an absent entry says; an entry that is there speaks for itself, whatever the scope;
- nothing but lists in force that cover the certificate for every reason, or an answer in force that it is good, makes it GOOD:
  without one it is UNKNOWN.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from cryptography import x509

from certs.answers_at import AnswersAt, is_named
from certs.certificate import name_of
from certs.errors_revocation import (
    AuthorityRevokedError,
    CertificateRevokedError,
    RevocationUnknownError,
    RevokedError,
)
from certs.lists_at import ListsAt, current_lists
from certs.ocsp import OcspAnswer
from certs.revocation_data import NOTHING, RevocationData, vouches
from certs.revocation_list import RevocationList
from certs.revocation_scope import Scope
from certs.revocation_status import SKEW, Status
from certs.rules import RevocationGap
from certs.standing import Entry, Standing

__all__ = [
    "NOTHING",
    "SKEW",
    "Entry",
    "OcspAnswer",
    "Revocation",
    "RevocationData",
    "RevocationList",
    "Scope",
    "Standing",
    "Status",
    "current_lists",
    "objection_to",
    "status_of",
    "statuses_of",
]


class Revocation(StrEnum):
    """How much must be known of revocation before a signature passes; a revoked certificate never does, unless OFF."""

    REQUIRE = "require"
    SOFT = "soft"
    OFF = "off"


_MISSING: Final = Status(standing=Standing.UNKNOWN, gap=RevocationGap.MISSING)


def status_of(
    certificate: x509.Certificate,
    *,
    issuer: x509.Certificate,
    held: RevocationData,
    at: datetime,
    known_at: datetime | None = None,
    above: x509.Certificate | None = None,
) -> Status:
    """Say whether a certificate, issued by `issuer`, was revoked at a time.

    `known_at` is the moment of the judgement, if that is later than `at`: what is known then of `at` counts, so what was issued
    in between is as good as what was in force, or better. What was issued later still counts if it says that the certificate
    was revoked: what is known must not be ignored because it became known later. `above` is who issued the issuer's
    certificate; without it no list counts that needs its word.
    """
    known = at if known_at is None else max(at, known_at)
    serial_number = certificate.serial_number
    own = ListsAt(held.own_lists(issuer), at=at, known=known)
    views: list[ListsAt | AnswersAt] = [own]
    good = list(own.good(certificate))
    if others := held.other_lists(issuer, above=above, at=at):
        other = ListsAt(others, at=at, known=known)
        views.append(other)
        unsure = other.good(certificate)
        good += [
            each for each in unsure if not _is_signer_revoked(each, issuer, above, held=held, lists=others)
        ]
    if answers := held.answers(issuer, serial_number):
        said = AnswersAt(held=answers, lists=own.held, at=at, known=known)
        views.append(said)
        good += said.good(certificate)
    for view in views:
        for status in view.revoked(serial_number):
            if not _gives_way(status, good, known=known):
                return status
    if good:
        return good[0] if len(good) == 1 else max(good, key=lambda each: (each.entry is not None, _age(each)))
    gaps = (gap for view in views for gap in view.gaps(certificate))
    return next(gaps, _MISSING)


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def _age(status: Status) -> datetime:
    return status.source.this_update if status.source is not None else _NEVER


def _gives_way(revoked: Status, good: list[Status], *, known: datetime) -> bool:
    """Tell whether a hold is out of date and something newer says that it was taken back."""
    entry, source = revoked.entry, revoked.source
    if entry is None or source is None or not entry.is_hold or source.next_update >= known:
        return False
    return any(_age(each) > source.this_update for each in good)


def _is_signer_revoked(
    status: Status,
    issuer: x509.Certificate,
    above: x509.Certificate | None,
    *,
    held: RevocationData,
    lists: tuple[RevocationList, ...],
) -> bool:
    """Tell whether the certificate of another key, with which a list was signed, is named by a list of whoever issued it."""
    source = status.source
    signer = source.signer if isinstance(source, RevocationList) else None
    if signer is None:
        return True
    if above is not None and vouches(above, signer):
        return is_named(signer, held.own_lists(above))
    return is_named(signer, (*held.own_lists(issuer), *lists))


def statuses_of(
    path: tuple[x509.Certificate, ...],
    *,
    held: RevocationData,
    at: datetime,
    known_at: datetime | None = None,
) -> tuple[Status, ...]:
    """Return the status of every certificate of a validated path but the anchor, leaf first; times as for `status_of`."""
    if not held:
        return (_MISSING,) * (len(path) - 1)
    above = (*path[2:], None)
    return tuple(
        status_of(certificate, issuer=issuer, held=held, at=at, known_at=known_at, above=over)
        for certificate, issuer, over in zip(path, path[1:], above, strict=False)
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
