"""The registry's content by version: what is in force, and how one version becomes the next.

A row is in force for versions `since_version <= v < until_version`; a new version closes rows and adds rows
and leaves the others alone, so "what did we know then" can always be answered. Invariants: versions only
grow; a row's content never changes; a version's hash is that of the whole content it stands for
(`routing.registry_hash`), by the recipe that stands beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, TextClause, insert, select, text, update

from gateway.store.bulk import insert_rows
from gateway.store.errors import RegistryBusyError
from gateway.store.reading import CERTIFICATE, Head, in_force
from gateway.store.tables import certificate, registry_head, registry_preparation, registry_version
from routing.agencies import Directory
from routing.registration_record import registration_of, terms_of
from routing.registrations import Registration
from routing.registry_hash import RECIPE

_SLICE: Final = 500


class Look(NamedTuple):
    """The version in force, and the next one with the token of who prepares it, if all its rows are there already."""

    head: Head
    announced: Head | None
    token: str | None


_HEAD: Final = select(registry_head.c.version, registry_head.c.sha256)
_LOOK: Final = select(
    registry_head.c.version,
    registry_head.c.sha256,
    registry_preparation.c.version,
    registry_preparation.c.sha256,
    registry_preparation.c.token,
).select_from(
    registry_head.outerjoin(
        registry_preparation, registry_preparation.c.version == registry_head.c.version + 1
    )
)
# Locks of their own, not of the row: they are given in the order in which they were asked for, so that a change is not
# kept waiting by acceptances that follow each other without a gap, and an acceptance need not write to the row.
_KEY: Final = 0x72_65_67_69_73_74
_RELY: Final = text("SELECT pg_advisory_xact_lock_shared(:key)")
_CHANGE: Final = text("SELECT pg_advisory_xact_lock(:key)")


def head(connection: Connection) -> Head:
    """Return the version in force at this moment."""
    return Head(*connection.execute(_HEAD).one())


def look(connection: Connection) -> Look:
    """Return the version in force at this moment, and what is announced."""
    version, sha256, next_version, next_sha256, token = connection.execute(_LOOK).one()
    announced = None if next_sha256 is None else Head(next_version, next_sha256)
    return Look(Head(version, sha256), announced, token)


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
    columns = (certificate.c.id, *CERTIFICATE, certificate.c.pem)
    for row in in_force(connection, certificate, columns, version):
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


def activate(connection: Connection, now: datetime, made: Directory, *, actor: str, source: str) -> None:
    """Make a version, whose rows are there already, the one in force.

    Raises:
        RegistryBusyError: rows of another version in preparation are there too; nothing may be left of this one.

    """
    if connection.execute(select(registry_preparation.c.version)).one_or_none() is not None:
        raise RegistryBusyError
    connection.execute(update(registry_head).values(version=made.version, sha256=made.sha256))
    facts = {"version": made.version, "sha256": made.sha256, "activated_at": now, "recipe": RECIPE}
    connection.execute(insert(registry_version), {**facts, "actor": actor, "source": source})
