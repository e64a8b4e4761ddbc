"""The versions of one code, in their order, and what a change makes of them.

Invariant: the versions of a code do not overlap, and each knows when its entity took the code over from another one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from routing.agency import Agency, agency_content
from routing.agency_change import AgencyChange
from routing.errors import RegistryInconsistent
from routing.registrations import Registration

_EARLIEST = datetime.min.replace(tzinfo=UTC)


def age(agency: Agency) -> tuple[datetime, str]:
    """Return what versions are sorted by: when they begin, then the code."""
    return _begin(agency), agency.code


def by_code(agencies: Iterable[Agency]) -> tuple[dict[str, Agency], dict[str, tuple[Agency, ...]]]:
    """Return the first version met of each code, and all versions of those few codes that have several.

    Raises:
        RegistryInconsistent: versions overlap.

    """
    codes: dict[str, Agency] = {}
    several: dict[str, list[Agency]] = {}
    for agency in agencies:
        if agency.reconstituted_at is not None:
            agency = replace(agency, reconstituted_at=None)  # noqa: PLW2901 -- derived below, never taken over
        first = codes.setdefault(agency.code, agency)
        if first is not agency:
            several.setdefault(agency.code, [first]).append(agency)
    return codes, {code: _in_order(versions) for code, versions in several.items()}


def changed(
    before: Mapping[str, tuple[Agency, ...]],
    change: AgencyChange,
    registered: Mapping[str, tuple[Registration, ...]],
) -> dict[str, tuple[Agency, ...]]:
    """Return the versions of each touched code after the change, the oldest first.

    Raises:
        RegistryInconsistent: the change closes what is not there, or versions overlap.

    """
    versions = {code: {agency_content(each): each for each in old} for code, old in before.items()}
    for each in change.closed:
        if versions[each.code].pop(agency_content(each), None) is None:
            raise contradiction(
                each.code, vi="phiên bản cần đóng không có", en="the version to be closed is not there"
            )
    added: dict[str, list[Agency]] = {}
    for each in change.added:
        certificates = registered.get(each.entity_id, ())
        if each.certificates != certificates:
            each = replace(each, certificates=certificates)  # noqa: PLW2901 -- the entity's own, whatever was given
        added.setdefault(each.code, []).append(each)
    now = {}
    for code, kept in versions.items():
        unmarked = (_unmarked(each) for each in (*kept.values(), *added.get(code, ())))
        now[code] = _in_order(list(unmarked))
    return now


def _in_order(versions: list[Agency]) -> tuple[Agency, ...]:
    """Return the versions of one code, oldest first, each knowing when its entity took the code over."""
    ordered = sorted(versions, key=_begin)
    for i, (earlier, later) in enumerate(pairwise(ordered)):
        if earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to:
            raise contradiction(
                later.code, vi="hai phiên bản có thời gian hiệu lực chồng nhau", en="two versions overlap"
            )
        same = later.entity_id == earlier.entity_id
        since = ordered[i].reconstituted_at if same else later.valid_from
        if later.reconstituted_at != since:
            ordered[i + 1] = replace(later, reconstituted_at=since)
    return tuple(ordered)


def _unmarked(agency: Agency) -> Agency:
    return agency if agency.reconstituted_at is None else replace(agency, reconstituted_at=None)


def _begin(agency: Agency) -> datetime:
    """Return when a version begins, for sorting."""
    return agency.valid_from or _EARLIEST


def contradiction(about: str, *, vi: str, en: str) -> RegistryInconsistent:
    """Return the error about a code, an alias or a version."""
    return RegistryInconsistent(about=about, reason_vi=vi, reason_en=en)
