"""What the receiving side says of deliveries: recorded once, in the order of states, also when it comes too late.

Invariants: rows are locked outbox first, then deliveries, each in the order of their ids; a receipt moves a
delivery only along `routing.delivery.ALLOWED`. What has expired stays so; that the document arrived after all
is an entry of its own and a notice to the sender.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from gateway.records import ReceiptStep
from gateway.store.bulk import update_rows
from gateway.store.outbox import MAX_REASON
from gateway.store.staging import Staging
from gateway.store.tables import delivery, message, outbox
from gateway.store.telling import Told, tell
from routing.delivery import DeliveryState
from routing.log import Kind

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_LOCK_OUTBOX: Final = select(outbox.c.id).where(outbox.c.id.in_(_IDS)).order_by(outbox.c.id).with_for_update()
_LOCK_DELIVERIES: Final = (
    select(
        delivery.c.id,
        delivery.c.message_id,
        delivery.c.code,
        delivery.c.state,
        delivery.c.late_state,
        delivery.c.attempts,
    )
    .where(delivery.c.id.in_(_IDS))
    .order_by(delivery.c.id)
    .with_for_update()
)
_SENDERS: Final = select(message.c.id, message.c.member_id).where(message.c.id.in_(_IDS))
_DROP: Final = delete(outbox).where(outbox.c.id.in_(_IDS))


class Said(NamedTuple):
    """A receipt, and how long after an arrival it is asked what became of it."""

    step: ReceiptStep
    ask_after: timedelta


@dataclass(slots=True)
class _Late:
    """Receipts for what had expired."""

    states: dict[str, DeliveryState] = field(default_factory=dict)
    steps: list[ReceiptStep] = field(default_factory=list)

    def take(self, step: ReceiptStep, before: DeliveryState) -> None:
        """Note how far a document came after all, unless that was said before."""
        if before.can_become(step.state):
            self.states[step.delivery_id] = step.state
            self.steps.append(step)


class Recorder:
    """The operation behind `Documents.record_receipts`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def record_receipts(self, connection: Connection, now: datetime, items: Sequence[Said]) -> list[None]:
        """Move deliveries forward as far as their receipts say; what is repeated or unknown changes nothing."""
        ids = [each.step.delivery_id for each in items]
        connection.execute(_LOCK_OUTBOX, {"ids": ids}).all()
        # A receipt for what was never sent is nobody's to give.
        rows = {row.id: row for row in connection.execute(_LOCK_DELIVERIES, {"ids": ids}) if row.attempts}
        states = {row.id: DeliveryState(row.state) for row in rows.values()}
        late = _Late()
        moved: dict[str, dict[str, Any]] = {}
        events = []
        for step, ask_after in items:
            state = states.get(step.delivery_id)
            if state is DeliveryState.EXPIRED:
                before = late.states.get(step.delivery_id) or _before(rows[step.delivery_id])
                late.take(step, before)
            elif state is not None and state.can_become(step.state):
                states[step.delivery_id] = step.state
                moved[step.delivery_id] = _moved(step, now, ask_after)
                events.append(step.event)
        if moved:
            update_rows(connection, delivery, list(moved.values()))
            connection.execute(_DROP, {"ids": list(moved)})
        self._staging.stage(connection, now, events)
        if late.steps:
            self._record_late(connection, now, late, rows)
        return [None] * len(items)

    def _record_late(self, connection: Connection, now: datetime, late: _Late, rows: dict[str, Any]) -> None:
        changes = [{"id": each, "late_state": state.value} for each, state in late.states.items()]
        update_rows(connection, delivery, changes)
        senders = _senders(connection, (rows[each.delivery_id].message_id for each in late.steps))
        told = [_told(each, rows[each.delivery_id], senders) for each in late.steps]
        tell(connection, now, self._staging, told)


def _before(row: Any) -> DeliveryState:  # noqa: ANN401 - a row of _LOCK_DELIVERIES
    """Return how far an expired delivery is known to have come; as far as nothing is known, it was on its way."""
    return DeliveryState(row.late_state) if row.late_state else DeliveryState.CONFIRMED


def _moved(step: ReceiptStep, now: datetime, ask_after: timedelta) -> dict[str, Any]:
    return {
        "id": step.delivery_id,
        "state": step.state.value,
        "reason": step.reason[:MAX_REASON] if step.reason else None,
        "held_since": None,
        "ask_at": now + ask_after if step.state is DeliveryState.RECEIVED else None,
        "updated_at": now,
    }


def _senders(connection: Connection, message_ids: Iterable[str]) -> dict[str, str]:
    rows = connection.execute(_SENDERS, {"ids": sorted(set(message_ids))})
    return {row.id: row.member_id for row in rows}


def _told(step: ReceiptStep, row: Any, senders: dict[str, str]) -> Told:  # noqa: ANN401 - a row of _LOCK_DELIVERIES
    reason = step.reason or f"delivery.late_{step.state.value}"
    fields = {**step.event.fields, "stage": step.state.value, "reason": reason}
    return Told(
        sender=senders[row.message_id],
        message_id=row.message_id,
        delivery_id=row.id,
        code=row.code,
        event=replace(step.event, kind=Kind.LATE_RECEIPT, fields=fields),
    )
