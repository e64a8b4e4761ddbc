"""What a change of the agencies comes to: the next version in memory, and the rows to close and to add for it.

Everything here happens before anything is written or locked. Invariant: a plan is one of a certain version, and what is
planned is what the rows will say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from gateway.records import Json
from gateway.store.quiet import quietly
from gateway.store.reading import Head
from gateway.store.tables import agency, certificate
from routing.agencies import Agency, AgencyChange, Directory
from routing.agency import agency_content

_SLICE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change upon `base`, with `made` as its outcome; `closed` and `gone` are rows of agencies and certificates."""

    base: Head
    made: Directory
    closed: list[int]
    gone: list[int]
    added: list[dict[str, Any]]
    agencies: int
    actor: str
    source: str
    change_id: str | None

    @property
    def size(self) -> int:
        """How many rows are written."""
        return len(self.closed) + len(self.gone) + len(self.added)

    @property
    def named(self) -> str:
        """What the version says that it was made of."""
        return self.source if self.change_id is None else source_of_change(self.change_id)

    def fields(self) -> dict[str, Json]:
        """Return what the entry about it says."""
        told: dict[str, Json] = {} if self.change_id is None else {"change": self.change_id}
        return {
            **told,
            "registry_version": self.made.version,
            "registry_sha256": self.made.sha256,
            "previous_sha256": self.base.sha256,
            "source_sha256": self.source,
            "actor": self.actor,
            "added": len(self.added),
            "closed": len(self.closed),
            "agencies": self.agencies,
        }


def source_of_change(change_id: str) -> str:
    """Name a change set as what a version of the registry was made of."""
    return f"change {change_id}"


def change_to(known: Directory, wanted: Iterable[Agency]) -> AgencyChange:
    """Return the change after which the agencies are these; their certificates are not looked at."""
    with quietly():
        new = {agency_content(each): each for each in wanted}
        closed = tuple(each for each in known.agencies() if new.pop(agency_content(each), None) is None)
        added = tuple(sorted(new.values(), key=lambda each: (each.code, str(each.valid_from or ""))))
        return AgencyChange(base_version=known.version, closed=closed, added=added)


def plan(
    connection: Connection,
    known: Directory,
    change: AgencyChange,
    *,
    actor: str,
    source: str,
    change_id: str | None,
) -> Plan:
    """Plan a change upon the version in memory.

    Raises:
        RegistryInconsistent: the change closes what is not there, or what comes out contradicts itself.

    """
    with quietly():
        # As the rows will give them back, so that memory and database agree to the letter.
        added = tuple(
            replace(each, aliases=tuple(sorted(each.aliases)), certificates=()) for each in change.added
        )
        version = known.version + 1
        made = known.after(replace(change, added=added), version=version)
        gone = known.registered.keys() - made.registered.keys()
        return Plan(
            base=Head(known.version, known.sha256),
            made=made,
            closed=_agency_rows(connection, known.version, change.closed),
            gone=_certificate_rows(connection, known.version, sorted(gone)),
            added=[agency_content(each)._asdict() for each in added],
            agencies=sum(1 for _ in made.agencies()),
            actor=actor,
            source=source,
            change_id=change_id,
        )


def _agency_rows(connection: Connection, version: int, closed: Sequence[Agency]) -> list[int]:
    """Return the rows of these versions of codes, which are there: no two of a code begin at the same time."""
    wanted = {(each.code, each.valid_from) for each in closed}
    codes = sorted({each.code for each in closed})
    until = agency.c.until_version
    found: list[int] = []
    for start in range(0, len(codes), _SLICE):
        query = select(agency.c.id, agency.c.code, agency.c.valid_from).where(
            agency.c.code.in_(codes[start : start + _SLICE]),
            agency.c.since_version <= version,
            or_(until.is_(None), until > version),
        )
        found += [row.id for row in connection.execute(query) if (row.code, row.valid_from) in wanted]
    return found


def _certificate_rows(connection: Connection, version: int, entities: Sequence[str]) -> list[int]:
    until = certificate.c.until_version
    found: list[int] = []
    for start in range(0, len(entities), _SLICE):
        query = select(certificate.c.id).where(
            certificate.c.entity_id.in_(entities[start : start + _SLICE]),
            certificate.c.since_version <= version,
            or_(until.is_(None), until > version),
        )
        found += connection.execute(query).scalars().all()
    return found
