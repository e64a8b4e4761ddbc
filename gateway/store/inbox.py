"""The inbox: what arrived for the members of this gateway, and the receipts that go back.

An arrival is kept by its delivery id for ever, with the receipt it was given, so that the same message
arriving again changes nothing and gets the same answer. Invariants: the first decision on a delivery stands;
an id never comes to mean other bytes than at first; what contradicts that is discarded with an entry, because
only a gateway that forges ids could have sent it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, Select, bindparam, delete, func, select, update
from uuid_utils import uuid7

from gateway.records import Arrival, Event, InboxItem
from gateway.store.acceptance import insert_bodies
from gateway.store.bulk import insert_rows
from gateway.store.dialects import insert_or_skip
from gateway.store.references import insert_links
from gateway.store.rows import INBOX_COLUMNS, inbox_item_of, message_row
from gateway.store.signatures import insert_evidence
from gateway.store.staging import Staging
from gateway.store.tables import arrival, message, outbox
from routing.log import Kind

RECEIVED: Final = "received"
ACKNOWLEDGED: Final = "acknowledged"

_INSERT_ARRIVAL: Final = insert_or_skip(arrival, arrival.c.id)

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_IDENTITIES: Final = select(message.c.id, message.c.sha256, message.c.gateway).where(message.c.id.in_(_IDS))
_BEFORE: Final = select(arrival).where(arrival.c.id.in_(_IDS))
_OPEN: Final = (
    select(arrival.c.id, arrival.c.member_id, arrival.c.reply_queue)
    .where(arrival.c.id.in_(_IDS), arrival.c.acknowledged_at.is_(None), arrival.c.refusal.is_(None))
    .order_by(arrival.c.id)
    .with_for_update()
)
_KEPT: Final = select(arrival.c.id, arrival.c.member_id).where(
    arrival.c.id.in_(_IDS), arrival.c.refusal.is_(None)
)
_FETCH: Final = (
    update(arrival)
    .where(arrival.c.id.in_(_IDS), arrival.c.fetched_at.is_(None))
    .values(fetched_at=bindparam("now"))
)
_ACKNOWLEDGE: Final = (
    update(arrival)
    .where(arrival.c.id == bindparam("row_id"))
    .values(acknowledged_at=bindparam("now"), acknowledgement=bindparam("answer"))
)


class Acknowledgement(NamedTuple):
    """An item that its member takes over, and the receipt that says so."""

    item: InboxItem
    receipt: bytes


class Inbox:
    """The operations behind `Documents.arrive`, `mark_fetched` and `acknowledge`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def arrive(self, connection: Connection, now: datetime, items: Sequence[Arrival]) -> list[bool]:
        """Store what is new; answer again what was here before; discard what contradicts what an id stands for."""
        first: dict[str, int] = {}
        for place, item in enumerate(items):
            first.setdefault(item.recipient.delivery_id, place)
        stored = _store(connection, now, {name: items[place] for name, place in first.items()})
        forged = _forged(connection, stored)
        if forged:
            connection.execute(delete(arrival).where(arrival.c.id.in_(forged)))
        fresh = {first[name] for name in stored.keys() - forged}
        before = _before(connection, [item for place, item in enumerate(items) if place not in fresh])
        receipts: list[dict[str, Any]] = []
        events: list[Event] = []
        for place, item in enumerate(items):
            name = item.recipient.delivery_id
            if place in fresh:
                receipts.append(_receipt(now, name, RECEIVED, item.reply_queue, item.receipt))
                events += item.events
            elif name in before and _is_same(item, before[name]):
                receipts += _receipts_again(now, before[name])
            else:
                events.append(_discarded(item))
        linked = [(items[place].message, items[place].links) for place in sorted(fresh)]
        insert_evidence(connection, [items[place] for place in sorted(fresh)])
        events += insert_links(connection, now, linked)
        put_receipts(connection, receipts)
        self._staging.stage(connection, now, events)
        return [place in fresh for place in range(len(items))]

    def mark_fetched(self, connection: Connection, now: datetime, items: Sequence[InboxItem]) -> list[bool]:
        """Note the first time, and log every time, that a member reads a body that is still its own."""
        rows = connection.execute(_KEPT, {"ids": {item.id for item in items}})
        owners = {row.id: row.member_id for row in rows}
        results = [owners.get(item.id) == item.recipient.member_id for item in items]
        fetched = [item for item, is_own in zip(items, results, strict=True) if is_own]
        connection.execute(_FETCH, {"ids": {item.id for item in fetched}, "now": now})
        self._staging.stage(connection, now, [_event(Kind.FETCHED, item) for item in fetched])
        return results

    def acknowledge(
        self, connection: Connection, now: datetime, items: Sequence[Acknowledgement]
    ) -> list[bool]:
        """Take items from the inbox, each once, and send their receipts."""
        rows = connection.execute(_OPEN, {"ids": {each.item.id for each in items}})
        waiting, owners = {}, {}
        for row in rows:
            waiting[row.id], owners[row.id] = row.reply_queue, row.member_id
        taken: dict[str, Acknowledgement] = {}
        results: list[bool] = []
        for each in items:
            is_own = owners.get(each.item.id) == each.item.recipient.member_id
            results.append(is_own and each.item.id not in taken)
            if results[-1]:
                taken[each.item.id] = each
        if taken:
            marks = [{"row_id": name, "now": now, "answer": each.receipt} for name, each in taken.items()]
            connection.execute(_ACKNOWLEDGE, marks)
        put_receipts(
            connection,
            [_receipt(now, name, ACKNOWLEDGED, waiting[name], each.receipt) for name, each in taken.items()],
        )
        self._staging.stage(
            connection, now, [_event(Kind.ACKNOWLEDGED, each.item) for each in taken.values()]
        )
        return results


