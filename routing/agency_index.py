"""What a directory looks codes up in, built from all versions or, for a change of few codes, from the index before.

Invariants: an index never changes after it was made; built from all versions or by way of any changes, it answers
alike. The versions of a code do not overlap, and an older form (alias) leads to exactly one code.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Self

from routing.agency import Agency, agency_content
from routing.agency_change import AgencyChange
from routing.errors import RegistryInconsistent
from routing.registrations import Registration

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgencyIndex:
    """All versions of all codes.

    `codes` has one version of each code, `several` all versions of those few codes that have more than one.
    `moments` counts how many versions begin or end at each moment, `instants` has these moments in order.
    `registered` are the certificates of those entities that have any.
    """

    codes: dict[str, Agency]
    several: dict[str, tuple[Agency, ...]]
    aliases: dict[str, str]
    predecessors: dict[str, tuple[Agency, ...]]
    registered: dict[str, tuple[Registration, ...]]
    moments: Counter[datetime]
    instants: list[datetime]

    @classmethod
    def of(cls, agencies: Iterable[Agency]) -> Self:
        """Return the index of all these versions.

        Raises:
            RegistryInconsistent: versions of a code overlap, or an alias is ambiguous.

        """
        codes, several = _by_code(agencies)
        everything = tuple(_all(codes, several))
        moments = _moments(everything)
        return cls(
            codes=codes,
            several=several,
            aliases=_aliases(codes, everything),
            predecessors=_predecessors(everything),
            registered={each.entity_id: each.certificates for each in everything if each.certificates},
            moments=moments,
            instants=sorted(moments),
        )

    def __iter__(self) -> Iterator[Agency]:
        """Yield every version of every code."""
        return _all(self.codes, self.several)

    def versions(self, code: str) -> tuple[Agency, ...]:
        """Return every version of a canonical code, oldest first; empty when there is none."""
        several = self.several.get(code)
        if several is not None:
            return several
        only = self.codes.get(code)
        return () if only is None else (only,)

    def around(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the last moment up to `at` and the next one after it at which a version begins or ends."""
        place = bisect_right(self.instants, at)
        since = self.instants[place - 1] if place else None
        return since, self.instants[place] if place < len(self.instants) else None

    def after(self, change: AgencyChange, *, of: int) -> Self:
        """Return the index, which is that of version `of`, with a change made.

        Raises:
            RegistryInconsistent: the change is one of another version or closes what is not there, or what comes
                out contradicts itself.

        """
        if change.base_version != of:
            raise _contradiction(
                str(change.base_version),
                vi=f"thay đổi này dành cho phiên bản khác, không phải {of}",
                en=f"the change is one of another version, not of {of}",
            )
        before = {code: self.versions(code) for code in change.codes}
        now = _changed(before, change, self.registered)
        old = tuple(each for versions in before.values() for each in versions)
        new = tuple(each for versions in now.values() for each in versions)
        codes, several = self.codes.copy(), self.several.copy()
        _place(codes, several, now)
        moments = self.moments.copy()
        moments.subtract(_moments(old))
        moments.update(_moments(new))
        same = all(moments[each] and self.moments[each] for each in _moments((*old, *new)))
        moments = moments if same else +moments
        made = type(self)(
            codes=codes,
            several=several,
            aliases=self._aliases_after(codes, old, new),
            predecessors=self._predecessors_after(old, new),
            registered=self.registered,
            moments=moments,
            instants=self.instants if same else sorted(moments),
        )
        return made.without_certificates_of(each.entity_id for each in change.closed)

    def _aliases_after(
        self, codes: dict[str, Agency], old: tuple[Agency, ...], new: tuple[Agency, ...]
    ) -> dict[str, str]:
        aliases = self.aliases.copy()
        for each in old:
            for alias in each.aliases:
                aliases.pop(alias, None)
        _add_aliases(aliases, codes, new)
        for each in new:
            if each.code in aliases:
                raise _ambiguous(each.code)
        return aliases

    def _predecessors_after(
        self, old: tuple[Agency, ...], new: tuple[Agency, ...]
    ) -> dict[str, tuple[Agency, ...]]:
        touched = {each.code for each in (*old, *new)}
        added = _predecessors(new)
        predecessors = self.predecessors.copy()
        for code in {code for each in (*old, *new) for code in each.successors}:
            kept = (each for each in self.predecessors.get(code, ()) if each.code not in touched)
            found = tuple(sorted((*kept, *added.get(code, ())), key=_age))
            if found:
                predecessors[code] = found
            else:
                predecessors.pop(code, None)
        return predecessors

    def without_certificates_of(self, entities: Iterable[str]) -> Self:
        """Return the index without the certificates of those of these entities that have no version left."""
        gone = self.registered.keys() & set(entities)
        if gone:
            gone -= {each.entity_id for each in self}
        if not gone:
            return self
        return replace(
            self, registered={entity: each for entity, each in self.registered.items() if entity not in gone}
        )


