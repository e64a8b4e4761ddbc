"""The registry's content by version: what is in force, and how one version becomes the next.

A row is in force for versions `since_version <= v < until_version`; a new version closes rows and adds rows
and leaves the others alone, so "what did we know then" can always be answered. Invariants: versions only
grow; a row's content never changes; a version's hash is that of the whole content it stands for
(`routing.agencies.registry_sha256`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Table, TextClause, insert, or_, select, text, update

from gateway.store.bulk import insert_rows
from gateway.store.tables import agency, certificate, member, registry_head, registry_version
from routing.agencies import Agency, Directory, Member
from routing.agency import AgencyContent, agency_content
from routing.agency_change import AgencyChange
from routing.errors import RegistryInconsistent
from routing.registration_record import registration_of, terms_of
from routing.registrations import Registration
from routing.registry_hash import registry_sha256
from routing.status import Status

_AGENCY: Final[tuple[Column[Any], ...]] = tuple(
    agency.c[name]
    for name in (
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
)
_CERTIFICATE: Final[tuple[Column[Any], ...]] = tuple(
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
_SLICE: Final = 500


class Head(NamedTuple):
    """The version of the registry that is in force."""

    version: int
    sha256: str


class Change(NamedTuple):
    """How many rows a change adds and closes."""

    added: int
    closed: int


_HEAD: Final = select(registry_head.c.version, registry_head.c.sha256)
# Locks of their own, not of the row: they are given in the order in which they were asked for, so that a change is not
# kept waiting by acceptances that follow each other without a gap, and an acceptance need not write to the row.
_KEY: Final = 0x72_65_67_69_73_74
_RELY: Final = text("SELECT pg_advisory_xact_lock_shared(:key)")
_CHANGE: Final = text("SELECT pg_advisory_xact_lock(:key)")


def head(connection: Connection) -> Head:
    """Return the version in force at this moment."""
    return Head(*connection.execute(_HEAD).one())


def head_to_rely_on(connection: Connection) -> Head:
    """Return the version in force, which stays in force until this transaction ends."""
    return _locked_head(connection, _RELY)


def head_to_change(connection: Connection) -> Head:
    """Return the version in force; nobody else makes or relies on one until this transaction ends."""
    return _locked_head(connection, _CHANGE)


def _locked_head(connection: Connection, lock: TextClause) -> Head:
    if connection.dialect.name == "postgresql":
        connection.execute(lock, {"key": _KEY})
    return head(connection)


def directory(connection: Connection, at: Head) -> Directory:
    """Return the directory of one version."""
    agencies, members = content(connection, at.version)
    return Directory(at.version, at.sha256, agencies, members)


def content(connection: Connection, version: int) -> tuple[list[Agency], list[Member]]:
    """Return all agencies, with the certificates of their entities, and all members of one version."""
    bindings: defaultdict[str, list[Registration]] = defaultdict(list)
    for row in _in_force(connection, certificate, _CERTIFICATE, version):
        facts = row._asdict()
        bindings[facts.pop("entity_id")].append(registration_of(**facts))
    agencies = [_agency(row, bindings) for row in _in_force(connection, agency, _AGENCY, version)]
    members = [_member(row) for row in _in_force(connection, member, _MEMBER, version)]
    return agencies, members


def _agency(row: Any, bindings: Mapping[str, list[Registration]]) -> Agency:  # noqa: ANN401 - a row of _AGENCY
    code, entity_id, name, parent, kind, valid_from, valid_to, successors, aliases, status, forward_until = (
        row
    )
    return Agency(
        code=code,
        entity_id=entity_id,
        name=name,
        parent=parent,
        kind=kind,
        valid_from=valid_from,
        valid_to=valid_to,
        successors=tuple(successors),
        aliases=tuple(aliases),
        certificates=tuple(bindings.get(entity_id, ())),
        status=Status(status),
        forward_until=forward_until,
    )


def _member(row: Any) -> Member:  # noqa: ANN401 - a row of _MEMBER
    member_id, name, prefixes, queue, gateway, entities = row
    return Member(
        id=member_id,
        name=name,
        prefixes=tuple(prefixes),
        queue=queue,
        gateway=gateway,
        entities=tuple(entities),
    )


def replace_agencies(connection: Connection, version: int, wanted: set[AgencyContent]) -> Change:
    """Make `wanted` the agencies from `version` on; certificates of entities that are gone are closed with them."""
    current = {
        AgencyContent._make((*facts, tuple(successors), tuple(aliases), status, forward_until)): row_id
        for row_id, *facts, successors, aliases, status, forward_until in _in_force(
            connection, agency, (agency.c.id, *_AGENCY), version - 1
        )
    }
    closed = [row_id for each, row_id in current.items() if each not in wanted]
    added = sorted(wanted - current.keys(), key=lambda each: (each.code, str(each.valid_from or "")))
    close(connection, agency, closed, version)
    add(connection, agency, [each._asdict() for each in added], version)
    if closed:
        entities = {each.entity_id for each in wanted}
        rows = _in_force(connection, certificate, (certificate.c.id, certificate.c.entity_id), version - 1)
        close(connection, certificate, [row_id for row_id, entity in rows if entity not in entities], version)
    return Change(added=len(added), closed=len(closed))


def change_agencies(connection: Connection, version: int, change: AgencyChange) -> Change:
    """Close and add these agencies from `version` on; certificates of entities that are gone are closed with them.

    Raises:
        RegistryInconsistent: what is to be closed is not there.

    """
    ids = _row_ids(connection, version - 1, {agency_content(each) for each in change.closed})
    close(connection, agency, ids, version)
    add(connection, agency, [agency_content(each)._asdict() for each in change.added], version)
    ended = {each.entity_id for each in change.closed}
    if ended:
        rows = _in_force(connection, certificate, (certificate.c.id, certificate.c.entity_id), version)
        held = {row_id: entity for row_id, entity in rows if entity in ended}
        left = {entity for (entity,) in _in_force(connection, agency, (agency.c.entity_id,), version)}
        gone = [row_id for row_id, entity in held.items() if entity not in left]
        close(connection, certificate, gone, version)
    return Change(added=len(change.added), closed=len(ids))


def _row_ids(connection: Connection, version: int, wanted: set[AgencyContent]) -> list[int]:
    found = {
        AgencyContent._make((*facts, tuple(successors), tuple(aliases), status, forward_until)): row_id
        for row_id, *facts, successors, aliases, status, forward_until in _in_force(
            connection, agency, (agency.c.id, *_AGENCY), version
        )
    }
    missing = wanted - found.keys()
    if missing:
        raise RegistryInconsistent(
            about=min(each.code for each in missing),
            reason_vi="phiên bản cần đóng không có",
            reason_en="the version to be closed is not there",
        )
    return [found[each] for each in wanted]


def add_registration(
    connection: Connection, version: int, *, entity_id: str, registration: Registration, pem: bytes
) -> None:
    """Register a certificate from `version` on."""
    facts = {
        "entity_id": entity_id,
        "certificate_sha256": registration.certificate_sha256,
        "spki_sha256": registration.spki_sha256,
        "valid_from": registration.valid_from,
        "valid_to": registration.valid_to,
        "certificate_ends": registration.certificate_ends,
        "terms": terms_of(registration),
        "pem": pem,
    }
    add(connection, certificate, [facts], version)


def registration_rows(
    connection: Connection, version: int, entity_id: str
) -> list[tuple[int, Registration, bytes]]:
    """Return the registrations of an entity in a version, each with its row and its certificate."""
    rows = []
    columns = (certificate.c.id, *_CERTIFICATE, certificate.c.pem)
    for row in _in_force(connection, certificate, columns, version):
        facts = row._asdict()
        row_id, owner, pem = facts.pop("id"), facts.pop("entity_id"), facts.pop("pem")
        if owner == entity_id:
            rows.append((row_id, registration_of(**facts), pem))
    return rows


def add(connection: Connection, table: Table, rows: list[dict[str, Any]], version: int) -> None:
    """Insert rows that are in force from `version` on."""
    insert_rows(connection, table, [{**row, "since_version": version} for row in rows])


def close(connection: Connection, table: Table, ids: list[int], version: int) -> None:
    """End rows: they are in force up to the version before `version`."""
    for start in range(0, len(ids), _SLICE):
        connection.execute(
            update(table).where(table.c.id.in_(ids[start : start + _SLICE])).values(until_version=version)
        )


def activate(connection: Connection, now: datetime, version: int, *, actor: str, source: str) -> Directory:
    """Make `version`, whose rows are there already, the one in force, and return its directory.

    Raises:
        RegistryInconsistent: its content contradicts itself.

    """
    agencies, members = content(connection, version)
    sha256 = registry_sha256(agencies, members)
    made = Directory(version, sha256, agencies, members)
    connection.execute(update(registry_head).values(version=version, sha256=sha256))
    connection.execute(
        insert(registry_version),
        {"version": version, "sha256": sha256, "activated_at": now, "actor": actor, "source": source},
    )
    return made


def _in_force(
    connection: Connection, table: Table, columns: Iterable[Column[Any]], version: int
) -> Iterable[Any]:
    until = table.c.until_version
    query = select(*columns).where(table.c.since_version <= version, or_(until.is_(None), until > version))
    return connection.execute(query.order_by(table.c.id))
