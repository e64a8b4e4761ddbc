"""Deliveries whose deadline passed without a receipt: they leave the outbox, and their senders are told.

The transaction's time decides, the same for every process. What is being sent at that moment is left until its
lease is over, since its receipt may be about to come; it is not sent again. What is held expires as well.
Invariants: rows are locked outbox first, then deliveries, as everywhere; an expired delivery has its entry and
its notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, or_, select

from gateway.records import Event
from gateway.store.bulk import update_rows
from gateway.store.columns import EPOCH
from gateway.store.staging import Staging
from gateway.store.tables import delivery, message, outbox
from gateway.store.telling import Told, tell
from routing.delivery import DeliveryState
from routing.log import Kind

DEADLINE_PASSED: Final = "delivery.deadline_passed"

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_PAST: Final = (
    select(outbox.c.id, outbox.c.deliver_by)
    .where(
        outbox.c.deliver_by <= bindparam("now"),
        or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= bindparam("now")),
    )
    .order_by(outbox.c.deliver_by, outbox.c.id)
    .limit(bindparam("limit"))
)
_LOCK_PAST: Final = _PAST.with_for_update(of=outbox, skip_locked=True)
_LOCK: Final = (
    select(
        delivery.c.id,
        delivery.c.message_id,
        delivery.c.code,
        delivery.c.state,
        message.c.member_id,
    )
    .join(message, message.c.id == delivery.c.message_id)
    .where(delivery.c.id.in_(_IDS))
    .order_by(delivery.c.id)
    .with_for_update(of=delivery)
)
_DROP: Final = delete(outbox).where(outbox.c.id.in_(_IDS))


class Expirer:
    """The operation behind `UnderWay.expire`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def expire(self, connection: Connection, now: datetime, items: Sequence[int]) -> list[int]:
        """Expire, for each item, up to so many deliveries; return how many there were."""
        return [self._expire(connection, now, limit) for limit in items]

    def _expire(self, connection: Connection, now: datetime, limit: int) -> int:
        past = connection.execute(_LOCK_PAST, {"now": now, "limit": limit}).all()
        if not past:
            return 0
        deadlines = {row.id: row.deliver_by for row in past}
        rows = connection.execute(_LOCK, {"ids": list(deadlines)}).all()
        over = [row for row in rows if DeliveryState(row.state).can_become(DeliveryState.EXPIRED)]
        update_rows(connection, delivery, [_expired(row.id, now) for row in over])
        connection.execute(_DROP, {"ids": list(deadlines)})
        tell(connection, now, self._staging, [_told(row, deadlines[row.id]) for row in over])
        return len(past)


def is_any_past(connection: Connection, now: datetime) -> bool:
    """Say whether there is something to expire."""
    return connection.execute(_PAST, {"now": now, "limit": 1}).first() is not None


def _expired(delivery_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": delivery_id,
        "state": DeliveryState.EXPIRED.value,
        "reason": DEADLINE_PASSED,
        "held_since": None,
        "updated_at": now,
    }


def _told(row: Any, deadline: datetime) -> Told:  # noqa: ANN401 - a row of _LOCK
    fields = {
        "recipient": row.code,
        "delivery": row.id,
        "reason": DEADLINE_PASSED,
        "deliver_by_t": (deadline - EPOCH) // timedelta(milliseconds=1),
    }
    event = Event(kind=Kind.EXPIRED, document_id=row.message_id, fields=fields)
    return Told(
        sender=row.member_id, message_id=row.message_id, delivery_id=row.id, code=row.code, event=event
    )
