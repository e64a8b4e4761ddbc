"""How a change is taken back: by another change, which makes a new version of the registry.

What the change did before `now` stays history. From `now` on every code is again what it would have been: what
was opened ends in favour of what it was opened for, what was closed is in force again as the same entity.

Invariants: as long as no moment of the change has come, the content is exactly what it was before it; nothing is
taken back on which a later change stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from routing.agencies import Directory
from routing.agency import Agency, agency_content
from routing.agency_change import AgencyChange
from routing.changes.apply import change_to
from routing.changes.timeline import Versions, in_order
from routing.changes.world import World
from routing.errors_change import ChangeOvertaken
from routing.status import Status

_SHOWN = 5


def rollback(change: AgencyChange, directory: Directory, *, now: datetime) -> AgencyChange:
    """Return the change that takes another one back from `now` on.

    Raises:
        ChangeOvertaken: later changes touched the same codes, or built on them.

    """
    old = _before(change, directory)
    heirs = _heirs(change, World(directory, old), now)
    versions = {code: _spliced(directory.versions(code), old[code], now, heirs.get(code, ())) for code in old}
    _refuse({code for code in versions if _overlap(versions[code])})
    undone = change_to(versions, directory)
    _refuse(_stood_on(undone, World(directory, versions), now))
    return undone


def _refuse(codes: Iterable[str]) -> None:
    overtaken = sorted(codes)
    if overtaken:
        raise ChangeOvertaken(count=len(overtaken), codes=tuple(overtaken[:_SHOWN]))


def _before(change: AgencyChange, directory: Directory) -> dict[str, Versions]:
    """Return the versions that each code would have without the change.

    Raises:
        ChangeOvertaken: the directory does not have what the change added, or still has what it closed.

    """
    closed = _by_code(change.closed)
    added = _by_code(change.added)
    found: dict[str, Versions] = {}
    overtaken: set[str] = set()
    for code in change.codes:
        current = directory.versions(code)
        keys = {agency_content(each) for each in current}
        gone = {agency_content(each) for each in added.get(code, ())}
        back = closed.get(code, [])
        if not gone <= keys or any(agency_content(each) in keys for each in back):
            overtaken.add(code)
        found[code] = in_order((*(each for each in current if agency_content(each) not in gone), *back))
    _refuse(overtaken)
    return found


def _by_code(agencies: Iterable[Agency]) -> dict[str, list[Agency]]:
    found: dict[str, list[Agency]] = {}
    for agency in agencies:
        found.setdefault(agency.code, []).append(agency)
    return found


def _heirs(change: AgencyChange, without: World, now: datetime) -> Mapping[str, tuple[str, ...]]:
    """Return, for each code in favour of which others have ended by the change, those that are in force again at `now`."""
    found: dict[str, dict[str, None]] = {}
    for each in sorted(change.added, key=lambda agency: agency.code):
        ended = each.valid_to is not None and each.valid_to <= now
        if not ended or without.agency(each.code, now) is None:
            continue
        for successor in each.successors:
            found.setdefault(successor, {})[each.code] = None
    return {code: tuple(others) for code, others in found.items()}


def _spliced(current: Versions, old: Versions, now: datetime, heirs: tuple[str, ...]) -> Versions:
    """Return a code's history as it is up to `now`, and from then on as it would have been."""
    kept = [each for each in current if _begun(each, now)]
    last = kept.pop() if kept and not _over(kept[-1], now) else None
    following = [each for each in old if not _begun(each, now)]
    resumed = next((each for each in old if _begun(each, now) and not _over(each, now)), None)
    if last is not None and resumed is not None and _same(last, resumed):
        joined = replace(
            last,
            valid_to=resumed.valid_to,
            successors=resumed.successors,
            forward_until=resumed.forward_until,
        )
        return (*kept, joined, *following)
    if resumed is not None and resumed.valid_to != now:
        following = [replace(resumed, valid_from=now), *following]
    if last is not None:
        goes_on = any(each.valid_from == now for each in following)
        last = replace(last, valid_to=now, successors=() if goes_on else heirs, forward_until=None)
    return (*kept, *following) if last is None else (*kept, last, *following)


def _begun(agency: Agency, now: datetime) -> bool:
    return agency.valid_from is None or agency.valid_from < now


def _over(agency: Agency, now: datetime) -> bool:
    return agency.valid_to is not None and agency.valid_to < now


def _same(one: Agency, other: Agency) -> bool:
    """Tell whether two versions say the same of the same entity, but for when they begin and how they end."""
    return agency_content(_bare(one)) == agency_content(_bare(other))


def _bare(agency: Agency) -> Agency:
    return replace(agency, valid_from=None, valid_to=None, successors=(), forward_until=None)


def _overlap(versions: Versions) -> bool:
    return any(
        earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to
        for earlier, later in pairwise(versions)
    )


def _stood_on(undone: AgencyChange, world: World, now: datetime) -> set[str]:
    """Return the codes that something else needs otherwise than the rollback leaves them."""
    ended = {each.code: now for each in undone.closed if each.valid_to is None or each.valid_to > now}
    found = set(world.orphans(ended))
    found |= {code for code in ended if world.awaiting(code, now)}
    for each in undone.added:
        if any(world.owner(alias) not in {None, each.code} for alias in each.aliases):
            found.add(each.code)
        counts = each.status is not Status.ANNULLED and (each.valid_to is None or each.valid_to > now)
        if counts and not _has_what_it_needs(each, world, now):
            found.add(each.code)
    return found


def _has_what_it_needs(agency: Agency, world: World, now: datetime) -> bool:
    """Tell whether a version's parent is there as long as it is from `now` on, and its successors when it ends.

    A parent that the registry does not know at all was missing before.
    """
    since, until = max(now, agency.valid_from or now), agency.valid_to
    if agency.parent and world.versions(agency.parent) and not world.throughout(agency.parent, since, until):
        return False
    return until is None or all(world.agency(code, until) is not None for code in agency.successors)
