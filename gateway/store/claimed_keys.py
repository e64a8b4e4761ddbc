"""Idempotency keys: which are claimed for what is to be accepted, and what those that were taken stand for.

Keys are inserted first and asked questions of afterwards, because between a look and an insert another
process could come. Invariant: always in the same order, so that two processes cannot block each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select, tuple_

from gateway.records import Acceptance, IdempotencyKey
from gateway.store.bulk import insert_rows
from gateway.store.tables import idempotency, message

_KEY: Final = (idempotency.c.scope, idempotency.c.owner, idempotency.c.key)


class Key(NamedTuple):
    """What a body goes by."""

    scope: str
    owner: str
    key: str


class Owner(NamedTuple):
    """What a key stands for."""

    sha256: str
    message_id: str


def claim_keys(
    connection: Connection, items: Sequence[Acceptance], is_current: Callable[[Acceptance], bool]
) -> tuple[dict[Key, Owner], dict[Key, Owner]]:
    """Insert every free key for the first current item that names it; return those, and what the others stand for."""
    wanted: dict[Key, Owner] = {}
    outdated: set[Key] = set()
    for item in items:
        keys = map(key_of, item.keys)
        if not is_current(item):
            outdated.update(keys)
            continue
        for key in keys:
            wanted.setdefault(key, Owner(item.message.sha256, item.message.id))
    rows = [_key_row(key, owner) for key, owner in sorted(wanted.items())]
    inserted = insert_rows(connection, idempotency, rows, skip=True)
    if inserted == len(wanted):
        return wanted, owners_of(connection, outdated - wanted.keys())
    found = owners_of(connection, wanted.keys() | outdated)
    own = {key for key, owner in wanted.items() if found[key].message_id == owner.message_id}
    # The very same message may have been accepted before, by an attempt whose answer was lost; a parked one holds its keys.
    before = _known(connection, {wanted[key].message_id for key in own})
    own = {key for key in own if wanted[key].message_id not in before}
    return {key: wanted[key] for key in own}, {key: owner for key, owner in found.items() if key not in own}


def _known(connection: Connection, ids: Iterable[str]) -> set[str]:
    return set(connection.execute(select(message.c.id).where(message.c.id.in_(ids))).scalars())


def hand_over(connection: Connection, *, claimed: dict[Key, Owner], won: dict[Key, Owner]) -> None:
    """Correct the keys that were claimed for an item which then lost by another of its keys."""
    wrong = {key for key, owner in claimed.items() if won.get(key) != owner}
    if not wrong:
        return
    connection.execute(delete(idempotency).where(tuple_(*_KEY).in_(wrong)))
    rows = [_key_row(key, won[key]) for key in wrong if key in won]
    insert_rows(connection, idempotency, rows)


def owners_of(connection: Connection, keys: Iterable[Key]) -> dict[Key, Owner]:
    """Return what those of these keys stand for that are taken."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = connection.execute(select(idempotency).where(tuple_(*_KEY).in_(wanted)))
    return {Key(row.scope, row.owner, row.key): Owner(row.sha256, row.message_id) for row in rows}


def key_of(key: IdempotencyKey) -> Key:
    """Return a key as it is stored."""
    return Key(key.scope, key.owner, key.key)


def _key_row(key: Key, owner: Owner) -> dict[str, str]:
    return {**key._asdict(), **owner._asdict()}
