"""What a directory looks codes up in, built from all versions or, for a change of few codes, from the index before.

Invariants: an index never changes after it was made; built from all versions or by way of any changes, it answers
alike. The versions of a code do not overlap, and an older form (alias) leads to exactly one code.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from routing.agency import Agency
from routing.agency_change import AgencyChange
from routing.agency_versions import age, by_code, changed, contradiction
from routing.errors import RegistryInconsistent
from routing.registrations import Registration


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
        codes, several = by_code(agencies)
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
            raise contradiction(
                str(change.base_version),
                vi=f"thay đổi này dành cho phiên bản khác, không phải {of}",
                en=f"the change is one of another version, not of {of}",
            )
        before = {code: self.versions(code) for code in change.codes}
        made = self._with(changed(before, change, self.registered))
        return made.forgetting(each.entity_id for each in change.closed)

    def certified(self, certificates: Mapping[str, tuple[Registration, ...]]) -> Self:
        """Return the index where these entities have these certificates, instead of those that they had."""
        now: dict[str, tuple[Agency, ...]] = {}
        for each in self:
            wanted = certificates.get(each.entity_id)
            if wanted is not None and each.certificates != wanted:
                of_code = now.get(each.code) or self.versions(each.code)
                now[each.code] = tuple(
                    replace(version, certificates=wanted) if version.entity_id == each.entity_id else version
                    for version in of_code
                )
        return self._with(now)

    def _with(self, now: Mapping[str, tuple[Agency, ...]]) -> Self:
        """Return the index where these codes have these versions."""
        old = tuple(each for code in now for each in self.versions(code))
        new = tuple(each for versions in now.values() for each in versions)
        codes, several = self.codes.copy(), self.several.copy()
        _place(codes, several, now)
        before, after = _moments(old), _moments(new)
        moments = self.moments
        if before != after:
            moments = self.moments.copy()
            moments.subtract(before)
            moments = moments + after
        same = moments.keys() == self.moments.keys()
        return type(self)(
            codes=codes,
            several=several,
            aliases=self._aliases_after(codes, old, new),
            predecessors=self._predecessors_after(old, new),
            registered=self._registered_after(old, new),
            moments=moments,
            instants=self.instants if same else sorted(moments),
        )

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
            found = tuple(sorted((*kept, *added.get(code, ())), key=age))
            if found:
                predecessors[code] = found
            else:
                predecessors.pop(code, None)
        return predecessors

    def _registered_after(
        self, old: tuple[Agency, ...], new: tuple[Agency, ...]
    ) -> dict[str, tuple[Registration, ...]]:
        # Who is among the old only may have versions of other codes, and keeps what it has.
        found = {each.entity_id: each.certificates for each in new}
        if not any(each.certificates for each in (*old, *new)):
            return self.registered
        return {entity: each for entity, each in (self.registered | found).items() if each}

    def forgetting(self, entities: Iterable[str]) -> Self:
        """Return the index without the certificates of those of these entities that have no version left."""
        gone = self.registered.keys() & set(entities)
        if gone:
            gone -= {each.entity_id for each in self}
        if not gone:
            return self
        return replace(
            self, registered={entity: each for entity, each in self.registered.items() if entity not in gone}
        )


def _all(codes: dict[str, Agency], several: dict[str, tuple[Agency, ...]]) -> Iterator[Agency]:
    for code, agency in codes.items():
        versions = several.get(code)
        if versions is None:
            yield agency
        else:
            yield from versions


def _place(
    codes: dict[str, Agency], several: dict[str, tuple[Agency, ...]], now: Mapping[str, tuple[Agency, ...]]
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
    return {code: tuple(sorted(each, key=age)) for code, each in found.items()}


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
    return contradiction(
        alias, vi="mã cũ này dẫn tới nhiều hơn một cơ quan", en="this alias leads to more than one agency"
    )
