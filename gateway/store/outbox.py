"""The outbox: what is owed to the axis, leased to one process at a time, until the receipt arrives.

A claimed row becomes due again when its lease ends, so a process that dies owes nothing to anyone. Each claim
raises the row's fence, and an answer counts only under the fence of its claim. Invariants: deliveries move
only along `routing.delivery.ALLOWED`; rows are always locked outbox first, then deliveries, each in the order
of their ids, so that two processes wait for each other instead of in a circle.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select, update

from gateway.ports.documents import ANY_SIZE
from gateway.records import Event, OutboxItem, SendOutcome, SendResult
from gateway.store.bulk import update_rows
from gateway.store.diverting import Diverter, astray
from gateway.store.due import due
from gateway.store.rows import routed_message_of
from gateway.store.staging import Staging
from gateway.store.tables import delivery, outbox
from routing.delivery import DeliveryState
from routing.heading import Course
from routing.log import Kind

LONGEST_BACKOFF: Final = timedelta(seconds=400)
"""With half of it added by jitter this is 10 minutes."""

LONGEST_RESEND: Final = timedelta(days=1)
MAX_REASON: Final = 200

INQUIRY: Final = "inquiry"
"""The kind of a row that asks what became of a delivery (`gateway.store.inquiring`)."""

TRIES: Final = 5
"""How often a question is tried to be sent: for a minute."""

_DOUBLINGS: Final = 20
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)

_LEASE: Final = (
    update(outbox)
    .where(outbox.c.id.in_(_IDS))
    .values(
        fence=outbox.c.fence + 1,
        attempts=outbox.c.attempts + 1,
        next_at=bindparam("until"),
        lease_until=bindparam("until"),
    )
)
_COUNT_ATTEMPT: Final = (
    update(delivery)
    .where(delivery.c.id.in_(_IDS))
    .values(attempts=delivery.c.attempts + 1, updated_at=bindparam("now"))
)
_HELD: Final = (
    select(outbox.c.id, outbox.c.fence, outbox.c.kind, delivery.c.state)
    .select_from(outbox)
    .outerjoin(delivery, (delivery.c.id == outbox.c.id) & (outbox.c.kind == "delivery"))
    .where(outbox.c.id.in_(_IDS), outbox.c.lease_until.is_not(None))
    .order_by(outbox.c.id)
    .with_for_update(of=outbox)
)
_RELEASE_ALL: Final = (
    update(outbox).where(outbox.c.lease_until.is_not(None)).values(next_at=bindparam("due"), lease_until=None)
)
_FAILED: Final = (
    select(outbox.c.id)
    .outerjoin(delivery, (delivery.c.id == outbox.c.id) & (outbox.c.kind == "delivery"))
    .where(
        outbox.c.lease_until.is_(None),
        outbox.c.next_at > bindparam("now"),
        (outbox.c.kind != "delivery") | (delivery.c.state == DeliveryState.QUEUED.value),
    )
    .order_by(outbox.c.id)
    .with_for_update(of=outbox, skip_locked=True)
)
_DROP: Final = delete(outbox).where(outbox.c.id.in_(_IDS))


class Claim(NamedTuple):
    """How much to lease, for how long, by what it is decided who shall get it, and of what sizes."""

    limit: int
    lease: timedelta
    course: Course | None = None
    sizes: range = ANY_SIZE


class Settlement(NamedTuple):
    """What the axis said of one leased row."""

    item: OutboxItem
    outcome: SendOutcome
    resend_after: timedelta


@dataclass(slots=True)
class _Changes:
    """What a batch of settlements comes to."""

    dropped: list[str] = field(default_factory=list)
    released: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Outbox:
    """The operations behind `Documents.claim` and `settle`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._diverter = Diverter(staging)
        self._random = random.Random()  # noqa: S311 - jitter is no secret

    def claim(
        self, connection: Connection, now: datetime, items: Sequence[Claim]
    ) -> list[tuple[OutboxItem, ...]]:
        """Lease what is due, in the order of `gateway.store.due`; each attempt to publish a delivery is an entry.

        What has to go elsewhere, or nowhere, is diverted instead, and leased by a later claim if it goes on.
        """
        return [self._claim(connection, now, claim) for claim in items]

    def _claim(self, connection: Connection, now: datetime, claim: Claim) -> tuple[OutboxItem, ...]:
        rows = due(connection, now, claim.limit, claim.sizes)
        diverted: set[str] = set()
        if claim.course is not None and (journeys := list(astray(rows, claim.course, now))):
            self._diverter.divert(connection, now, journeys, claim.course)
            diverted = {each.id for each in journeys}
        leased = [_item(row) for row in rows if row.outbox_id not in diverted and row.held_since is None]
        if not leased:
            return ()
        connection.execute(_LEASE, {"ids": [item.id for item in leased], "until": now + claim.lease})
        sent = [item.id for item in leased if item.recipient is not None]
        if sent:
            connection.execute(_COUNT_ATTEMPT, {"ids": sent, "now": now})
        self._staging.stage(connection, now, [event for item in leased for event in _attempt_events(item)])
        return tuple(leased)

    def settle(self, connection: Connection, now: datetime, items: Sequence[Settlement]) -> list[None]:
        """Apply what the axis said to the rows that are still held under the fence of their claim."""
        held = {row.id: row for row in connection.execute(_HELD, {"ids": [each.item.id for each in items]})}
        changes = _Changes()
        for each in items:
            row = held.get(each.item.id)
            if row is None or row.fence != each.item.fence:
                continue
            del held[each.item.id]
            if row.kind == "delivery":
                self._settle_delivery(changes, each, DeliveryState(row.state), now)
            elif each.outcome.result is SendResult.CONFIRMED or _is_given_up(row.kind, each.item):
                changes.dropped.append(row.id)
            else:
                changes.released.append(_released(row.id, now + self._backoff(each.item.attempt)))
        if changes.dropped:
            connection.execute(_DROP, {"ids": changes.dropped})
        update_rows(connection, outbox, changes.released)
        update_rows(connection, delivery, changes.moved)
        self._staging.stage(connection, now, changes.events)
        return [None] * len(items)

    def _settle_delivery(
        self, changes: _Changes, settlement: Settlement, state: DeliveryState, now: datetime
    ) -> None:
        item, outcome, resend_after = settlement
        delay, reason = self._backoff(item.attempt), outcome.reason[:MAX_REASON] or None
        if outcome.result is SendResult.CONFIRMED:
            delay, reason = resend_delay(item.attempt, resend_after), None
            if state.can_become(DeliveryState.CONFIRMED):
                state = DeliveryState.CONFIRMED
            changes.events.append(_event(Kind.BROKER_CONFIRMED, item))
        elif outcome.result is SendResult.RETURNED:
            changes.events.append(_event(Kind.RETURNED, item, reason="axis.returned"))
        changes.released.append(_released(item.id, now + delay))
        changes.moved.append(_moved(item.id, state, reason, now))

    def _backoff(self, attempt: int) -> timedelta:
        """Return the time to the next attempt after a failure: 2, 4, 8 … seconds, up to half of it more or less."""
        seconds = min(float(2 ** min(attempt, _DOUBLINGS)), LONGEST_BACKOFF.total_seconds())
        return timedelta(seconds=seconds * self._random.uniform(0.5, 1.5))


