"""Reading the registry's content: a whole version, or what changed between two.

There are a hundred thousand agencies, so their rows are read past SQLAlchemy's, in portions that keep nobody waiting, and
equal values are one object in memory. Invariant: what became of a directory by reading changes is what reading it whole
gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Table, and_, or_, select

from gateway.store.columns import EPOCH
from gateway.store.quiet import quietly
from gateway.store.tables import certificate, member
from routing.agencies import Agency, AgencyChange, Directory, Member
from routing.agency import recalled
from routing.registration_record import registration_of
from routing.registrations import Registration
from routing.status import Status

AGENCY: Final = (
    "code",
    "entity_id",
    "name",
    "parent",
    "kind",
    "valid_from",
    "valid_to",
    "successors",
    "aliases",
    "status",
    "forward_until",
)
CERTIFICATE: Final[tuple[Column[Any], ...]] = tuple(
    certificate.c[name]
    for name in (
        "entity_id",
        "certificate_sha256",
        "spki_sha256",
        "valid_from",
        "valid_to",
        "certificate_ends",
        "terms",
    )
)
_MEMBER: Final[tuple[Column[Any], ...]] = tuple(
    member.c[name] for name in ("member_id", "name", "prefixes", "queue", "gateway", "entities")
)
_PORTION: Final = 500
_PAGE: Final = 10_000
_codes_of: Final = msgspec.json.Decoder(tuple[str, ...]).decode


class Head(NamedTuple):
    """A version of the registry, by its number and hash."""

    version: int
    sha256: str


def read_directory(connection: Connection, at: Head) -> Directory:
    """Return the directory of one version."""
    with quietly():
        return Directory(at.version, at.sha256, *read_content(connection, at.version))


def read_content(connection: Connection, version: int) -> tuple[list[Agency], list[Member]]:
    """Return all agencies, with the certificates of their entities, and all members of one version."""
    bindings = _registrations(in_force(connection, certificate, CERTIFICATE, version))
    agencies = list(_agencies(_all_rows(connection, version), bindings))
    return agencies, _members(connection, version)


def read_changes(connection: Connection, known: Directory, at: Head) -> Directory:
    """Return the directory of one version from an earlier one that is in memory, reading only what changed.

    Raises:
        RegistryInconsistent: what is in memory is not what the database holds of that version.

    """
    since, until = known.version, at.version
    with quietly():
        new, old = (f"> {since:d}", f"<= {until:d}")
        gone = f"until_version {new} AND until_version {old} AND since_version <= {since:d}"
        come = (
            f"since_version {new} AND since_version {old} "
            f"AND (until_version IS NULL OR until_version > {until:d})"
        )
        change = AgencyChange(
            base_version=since,
            closed=tuple(_agencies(_rows(connection, gone), {})),
            added=tuple(_agencies(_rows(connection, come), {})),
        )
        return known.moved(
            version=until,
            sha256=at.sha256,
            change=change if change.closed or change.added else None,
            certificates=_certificates_changed(connection, since, until),
            members=_members(connection, until) if _touched(connection, member, since, until) else None,
        )


def in_force(
    connection: Connection, table: Table, columns: Iterable[Column[Any]], version: int
) -> Iterable[Any]:
    """Return these columns of the rows that are in force in a version, in the order in which they were added."""
    until = table.c.until_version
    query = select(*columns).where(table.c.since_version <= version, or_(until.is_(None), until > version))
    return connection.execute(query.order_by(table.c.id))


def _agencies(
    rows: Iterable[Sequence[Any]], bindings: dict[str, tuple[Registration, ...]]
) -> Iterator[Agency]:
    shared = _Shared()
    moments = _Moments({None: None})
    states = {each.value: each for each in Status}
    for row in rows:
        code, entity_id, name, parent, kind, start, end, successors, aliases, status, forward, _ = row
        yield recalled(
            (
                code,
                entity_id,
                name,
                shared[parent],
                shared[kind],
                moments[start],
                moments[end],
                () if successors == "[]" else _codes_of(successors),
                () if aliases == "[]" else _codes_of(aliases),
                bindings.get(entity_id, ()),
                states[status],
                moments[forward],
            )
        )


class _Shared(dict[str | None, str | None]):
    """One object for each text that many have."""

    def __missing__(self, text: str | None) -> str | None:
        self[text] = text
        return text


class _Moments(dict[int | None, datetime | None]):
    """One object for each moment."""

    def __missing__(self, microseconds: int) -> datetime:
        moment = self[microseconds] = EPOCH + timedelta(microseconds=microseconds)
        return moment


def _all_rows(connection: Connection, version: int) -> Iterator[Sequence[Any]]:
    """Yield the rows of a version, page by page: PostgreSQL's library keeps all that it was asked for in memory at once."""
    condition = f"since_version <= {version:d} AND (until_version IS NULL OR until_version > {version:d})"
    last, found = 0, _PAGE
    while found == _PAGE:
        found = 0
        page = _rows(connection, f"{condition} AND id > {last:d}", limit=_PAGE)
        for found, row in enumerate(page, start=1):  # noqa: B007 - counts the page
            yield row
            last = row[-1]


def _rows(connection: Connection, condition: str, *, limit: int | None = None) -> Iterator[Sequence[Any]]:
    """Yield rows with the columns `AGENCY` and their number, in the order in which they were added."""
    end = "" if limit is None else f" LIMIT {limit:d}"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"SELECT {', '.join(AGENCY)}, id FROM agency WHERE {condition} ORDER BY id{end}")  # noqa: S608 - our own names and numbers
        while rows := cursor.fetchmany(_PORTION):
            yield from rows
    finally:
        cursor.close()


def _registrations(rows: Iterable[Any]) -> dict[str, tuple[Registration, ...]]:
    """Return the registrations of each entity."""
    found: defaultdict[str, list[Registration]] = defaultdict(list)
    for row in rows:
        facts = row._asdict()
        found[facts.pop("entity_id")].append(registration_of(**facts))
    return {entity: tuple(each) for entity, each in found.items()}


def _certificates_changed(
    connection: Connection, since: int, until: int
) -> dict[str, tuple[Registration, ...]]:
    """Return all registrations of those entities of which one came or went."""
    entities = {row.entity_id for row in _touched(connection, certificate, since, until)}
    if not entities:
        return {}
    rows = in_force(connection, certificate, CERTIFICATE, until)
    return dict.fromkeys(entities, ()) | _registrations(row for row in rows if row.entity_id in entities)


def _touched(connection: Connection, table: Table, since: int, until: int) -> Sequence[Any]:
    """Return the rows that came or went after one version and up to another."""
    came, went = table.c.since_version, table.c.until_version
    return connection.execute(
        select(table).where(or_(and_(came > since, came <= until), and_(went > since, went <= until)))
    ).all()


def _members(connection: Connection, version: int) -> list[Member]:
    return [
        Member(
            id=member_id,
            name=name,
            prefixes=tuple(prefixes),
            queue=queue,
            gateway=gateway,
            entities=tuple(entities),
        )
        for member_id, name, prefixes, queue, gateway, entities in in_force(
            connection, member, _MEMBER, version
        )
    ]
