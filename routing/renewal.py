"""Renewal: which registration takes the place of which, what ends soon, and who still signs with the old certificate.

A registration is *old* when another one of the same entity is in force that replaces it, directly or through others. Several
registrations that replace nothing are not old and new: an agency may well have two certificates at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from certs.errors_renewal import CertificateEndsError, OldCertificateError, RenewalRemarkError
from certs.verdict import Signer
from routing.agencies import Agency, Directory
from routing.binding import Binding
from routing.registrations import Registration, State

SOON: Final = timedelta(days=30)
"""From when on a sender hears that its certificate ends."""

_OVER: Final = frozenset({State.REVOKED, State.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A registration that ends at `at`, with its interval or (`by_certificate`) because the certificate that was shown does."""

    agency: Agency
    registration: Registration
    at: datetime
    by_certificate: bool
    state: State
    successors: tuple[Registration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOld:
    """An agency that signed with an old certificate at `last_seen`, when its successor was in force."""

    agency: Agency
    registration: Registration
    successors: tuple[Registration, ...]
    last_seen: datetime


def successors(
    registration: Registration, among: Iterable[Registration], at: datetime
) -> tuple[Registration, ...]:
    """Return the registrations in force at `at` that replace this one, directly or through others, by their id."""
    everything = sorted(among, key=lambda each: each.id)
    found = {registration.id}
    while more := {each.id for each in everything if each.replaces in found} - found:
        found |= more
    found.remove(registration.id)
    return tuple(each for each in everything if each.id in found and each.in_force(at))


def remarks(
    signer: Signer, agency: Agency, binding: Binding, *, at: datetime
) -> Iterator[RenewalRemarkError]:
    """Yield what the sender of a well-signed document should hear about its certificate."""
    registration = binding.registration
    newer = () if registration is None else successors(registration, agency.certificates, at)
    if newer:
        yield OldCertificateError(
            agency=agency.code, certificate=signer.certificate_sha256, newer=newer[0].label
        )
    bounds = (signer.not_after, None if registration is None else registration.valid_to)
    ends = min(each for each in bounds if each is not None)
    if not newer and ends - at <= SOON:
        yield CertificateEndsError(
            agency=agency.code,
            certificate=signer.certificate_sha256,
            ends=ends.isoformat(),
            days=_days(ends - at),
        )


def endings(directory: Directory, *, at: datetime, within: timedelta) -> tuple[Ending, ...]:
    """Return what ends within a time from `at` on, soonest first.

    What has ended by itself and has no successor in force is among it, because its agency may not know.
    """
    found: list[Ending] = []
    for agency, each in registered(directory, at):
        ends, state = each.ends, each.state(at)
        if ends is None or state is State.REVOKED or ends > at + within:
            continue
        newer = successors(each, agency.certificates, at)
        if ends <= at and (newer or any(_lasts(other, at) for other in agency.certificates)):
            continue
        by_certificate = each.valid_to is None or ends < each.valid_to
        found.append(
            Ending(
                agency=agency,
                registration=each,
                at=ends,
                by_certificate=by_certificate,
                state=state,
                successors=newer,
            )
        )
    return tuple(sorted(found, key=lambda each: (each.at, each.agency.code, each.registration.id)))


def still_old(
    directory: Directory, *, at: datetime, seen: Mapping[tuple[str, str], datetime]
) -> tuple[StillOld, ...]:
    """Return who signed with an old certificate; `seen` says when, by entity and certificate."""
    found: list[StillOld] = []
    for agency, each in registered(directory, at):
        last_seen = seen.get((agency.entity_id, each.certificate_sha256))
        newer = successors(each, agency.certificates, at)
        if last_seen is None or not newer or each.state(at) in _OVER:
            continue
        if any(other.in_force(last_seen) for other in newer):
            found.append(StillOld(agency=agency, registration=each, successors=newer, last_seen=last_seen))
    return tuple(sorted(found, key=lambda each: (each.agency.code, each.registration.id)))


def registered(directory: Directory, at: datetime) -> Iterator[tuple[Agency, Registration]]:
    """Yield every registration of the agencies in force at `at`, each once."""
    for agency in directory.agencies():
        if agency.certificates and agency.in_force(at):
            for each in agency.certificates:
                yield agency, each


def _lasts(registration: Registration, at: datetime) -> bool:
    ends = registration.ends
    return registration.in_force(at) and (ends is None or ends > at)


def _days(span: timedelta) -> int:
    return max(span // timedelta(days=1), 0)