def release_all(connection: Connection, now: datetime, items: Sequence[None]) -> list[None]:
    """End every lease, so that what a dead process had claimed is due at once."""
    connection.execute(_RELEASE_ALL, {"due": now})
    return [None] * len(items)


def hasten(connection: Connection, now: datetime, items: Sequence[None]) -> list[int]:
    """Make due what failed to be sent and waits for its next try."""
    failed = connection.execute(_FAILED, {"now": now}).scalars().all()
    update_rows(connection, outbox, [_released(row_id, now) for row_id in failed])
    return [len(failed)] * len(items)


def _is_given_up(kind: str, item: OutboxItem) -> bool:
    """Say whether a question has failed often enough: it is asked again in its time, and its queue may be gone for ever."""
    return kind == INQUIRY and item.attempt >= TRIES


def _released(row_id: str, due: datetime) -> dict[str, Any]:
    return {"id": row_id, "next_at": due, "lease_until": None}


def _moved(delivery_id: str, state: DeliveryState, reason: str | None, now: datetime) -> dict[str, Any]:
    return {"id": delivery_id, "state": state.value, "reason": reason, "updated_at": now}


def resend_delay(attempt: int, resend_after: timedelta) -> timedelta:
    """Return how long a confirmed delivery waits for its receipt: `resend_after`, doubled with each attempt up to a day."""
    doubled: timedelta = resend_after * (1 << min(attempt - 1, _DOUBLINGS))
    return min(doubled, max(resend_after, LONGEST_RESEND))


def backlog(connection: Connection, now: datetime) -> dict[str, int]:
    """Return how many rows are due, and how many wait for an answer, a receipt or their next attempt."""
    is_due = func.count().filter(outbox.c.next_at <= now)
    row = connection.execute(
        select(is_due.label("due"), func.count().label("total")).select_from(outbox)
    ).one()
    return {"outbox_due": row.due, "outbox_waiting": row.total - row.due}


def _item(row: Any) -> OutboxItem:  # noqa: ANN401 - a row of DUE
    about, recipient = routed_message_of(row) if row.outbox_kind == "delivery" else (None, None)
    if recipient is not None and recipient.resolved_code is not None:
        recipient = replace(recipient, resolved_version=row.resolved_version, chosen_at=row.chosen_at)
    return OutboxItem(
        id=row.outbox_id,
        fence=row.fence + 1,
        attempt=row.attempts + 1,
        queue=row.outbox_queue,
        message=about,
        recipient=recipient,
        body=row.body,
    )


def _attempt_events(item: OutboxItem) -> tuple[Event, ...]:
    if item.recipient is None:
        return ()
    return (_event(Kind.PUBLISH_ATTEMPT, item, member=item.recipient.member_id),)


def _event(kind: Kind, item: OutboxItem, **fields: str) -> Event:
    """Return the entry about one attempt for one recipient."""
    if item.message is None or item.recipient is None:
        raise AssertionError("only deliveries have entries of their own")
    facts = {"recipient": item.recipient.code, "delivery": item.id, "attempt": item.attempt, **fields}
    return Event(kind=kind, document_id=item.message.id, fields=facts)
