"""Agencies, the systems connected for them, and the directory of both at one version of the registry.

Codes follow QĐ 20/2020/QĐ-TTg: dotted groups, level 1 first. The same code string may name different bodies
over time (QĐ 09/2025/QĐ-TTg: a merged province keeps one predecessor's code), so an `Agency` is one
*version* of a code: what it names, from when, until when, and which entity that is. Credentials and
certificates belong to the entity.

Invariants of a `Directory`: it never changes after construction; the versions of a code do not overlap; an
older form (alias) leads to exactly one code, by table and never by rule; no two members own the same
prefix. Whatever breaks one of these is refused at construction. Intervals are half-open and in UTC: the
instant belongs to the new version.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from routing.errors import RegistryInconsistent
from routing.members import Member, index_services, serving
from routing.nearest import nearest
from routing.registrations import Registration, check_window
from routing.status import VERSION_STATUSES, Status
from schemas.codes import AgencyCode

__all__ = ["Agency", "Directory", "Member", "entity_id"]

_EARLIEST = datetime.min.replace(tzinfo=UTC)


def _within(at: datetime, valid_from: datetime | None, valid_to: datetime | None) -> bool:
    return (valid_from is None or valid_from <= at) and (valid_to is None or at < valid_to)


def entity_id(code: str, valid_from: datetime | None) -> str:
    """Return the identity of the entity that takes the code at `valid_from`, the same on every load.

    A UUID of version 5 (RFC 9562 §5.5); two loads of one list agree on who is who without asking each other.
    """
    since = "" if valid_from is None else valid_from.isoformat()
    return str(uuid5(NAMESPACE_URL, f"urn:vanthu:agency:{code}:{since}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """What a code names in [valid_from, valid_to); None is an open end.

    `successors` are codes, the default first. `aliases` are older forms of the code. `certificates` are
    the registrations of the entity, the same on each of its versions. `status` is what the code is in this
    interval. Until `forward_until`, what is sent to the code after its end goes to its one successor; None
    means that it is refused. `reconstituted_at` is the moment when this entity took the code over from
    another one; the `Directory` derives it from the versions of the code, whatever it was given.
    """

    code: str
    entity_id: str
    name: str
    parent: str | None
    kind: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    successors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    certificates: tuple[Registration, ...] = ()
    status: Status = Status.ACTIVE
    forward_until: datetime | None = None
    reconstituted_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse naive times, empty intervals, and what no version can be."""
        check_window(self.valid_from, self.valid_to)
        if self.status not in VERSION_STATUSES:
            raise ValueError(f"a version of a code is never {self.status}")

    def in_force(self, at: datetime) -> bool:
        """Tell whether the code names this entity at `at`, be it suspended or not."""
        return self.status is not Status.ANNULLED and _within(at, self.valid_from, self.valid_to)


