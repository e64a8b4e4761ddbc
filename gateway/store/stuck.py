"""What is owed to the axis and does not get through: outbox rows that were tried often, by what was said last.

A delivery that the broker confirms and no receipt answers is stuck as well. What is held waits for people elsewhere, and is not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select, update

from gateway.dead_letters import StuckGroup
from gateway.store.tables import arrival, delivery, message, outbox

OFTEN: Final = 5
"""Attempts from which on a row counts as stuck: after half a minute of failures, or a day without a receipt."""

NO_RECEIPT: Final = "axis.no_receipt"
RECEIPT_NOT_SENT: Final = "axis.receipt_not_sent"

_REASON: Final[ColumnElement[str]] = case(
    (delivery.c.id.is_(None), literal(RECEIPT_NOT_SENT)), else_=func.coalesce(delivery.c.reason, NO_RECEIPT)
)
_ROWS: Final = (
    outbox.outerjoin(delivery, and_(delivery.c.id == outbox.c.id, outbox.c.kind == "delivery"))
    .outerjoin(message, message.c.id == delivery.c.message_id)
    .outerjoin(arrival, and_(arrival.c.id == outbox.c.delivery_id, outbox.c.kind != "delivery"))
)
_STUCK: Final = (outbox.c.attempts >= OFTEN, outbox.c.kind != "inquiry", delivery.c.held_since.is_(None))
_FIRST: Final = func.coalesce(message.c.accepted_at, arrival.c.arrived_at, outbox.c.next_at)
_LAST: Final = func.coalesce(delivery.c.updated_at, arrival.c.arrived_at, outbox.c.next_at)
_GROUPS: Final = (
    select(
        _REASON.label("reason"),
        func.count().label("number"),
        func.max(outbox.c.attempts).label("attempts"),
        func.min(_FIRST, type_=outbox.c.next_at.type).label("first"),
        func.max(_LAST, type_=outbox.c.next_at.type).label("last"),
    )
    .select_from(_ROWS)
    .where(*_STUCK)
    .group_by(_REASON)
    .order_by(func.count().desc(), _REASON)
)


def groups(connection: Connection) -> tuple[StuckGroup, ...]:
    """Return what is stuck, by the last reason."""
    return tuple(
        StuckGroup(reason=row.reason, count=row.number, attempts=row.attempts, first=row.first, last=row.last)
        for row in connection.execute(_GROUPS)
    )


def count(connection: Connection, reason: str | None) -> int:
    """Return how many rows are stuck, for one reason or for any."""
    return connection.execute(
        select(func.count()).select_from(_ROWS).where(*_conditions(reason))
    ).scalar_one()


def urge(
    connection: Connection, now: datetime, *, reason: str | None, after: str | None, limit: int
) -> tuple[int, str | None]:
    """Make up to `limit` stuck rows due, by keyset on id; return how many there were and the last one's id (None at the end)."""
    rows = connection.execute(
        select(outbox.c.id)
        .select_from(_ROWS)
        .where(*_conditions(reason), outbox.c.id > (after or ""))
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(of=outbox, skip_locked=True)
    ).all()
    ids = [row.id for row in rows]
    is_free = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)
    if ids:
        connection.execute(
            update(outbox).where(outbox.c.id.in_(ids), is_free, outbox.c.next_at > now).values(next_at=now)
        )
    return len(ids), ids[-1] if len(ids) == limit else None


def _conditions(reason: str | None) -> tuple[Any, ...]:
    return _STUCK if reason is None else (*_STUCK, reason == _REASON)
