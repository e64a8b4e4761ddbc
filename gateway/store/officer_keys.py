"""The rows behind officers' keys: one a key and credential, closed when another takes over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from gateway.change_sets import OfficerKey
from gateway.store import content
from gateway.store.tables import credential, officer_key
from routing.errors_change_sets import OfficerKeyTakenError
from routing.note import parse_verifier_key


def register(
    connection: Connection, now: datetime, credential_id: str, verifier_key: str
) -> tuple[OfficerKey, bool]:
    """Make this the key of a credential; return it, and whether it is new.

    Raises:
        OfficerKeyTakenError: it is or was that of another credential, which is still good.

    """
    # Officers whose keys are registered at the same time take turns here.
    content.head_to_change(connection)
    wanted = parse_verifier_key(verifier_key)
    for known in every(connection):
        if parse_verifier_key(known.verifier_key).key != wanted.key:
            continue
        if known.credential_id != credential_id:
            if _is_good(connection, known.credential_id, now):
                raise OfficerKeyTakenError(key=wanted.label)
        elif known.verifier_key == verifier_key and known.until is None:
            return known, False
    in_use = (
        (officer_key.c.credential_id == credential_id) | (officer_key.c.verifier_key == verifier_key)
    ) & officer_key.c.until.is_(None)
    connection.execute(update(officer_key).where(in_use).values(until=now))
    made = OfficerKey(credential_id=credential_id, verifier_key=verifier_key, since=now, until=None)
    row = {"credential_id": credential_id, "verifier_key": verifier_key, "since": now}
    connection.execute(insert(officer_key), row)
    return made, True


def _is_good(connection: Connection, credential_id: str, now: datetime) -> bool:
    """Tell whether a credential can still be used: an officer who gets a new token keeps the key."""
    good = credential.c.revoked_at.is_(None) & (
        credential.c.expires_at.is_(None) | (credential.c.expires_at > now)
    )
    query = select(credential.c.id).where(credential.c.id == credential_id, good)
    return connection.execute(query).first() is not None


def current(connection: Connection, credential_id: str) -> OfficerKey | None:
    """Return the key that counts for a credential now."""
    query = select(officer_key).where(
        officer_key.c.credential_id == credential_id, officer_key.c.until.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row)


def every(connection: Connection) -> tuple[OfficerKey, ...]:
    """Return every key that there ever was, the oldest first."""
    return tuple(map(_record, connection.execute(select(officer_key).order_by(officer_key.c.id))))


def _record(row: Row[Any]) -> OfficerKey:
    return OfficerKey(
        credential_id=row.credential_id, verifier_key=row.verifier_key, since=row.since, until=row.until
    )
