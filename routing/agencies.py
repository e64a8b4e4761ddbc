"""The directory: every version of every code and the systems connected for them, at one version of the registry.

Invariants: a `Directory` never changes after construction; the versions of a code do not overlap; an older form
(alias) leads to exactly one code, by table and never by rule; no two members own the same prefix. Whatever breaks
one of these is refused at construction. Intervals are half-open and in UTC: the instant belongs to the new
version.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Self

from routing.agency import Agency, entity_id, within
from routing.agency_change import AgencyChange
from routing.agency_index import AgencyIndex
from routing.members import Member, index_services, serving
from routing.nearest import nearest
from routing.registrations import Registration
from routing.registry_hash import Digests
from routing.status import Status
from schemas.codes import AgencyCode

__all__ = ["Agency", "AgencyChange", "Directory", "Member", "entity_id"]


class Directory:
    """All agencies and members of one registry version; an immutable snapshot that every thread may share."""

    __slots__ = ("_codes", "_digests", "_index", "_members", "_services", "_several", "sha256", "version")

    def __init__(
        self,
        version: int,
        sha256: str,
        agencies: Iterable[Agency] | AgencyIndex,
        members: Iterable[Member],
        *,
        digests: Digests | None = None,
    ) -> None:
        """Index the content.

        Raises:
            RegistryInconsistent: versions of a code overlap, an alias or a member's prefix is ambiguous, or a
                prefix is no code.

        """
        self.version: Final = version
        self.sha256: Final = sha256
        self._index: Final = agencies if isinstance(agencies, AgencyIndex) else AgencyIndex.of(agencies)
        self._codes: Final = self._index.codes
        self._several: Final = self._index.several
        self._members: Final = tuple(members)
        self._services: Final = index_services(self._members)
        self._digests = digests

    def __len__(self) -> int:
        """Return the number of codes, whether in force or not."""
        return len(self._index.codes)

    def after(self, change: AgencyChange, *, version: int, sha256: str | None = None) -> Self:
        """Return the directory with a change made, as `version`; without a `sha256` the hash is computed.

        Versions that are added get the certificates of their entities. Only the codes that the change touches are
        looked at.

        Raises:
            RegistryInconsistent: the change is one of another version or closes what is not there, or what comes
                out contradicts itself.

        """
        return self.moved(version=version, sha256=sha256, change=change)

    def moved(
        self,
        *,
        version: int,
        sha256: str | None = None,
        change: AgencyChange | None = None,
        certificates: Mapping[str, tuple[Registration, ...]] | None = None,
        members: Iterable[Member] | None = None,
    ) -> Self:
        """Return the directory as `version`: with a change made, and these certificates of entities and these members.

        Raises:
            RegistryInconsistent: see `after`; or the members contradict each other.

        """
        index = self._index if change is None else self._index.after(change, of=self.version)
        touched = set(() if change is None else change.codes)
        if certificates:
            touched |= {each.code for each in index if each.entity_id in certificates}
            index = index.certified(certificates)
        connected = self._members if members is None else tuple(members)
        digests = self._digests if sha256 is not None else self.digests()
        if digests is not None:
            digests = digests.after(
                closed=(each for code in touched for each in self.versions(code)),
                added=(each for code in touched for each in index.versions(code)),
                left=set(self._members).difference(connected),
                joined=set(connected).difference(self._members),
            )
            sha256 = sha256 or digests.sha256
        return type(self)(version, sha256 or "", index, connected, digests=digests)

    def digests(self) -> Digests:
        """Return the digests that the hash is made of; computed once, or derived from those of the directory before."""
        if self._digests is None:
            self._digests = Digests.of(self._index, self._members)
        return self._digests

    @property
    def registered(self) -> Mapping[str, tuple[Registration, ...]]:
        """The certificates of those entities that have any."""
        return MappingProxyType(self._index.registered)

    def agencies(self) -> Iterator[Agency]:
        """Yield every version of every code."""
        return iter(self._index)

    @property
    def members(self) -> tuple[Member, ...]:
        """The connected systems."""
        return self._members

    def versions(self, code: str) -> tuple[Agency, ...]:
        """Return every version of a canonical code, oldest first; empty when there is none."""
        return self._index.versions(code)

    def agency(self, code: str, at: datetime) -> Agency | None:
        """Return what the canonical code names at `at`, or None when it names nothing then."""
        # Written out, because every lookup comes here.
        only = self._codes.get(code)
        if only is None:
            return None
        if code in self._several:
            return next((each for each in self._several[code] if each.in_force(at)), None)
        return only if only.in_force(at) else None

    def canonical(self, code: AgencyCode) -> str | None:
        """Return the canonical form of a code as sent, or None when the registry does not know it.

        An older form is looked up, never computed: many units got codes that no rule leads to.
        """
        value = code.value
        return value if value in self._index.codes else self._index.aliases.get(value)

    def status(self, code: str, at: datetime) -> Status | None:
        """Return what a canonical code is at `at`; None for one that the registry does not know."""
        versions = self.versions(code)
        for version in versions:
            if within(at, version.valid_from, version.valid_to):
                return version.status
        if not versions:
            return None
        last = next((each for each in reversed(versions) if _ended(each, at)), None)
        if last is None:
            return Status.PLANNED
        return Status.MERGED if last.successors else Status.CLOSED

    def predecessors(self, code: str, at: datetime) -> tuple[Agency, ...]:
        """Return the versions that ended by `at` and name this canonical code as a successor, the oldest first."""
        return tuple(each for each in self._index.predecessors.get(code, ()) if _ended(each, at))

    def member_for(self, code: str, at: datetime) -> Member | None:
        """Return the system that serves a canonical code at `at`: the one with the longest matching prefix."""
        found = serving(code, self._services, lambda prefix: self._bearer(prefix, at))
        return None if found is None else found[1]

    def prefix_for(self, code: str, at: datetime) -> str | None:
        """Return the longest prefix, of those served at `at`, that a canonical code is or lies under."""
        found = serving(code, self._services, lambda prefix: self._bearer(prefix, at))
        return None if found is None else found[0]

    def _bearer(self, code: str, at: datetime) -> str | None:
        agency = self.agency(code, at)
        return None if agency is None else agency.entity_id

    def steady(self, at: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the half-open interval around `at` in which nothing begins or ends; None is an open end."""
        return self._index.around(at)

    def nearest(self, text: str, limit: int = 3, *, at: datetime | None = None) -> tuple[str, ...]:
        """Return up to `limit` codes that resemble `text`, only those in force when `at` is given."""
        return nearest(
            text,
            codes=self._index.codes,
            aliases=self._index.aliases,
            accept=lambda code: at is None or self.agency(code, at) is not None,
            limit=limit,
        )


def _ended(agency: Agency, at: datetime) -> bool:
    return agency.valid_to is not None and agency.valid_to <= at