class Directory:
    """All agencies and members of one registry version; an immutable snapshot that every thread may share."""

    __slots__ = (
        "_aliases",
        "_codes",
        "_instants",
        "_members",
        "_predecessors",
        "_services",
        "_several",
        "sha256",
        "version",
    )

    def __init__(
        self, version: int, sha256: str, agencies: Iterable[Agency], members: Iterable[Member]
    ) -> None:
        """Index the content.

        Raises:
            RegistryInconsistent: versions of a code overlap, an alias or a member's prefix is ambiguous, or a
                prefix is no code.

        """
        self.version: Final = version
        self.sha256: Final = sha256
        self._codes, self._several = _index_codes(agencies)
        self._aliases: Final = _index_aliases(self._codes, self.agencies())
        self._members: Final = tuple(members)
        self._services: Final = index_services(self._members)
        self._predecessors: Final = _index_predecessors(self.agencies())
        self._instants: Final = _instants(self.agencies())

    def __len__(self) -> int:
        """Return the number of codes, whether in force or not."""
        return len(self._codes)

    def agencies(self) -> Iterator[Agency]:
        """Yield every version of every code."""
        for code in self._codes:
            yield from self.versions(code)

    @property
    def members(self) -> tuple[Member, ...]:
        """The connected systems."""
        return self._members

    def versions(self, code: str) -> tuple[Agency, ...]:
        """Return every version of a canonical code, oldest first; empty when there is none."""
        several = self._several.get(code)
        if several is not None:
            return several
        only = self._codes.get(code)
        return () if only is None else (only,)

    def agency(self, code: str, at: datetime) -> Agency | None:
        """Return what the canonical code names at `at`, or None when it names nothing then."""
        for agency in self.versions(code):
            if agency.in_force(at):
                return agency
        return None

    def canonical(self, code: AgencyCode) -> str | None:
        """Return the canonical form of a code as sent, or None when the registry does not know it.

        An older form is looked up, never computed: many units got codes that no rule leads to.
        """
        value = code.value
        return value if value in self._codes else self._aliases.get(value)

    def status(self, code: str, at: datetime) -> Status | None:
        """Return what a canonical code is at `at`; None for one that the registry does not know."""
        versions = self.versions(code)
        for version in versions:
            if _within(at, version.valid_from, version.valid_to):
                return version.status
        if not versions:
            return None
        last = next((each for each in reversed(versions) if _ended(each, at)), None)
        if last is None:
            return Status.PLANNED
        return Status.MERGED if last.successors else Status.CLOSED

    def predecessors(self, code: str, at: datetime) -> tuple[Agency, ...]:
        """Return the versions that ended by `at` and name this canonical code as a successor, the oldest first."""
        return tuple(each for each in self._predecessors.get(code, ()) if _ended(each, at))

    def member_for(self, code: str, at: datetime) -> Member | None:
        """Return the system that serves a canonical code at `at`: the one with the longest matching prefix."""
        found = self._serving(code, at)
        return None if found is None else found[1]

    def prefix_for(self, code: str, at: datetime) -> str | None:
        """Return the longest prefix, of those served at `at`, that a canonical code is or lies under."""
        found = self._serving(code, at)
        return None if found is None else found[0]

    def _serving(self, code: str, at: datetime) -> tuple[str, Member] | None:
        def bearer(prefix: str) -> str | None:
            agency = self.agency(prefix, at)
            return None if agency is None else agency.entity_id

        return serving(code, self._services, bearer)

    def steady(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the half-open interval around `at` in which nothing begins or ends; None is an open end."""
        place = bisect_right(self._instants, at)
        since = self._instants[place - 1] if place else None
        return since, self._instants[place] if place < len(self._instants) else None

    def nearest(self, text: str, limit: int = 3, *, at: datetime | None = None) -> tuple[str, ...]:
        """Return up to `limit` codes that resemble `text`, only those in force when `at` is given."""
        return nearest(
            text,
            codes=self._codes,
            aliases=self._aliases,
            accept=lambda code: at is None or self.agency(code, at) is not None,
            limit=limit,
        )


def _ended(agency: Agency, at: datetime) -> bool:
    return agency.valid_to is not None and agency.valid_to <= at


def _index_predecessors(versions: Iterable[Agency]) -> dict[str, tuple[Agency, ...]]:
    found: dict[str, list[Agency]] = {}
    for agency in versions:
        for successor in agency.successors:
            found.setdefault(successor, []).append(agency)
    return {code: tuple(sorted(each, key=_begin)) for code, each in found.items()}


def _instants(versions: Iterable[Agency]) -> list[datetime]:
    """Return, in order, every moment at which a version of a code begins or ends."""
    found = {moment for each in versions for moment in (each.valid_from, each.valid_to) if moment is not None}
    return sorted(found)


def _begin(agency: Agency) -> datetime:
    return agency.valid_from or _EARLIEST


def _contradiction(about: str, *, vi: str, en: str) -> RegistryInconsistent:
    return RegistryInconsistent(about=about, reason_vi=vi, reason_en=en)


def _index_codes(agencies: Iterable[Agency]) -> tuple[dict[str, Agency], dict[str, tuple[Agency, ...]]]:
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
    ordered = sorted(versions, key=_begin)
    for i, (earlier, later) in enumerate(pairwise(ordered)):
        if earlier.valid_to is None or later.valid_from is None or later.valid_from < earlier.valid_to:
            raise _contradiction(
                later.code, vi="hai phiên bản có thời gian hiệu lực chồng nhau", en="two versions overlap"
            )
        same = later.entity_id == earlier.entity_id
        since = ordered[i].reconstituted_at if same else later.valid_from
        ordered[i + 1] = replace(later, reconstituted_at=since)
    return tuple(ordered)


def _index_aliases(codes: dict[str, Agency], versions: Iterable[Agency]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for agency in versions:
        for alias in agency.aliases:
            if alias in codes or aliases.setdefault(alias, agency.code) != agency.code:
                raise _contradiction(
                    alias,
                    vi="mã cũ này dẫn tới nhiều hơn một cơ quan",
                    en="this alias leads to more than one agency",
                )
    return aliases