def begin(agency: Agency) -> datetime:
    """Return when a version begins, for sorting."""
    return agency.valid_from or _EARLIEST


def _age(agency: Agency) -> tuple[datetime, str]:
    return begin(agency), agency.code


def _all(codes: dict[str, Agency], several: dict[str, tuple[Agency, ...]]) -> Iterator[Agency]:
    for code, agency in codes.items():
        versions = several.get(code)
        if versions is None:
            yield agency
        else:
            yield from versions


def _by_code(agencies: Iterable[Agency]) -> tuple[dict[str, Agency], dict[str, tuple[Agency, ...]]]:
    """Return the first version met of each code, and all versions of those few codes that have several."""
    codes: dict[str, Agency] = {}
    several: dict[str, list[Agency]] = {}
    for agency in agencies:
        if agency.reconstituted_at is not None:
            agency = replace(agency, reconstituted_at=None)  # noqa: PLW2901 -- derived below, never taken over
        first = codes.setdefault(agency.code, agency)
        if first is not agency:
            several.setdefault(agency.code, [first]).append(agency)
    return codes, {code: _in_order(versions) for code, versions in several.items()}


def _in_order(versions: list[Agency]) -> tuple[Agency, ...]:
    """Return the versions of one code, oldest first, each knowing when its entity took the code over."""
    ordered = sorted(versions, key=begin)
    for i, (earlier, later) in enumerate(pairwise(ordered)):
        if earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to:
            raise _contradiction(
                later.code, vi="hai phiên bản có thời gian hiệu lực chồng nhau", en="two versions overlap"
            )
        same = later.entity_id == earlier.entity_id
        since = ordered[i].reconstituted_at if same else later.valid_from
        if later.reconstituted_at != since:
            ordered[i + 1] = replace(later, reconstituted_at=since)
    return tuple(ordered)


def _changed(
    before: dict[str, tuple[Agency, ...]],
    change: AgencyChange,
    registered: dict[str, tuple[Registration, ...]],
) -> dict[str, tuple[Agency, ...]]:
    """Return the versions of each touched code after the change, the oldest first."""
    versions = {code: {agency_content(each): each for each in old} for code, old in before.items()}
    for each in change.closed:
        if versions[each.code].pop(agency_content(each), None) is None:
            raise _contradiction(
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


def _unmarked(agency: Agency) -> Agency:
    return agency if agency.reconstituted_at is None else replace(agency, reconstituted_at=None)


def _place(
    codes: dict[str, Agency], several: dict[str, tuple[Agency, ...]], now: dict[str, tuple[Agency, ...]]
) -> None:
    for code, versions in now.items():
        several.pop(code, None)
        if not versions:
            codes.pop(code, None)
            continue
        codes[code] = versions[0]
        if len(versions) > 1:
            several[code] = versions


def _moments(versions: Iterable[Agency]) -> Counter[datetime]:
    """Count how many versions begin or end at each moment."""
    found: Counter[datetime] = Counter()
    for each in versions:
        if each.valid_from is not None:
            found[each.valid_from] += 1
        if each.valid_to is not None:
            found[each.valid_to] += 1
    return found


def _predecessors(versions: Iterable[Agency]) -> dict[str, tuple[Agency, ...]]:
    found: dict[str, list[Agency]] = {}
    for agency in versions:
        for successor in agency.successors:
            found.setdefault(successor, []).append(agency)
    return {code: tuple(sorted(each, key=_age)) for code, each in found.items()}


def _aliases(codes: dict[str, Agency], versions: Iterable[Agency]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    _add_aliases(aliases, codes, versions)
    return aliases


def _add_aliases(aliases: dict[str, str], codes: dict[str, Agency], versions: Iterable[Agency]) -> None:
    for agency in versions:
        for alias in agency.aliases:
            if alias in codes or aliases.setdefault(alias, agency.code) != agency.code:
                raise _ambiguous(alias)


def _ambiguous(alias: str) -> RegistryInconsistent:
    return _contradiction(
        alias, vi="mã cũ này dẫn tới nhiều hơn một cơ quan", en="this alias leads to more than one agency"
    )


def _contradiction(about: str, *, vi: str, en: str) -> RegistryInconsistent:
    return RegistryInconsistent(about=about, reason_vi=vi, reason_en=en)
