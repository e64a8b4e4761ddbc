"""The rows behind parked documents: how they come to be, are found and become records, and whose keys they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Column, Connection, bindparam, delete, func, select, tuple_, update

from gateway.parked import Parked, ParkedItem, ParkedState, Parking, Road
from gateway.ports import KeyConflictError, NoRoomError, StillParkedError
from gateway.records import IdempotencyKey
from gateway.store.bulk import insert_rows
from gateway.store.tables import first_seen, idempotency, parked

FIELDS: Final = tuple(field.name for field in fields(Parked))
COLUMNS: Final[tuple[Column[Any], ...]] = tuple(parked.c[name] for name in FIELDS)
KEY_COLUMNS: Final[tuple[Column[Any], ...]] = tuple(
    parked.c[name] for name in ("id", "member_id", "sender_code", "document_id", "sha256", "key")
)

_KEY: Final = (idempotency.c.scope, idempotency.c.owner, idempotency.c.key)
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_ONE: Final = select(*COLUMNS).where(parked.c.id == bindparam("row_id"))
_FILLED: Final = select(func.count(), func.coalesce(func.sum(parked.c.size), 0)).where(
    parked.c.member_id == bindparam("owner"),
    parked.c.road == bindparam("by"),
    parked.c.state == ParkedState.PARKED.value,
)
_HELD: Final = (
    select(parked.c.id, parked.c.fence)
    .where(
        parked.c.id.in_(_IDS), parked.c.state == ParkedState.PARKED.value, parked.c.lease_until.is_not(None)
    )
    .order_by(parked.c.id)
    .with_for_update()
)
_ACCEPT: Final = (
    update(parked)
    .where(parked.c.id.in_(_IDS))
    .values(state=ParkedState.ACCEPTED.value, decided_at=bindparam("now"), body=None, lease_until=None)
)


def park(connection: Connection, now: datetime, item: Parking) -> tuple[Parked | Exception, bool]:
    """Insert one parked document with its keys; return it, or why not with nothing written, and whether it is new."""
    about = _moved(item.parked, now)
    before = find(connection, document_id=about.id)
    if before is not None:
        return before, False
    facts = {"owner": about.member_id, "by": about.road.value}
    documents, size = connection.execute(_FILLED, facts).one()
    taken = _taken(connection, item.keys)
    if taken:
        return _why_not(taken, about.sha256), False
    if documents >= item.room.documents or int(size) + about.size > item.room.size:
        return NoRoomError(), False
    keys = [
        {
            "scope": key.scope,
            "owner": key.owner,
            "key": key.key,
            "sha256": about.sha256,
            "message_id": about.id,
        }
        for key in sorted(item.keys, key=lambda key: (key.scope, key.owner, key.key))
    ]
    if insert_rows(connection, idempotency, keys, skip=True) != len(keys):
        # Another process was faster with one of them.
        taken = [row for row in _taken(connection, item.keys) if row.message_id != about.id]
        _free(connection, about.id, item.keys)
        return _why_not(taken, about.sha256), False
    insert_rows(connection, parked, [_row(about, item)])
    note_first(connection, now, {about.sha256})
    return about, True


def find(connection: Connection, *, document_id: str) -> Parked | None:
    """Return a document that is or was parked."""
    row = connection.execute(_ONE, {"row_id": document_id}).one_or_none()
    return None if row is None else parked_of(row)


def find_under(connection: Connection, *, keys: Sequence[IdempotencyKey], sha256: str) -> Parked | None:
    """Return what is parked for these bytes under one of these keys."""
    taken = _taken(connection, keys)
    if not taken or any(row.sha256 != sha256 for row in taken):
        return None
    found = find(connection, document_id=min(row.message_id for row in taken))
    return found if found is not None and found.state is ParkedState.PARKED else None


def not_held(connection: Connection, fences: dict[str, int]) -> set[str]:
    """Lock parked documents that are to be accepted, and return those that are not held under these fences."""
    held = {(row.id, row.fence) for row in connection.execute(_HELD, {"ids": list(fences)})}
    return {name for name, fence in fences.items() if (name, fence) not in held}


def mark_accepted(connection: Connection, now: datetime, ids: Iterable[str]) -> None:
    """End the being parked of documents that are accepted in this transaction."""
    connection.execute(_ACCEPT, {"ids": list(ids), "now": now})


def free_keys(connection: Connection, row: Any) -> None:  # noqa: ANN401 - a row of KEY_COLUMNS
    """Free the keys of a document that will not be accepted, so that it can be sent again."""
    keys = [
        IdempotencyKey(scope="body", owner=row.member_id, key=row.sha256),
        IdempotencyKey(scope="document-id", owner=row.sender_code, key=row.document_id),
    ]
    if row.key is not None:
        keys.append(IdempotencyKey(scope="key", owner=row.member_id, key=row.key))
    _free(connection, row.id, keys)


def note_first(connection: Connection, now: datetime, hashes: Iterable[str]) -> None:
    """Remember when bytes were first seen."""
    insert_rows(connection, first_seen, [{"sha256": each, "at": now} for each in sorted(hashes)], skip=True)


def parked_of(row: Any) -> Parked:  # noqa: ANN401 - a row with COLUMNS
    """Return the record of a row."""
    facts = {name: getattr(row, name) for name in FIELDS}
    return Parked(**facts | {"road": Road(row.road), "state": ParkedState(row.state)})


def item_of(row: Any, now: datetime) -> ParkedItem:  # noqa: ANN401 - a whole row, as it was before its lease
    """Return what its claim leases."""
    about = parked_of(row)
    return ParkedItem(
        parked=replace(about, attempts=about.attempts + 1),
        fence=row.fence + 1,
        claimed_at=now,
        credential_id=row.credential_id,
        key=row.key,
        body=row.body,
        queue=row.queue,
        deliver_by=row.deliver_by,
    )


def _moved(source: Parked, now: datetime) -> Parked:
    shift = now - source.received_at
    return replace(
        source,
        received_at=now,
        keep_until=source.keep_until + shift,
        next_at=source.next_at + shift,
    )


def _row(about: Parked, item: Parking) -> dict[str, Any]:
    facts = {name: getattr(about, name) for name in FIELDS}
    return facts | {
        "road": about.road.value,
        "state": about.state.value,
        "credential_id": item.credential_id,
        "key": item.key,
        "body": item.body,
        "queue": item.queue,
        "deliver_by": item.deliver_by,
        "fence": 0,
    }


def _taken(connection: Connection, keys: Sequence[IdempotencyKey]) -> list[Any]:
    wanted = [(key.scope, key.owner, key.key) for key in keys]
    return list(connection.execute(select(idempotency).where(tuple_(*_KEY).in_(wanted)))) if wanted else []


def _why_not(taken: Sequence[Any], sha256: str) -> Exception:
    other = next((row for row in taken if row.sha256 != sha256), None)
    if other is not None:
        return KeyConflictError(scope=other.scope, message_id=other.message_id)
    return StillParkedError(message_id=min(row.message_id for row in taken))


def _free(connection: Connection, message_id: str, keys: Sequence[IdempotencyKey]) -> None:
    wanted = [(key.scope, key.owner, key.key) for key in keys]
    connection.execute(
        delete(idempotency).where(tuple_(*_KEY).in_(wanted), idempotency.c.message_id == message_id)
    )