def waiting_items(
    connection: Connection, *, member_id: str, code: str | None, urgent: bool, after: str | None, limit: int
) -> tuple[InboxItem, ...]:
    """Return what a member has not acknowledged yet, or only what is urgent of it, in the order of the ids."""
    query = _items(member_id).where(arrival.c.acknowledged_at.is_(None))
    if code is not None:
        query = query.where(arrival.c.code == code)
    if urgent:
        query = query.where(arrival.c.priority > 0)
    if after is not None:
        query = query.where(arrival.c.id > after)
    return tuple(map(inbox_item_of, connection.execute(query.order_by(arrival.c.id).limit(limit))))


def one_item(connection: Connection, *, member_id: str, item_id: str) -> InboxItem | None:
    """Return one item of a member, acknowledged or not."""
    row = connection.execute(_items(member_id).where(arrival.c.id == item_id)).one_or_none()
    return None if row is None else inbox_item_of(row)


def count_waiting(connection: Connection) -> int:
    """Return how many items wait for their members."""
    query = select(func.count()).where(arrival.c.acknowledged_at.is_(None), arrival.c.refusal.is_(None))
    return connection.execute(query).scalar_one()


def _items(member_id: str) -> Select[Any]:
    return (
        select(*INBOX_COLUMNS)
        .select_from(arrival)
        .join(message, message.c.id == arrival.c.message_id)
        .where(arrival.c.member_id == member_id, arrival.c.refusal.is_(None))
    )


def _store(connection: Connection, now: datetime, first: dict[str, Arrival]) -> dict[str, Arrival]:
    """Insert the arrivals that are not there yet, with their messages and bodies; return them."""
    dialect = connection.dialect.name
    rows = [_arrival_row(now, first[name]) for name in sorted(first)]
    inserted = connection.execute(_INSERT_ARRIVAL[dialect], rows).scalars().all()
    new = {name: first[name] for name in sorted(inserted)}
    passed = [item for item in new.values() if item.refusal is None]
    if passed:
        rows = [message_row(item.message) for item in sorted(passed, key=lambda item: item.message.id)]
        insert_rows(connection, message, rows, skip=True)
        insert_bodies(connection, {item.message.sha256: item.body for item in passed})
    return new


def _forged(connection: Connection, new: dict[str, Arrival]) -> set[str]:
    """Return the arrivals whose message id already means other bytes or another gateway."""
    ids = {item.message.id for item in new.values()}
    known = {row.id: (row.sha256, row.gateway) for row in connection.execute(_IDENTITIES, {"ids": ids})}
    return {
        name
        for name, item in new.items()
        if known.get(item.message.id, (item.message.sha256, item.message.gateway))
        != (item.message.sha256, item.message.gateway)
    }


def _before(connection: Connection, items: Iterable[Arrival]) -> dict[str, Any]:
    ids = {item.recipient.delivery_id for item in items}
    return {row.id: row for row in connection.execute(_BEFORE, {"ids": ids})} if ids else {}


def _is_same(item: Arrival, row: Any) -> bool:  # noqa: ANN401 - a row of `arrival`
    return (item.message.id, item.recipient.code) == (row.message_id, row.code)


def _arrival_row(now: datetime, item: Arrival) -> dict[str, Any]:
    return {
        "id": item.recipient.delivery_id,
        "message_id": item.message.id,
        "code": item.recipient.code,
        "as_sent": item.recipient.as_sent,
        "member_id": item.recipient.member_id,
        "queue": item.recipient.queue,
        "resolved_code": item.recipient.resolved_code,
        "chosen_at": item.recipient.chosen_at,
        "flow_seq": item.recipient.flow_seq,
        "priority": item.message.priority,
        "reply_queue": item.reply_queue,
        "refusal": item.refusal,
        "receipt": item.receipt,
        "arrived_at": now,
    }


def _receipt(now: datetime, delivery_id: str, kind: str, queue: str, raw: bytes) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "kind": kind,
        "queue": queue,
        "delivery_id": delivery_id,
        "body": raw,
        "next_at": now,
        "fence": 0,
        "attempts": 0,
    }


def last_receipt(now: datetime, row: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a row of `arrival`
    """Return the receipt that ended an arrival, as a row of the outbox; none if its system has not acknowledged it yet."""
    if row.acknowledgement is not None:
        return [_receipt(now, row.id, ACKNOWLEDGED, row.reply_queue, row.acknowledgement)]
    return [] if row.refusal is None else [_receipt(now, row.id, RECEIVED, row.reply_queue, row.receipt)]


def _receipts_again(now: datetime, row: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a row of `arrival`
    receipts = [_receipt(now, row.id, RECEIVED, row.reply_queue, row.receipt)]
    if row.acknowledgement is not None:
        receipts.append(_receipt(now, row.id, ACKNOWLEDGED, row.reply_queue, row.acknowledgement))
    return receipts


def put_receipts(connection: Connection, receipts: Sequence[dict[str, Any]]) -> None:
    """Put receipts in the outbox; one that still waits there is not put twice."""
    ordered = sorted(receipts, key=lambda row: (row["delivery_id"], row["kind"]))
    insert_rows(connection, outbox, ordered, skip=True)


def _event(kind: Kind, item: InboxItem) -> Event:
    fields = {"recipient": item.recipient.code, "member": item.recipient.member_id, "delivery": item.id}
    return Event(kind=kind, document_id=item.message.id, fields=fields)


def _discarded(item: Arrival) -> Event:
    fields = {
        "reason": "axis.identity_reused",
        "gateway": item.message.gateway,
        "message": item.message.id,
        "delivery": item.recipient.delivery_id,
        "payload_sha256": item.message.sha256,
    }
    return Event(kind=Kind.MESSAGE_DISCARDED, fields=fields)
