"""`ports.Ledger`: sums by day made from the log, in portions and once; checks in snapshots; what fell out of the outbox put back.

The sums advance by the positions of the log's tree, which are contiguous and never change: whoever moves the head from the
position that was read from adds what lies between, so that no entry counts twice and none is skipped, however many processes do
it. What is not placed in the tree yet is added on the fly when somebody asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, select, update

from gateway.ledger import NO_COUNTS, Balance, Counts, LedgerDay, OutboxPage, Page, added
from gateway.ports import Clock
from gateway.ports.ledger import HasPayload
from gateway.records import Event
from gateway.store.bulk import insert_rows
from gateway.store.database import Database
from gateway.store.dialects import transaction_time
from gateway.store.ledger_reading import check, day_of, ids_after, line_of
from gateway.store.load import oldest_unplaced, outbox_page
from gateway.store.staging import Staging
from gateway.store.tables import delivery, ledger_day, ledger_head, log_entry, message, outbox
from gateway.store.writer import Writer
from routing.ledger import KINDS, Gap, Line, Term, story
from routing.log import Kind

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_POSITION: Final = select(ledger_head.c.position)
_NEXT: Final = (
    select(log_entry.c.document_id, log_entry.c.leaf, log_entry.c.tree_index)
    .where(log_entry.c.tree_index >= bindparam("start"), log_entry.c.tree_index < bindparam("end"))
    .order_by(log_entry.c.tree_index)
)
_REST: Final = tuple(
    select(log_entry.c.document_id, log_entry.c.leaf).where(condition).limit(bindparam("limit"))
    for condition in (log_entry.c.tree_index >= bindparam("start"), log_entry.c.tree_index.is_(None))
)
_HISTORIES: Final = (
    select(log_entry.c.document_id, log_entry.c.leaf, log_entry.c.tree_index)
    .where(log_entry.c.document_id.in_(_IDS))
    .order_by(log_entry.c.document_id, log_entry.c.seq)
)
_MOVE: Final = (
    update(ledger_head).where(ledger_head.c.position == bindparam("old")).values(position=bindparam("new"))
)
_ADD: Final = (
    update(ledger_day)
    .where(ledger_day.c.day == bindparam("that_day"))
    .values({term.value: ledger_day.c[term.value] + bindparam(f"more_{term.value}") for term in Term})
)
_OWED_STATES: Final = ("queued", "confirmed", "held")
"""As in the index `ix_delivery_owed`."""

_OWED: Final = delivery.c.state.in_(_OWED_STATES)
_COUNT_OWED: Final = (
    select(delivery.c.state, func.count().label("deliveries")).where(_OWED).group_by(delivery.c.state)
)
_OWED_PAGE: Final = (
    select(delivery.c.id, delivery.c.message_id)
    .where(delivery.c.state == bindparam("state"), _OWED, delivery.c.id > bindparam("after"))
    .order_by(delivery.c.id)
    .limit(bindparam("limit"))
)
_FALLEN: Final = (
    select(delivery, message.c.priority, message.c.deliver_by)
    .join(message, message.c.id == delivery.c.message_id)
    .outerjoin(outbox, outbox.c.id == delivery.c.id)
    .where(delivery.c.id.in_(_IDS), _OWED, outbox.c.id.is_(None))
    .order_by(delivery.c.id)
    .with_for_update(of=delivery)
)

_Sums = dict[date, Counts]


class _Step(NamedTuple):
    """What lies between two positions of the log."""

    start: int
    end: int
    sums: _Sums


class SqlLedger:
    """The ledger of one database. `has_payload` is asked for bodies that are in no row."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        staging: Staging,
        *,
        clock: Clock | None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._clock = clock
        self.has_payload: HasPayload = lambda _: True
        """Set by the composition root; without one, only bodies in rows are looked for."""

    async def advance(self, *, limit: int) -> bool:
        """See `ports.Ledger`."""
        step = await self._database.snapshot(partial(_next_step, limit=limit))
        if step.start == step.end:
            return False
        await self._writer.write(_take_step, step)
        return True

    async def balance(self, *, most: int) -> Balance | None:
        """See `ports.Ledger`."""
        return await self._database.snapshot(partial(_balance, clock=self._clock, most=most))

    async def owed(self, *, after: str | None, limit: int, overdue_before: datetime) -> Page:
        """See `ports.Ledger`."""
        return await self._settled(partial(_owed_page, after or "/", limit, overdue_before))

    async def page(self, *, after: str | None, limit: int) -> Page:
        """See `ports.Ledger`."""
        return await self._settled(partial(every_page, after=after, limit=limit))

    async def check(self, documents: Sequence[str]) -> tuple[Gap, ...]:
        """See `ports.Ledger`."""
        return (await self._settled(partial(check, ids=documents))).gaps

    async def _settled(self, query: Callable[[Connection], Page]) -> Page:
        """Ask for payloads when the snapshot is over: that may take long, and they never change."""
        page = await self._database.snapshot(query)
        return await asyncio.to_thread(page.settled, self.has_payload) if page.bodies else page

    async def requeue(self, deliveries: Sequence[str]) -> tuple[str, ...]:
        """See `ports.Ledger`."""
        return await self._writer.write(self._requeue, tuple(deliveries)) if deliveries else ()

    async def outbox(self, *, after: str | None, limit: int) -> OutboxPage:
        """See `ports.Ledger`."""
        return await self._database.read(partial(outbox_page, after=after, limit=limit))

    async def oldest_unplaced(self) -> datetime | None:
        """See `ports.Ledger`."""
        return await self._database.read(oldest_unplaced)

    async def recounted(self) -> datetime | None:
        """See `ports.Ledger`."""
        return await self._database.read(
            lambda connection: connection.execute(select(ledger_head.c.recounted_at)).scalar_one()
        )

    async def note_recount(self) -> None:
        """See `ports.Ledger`."""
        await self._writer.write(_note_recount, None)

    def _requeue(
        self, connection: Connection, now: datetime, items: Sequence[tuple[str, ...]]
    ) -> list[tuple[str, ...]]:
        wanted = sorted({each for item in items for each in item})
        rows = connection.execute(_FALLEN, {"ids": wanted}).all()
        insert_rows(connection, outbox, [_outbox_row(row, now) for row in rows])
        self._staging.stage(connection, now, [_requeued(row) for row in rows])
        back = {row.id for row in rows}
        return [tuple(each for each in item if each in back) for item in items]


def _owed_page(after: str, limit: int, overdue_before: datetime, connection: Connection) -> Page:
    first, _, last_id = after.partition("/")
    documents: list[str] = []
    reached: str | None = None
    for state in _OWED_STATES[_OWED_STATES.index(first) if first else 0 :]:
        known = {
            "state": state,
            "after": last_id if state == first else "",
            "limit": limit - len(documents),
        }
        rows = connection.execute(_OWED_PAGE, known).all()
        documents += [row.message_id for row in rows]
        if len(documents) >= limit:
            reached = f"{state}/{rows[-1].id}"
            break
    ids = list(dict.fromkeys(documents))
    page = check(connection, ids, overdue_before=overdue_before)
    return replace(page, last=reached)


def every_page(connection: Connection, *, after: str | None, limit: int) -> Page:
    """Check the next documents of all there are."""
    ids, more = ids_after(connection, after or "", limit)
    return replace(check(connection, ids), last=ids[-1] if more and ids else None)


def owed_by_rows(connection: Connection) -> Counts:
    """Count what is pending and held by the rows."""
    rows = {row.state: row.deliveries for row in connection.execute(_COUNT_OWED)}
    return {
        **NO_COUNTS,
        Term.PENDING: rows.get("queued", 0) + rows.get("confirmed", 0),
        Term.HELD: rows.get("held", 0),
    }


def _next_step(connection: Connection, *, limit: int) -> _Step:
    start = connection.execute(_POSITION).scalar_one()
    rows = connection.execute(_NEXT, {"start": start, "end": start + limit}).all()
    end = rows[-1].tree_index + 1 if rows else start
    return _Step(start, end, _between(connection, rows, start, end))


def _balance(connection: Connection, *, clock: Clock | None, most: int) -> Balance | None:
    start = connection.execute(_POSITION).scalar_one()
    rest: list[Any] = []
    for query in _REST:
        rest += connection.execute(query, {"start": start, "limit": most + 1})
    if len(rest) > most:
        return None
    sums: _Sums = {row.day: _counts(row) for row in connection.execute(select(ledger_day))}
    for day, more in _between(connection, rest, start, None).items():
        sums[day] = added(sums.get(day, NO_COUNTS), more)
    days = tuple(LedgerDay(day=day, counts=sums[day]) for day in sorted(sums))
    return Balance(at=transaction_time(connection, clock), days=days, owed=owed_by_rows(connection))


def _between(connection: Connection, rows: Sequence[Any], start: int, end: int | None) -> _Sums:
    """Return what entries from position `start` to before `end` change; None is the end of everything, placed or not."""
    ids = sorted({row.document_id for row in rows if row.document_id and _matters(row.leaf)})
    histories: dict[str, list[tuple[Line | None, int | None]]] = {name: [] for name in ids}
    if ids:
        for row in connection.execute(_HISTORIES, {"ids": ids}):
            histories[row.document_id].append((line_of(row.leaf), row.tree_index))
    sums: _Sums = {}
    for history in histories.values():
        before = story(line for line, place in history if place is not None and place < start)
        after = story(line for line, place in history if end is None or (place is not None and place < end))
        day = day_of(after)
        if day is not None:
            earlier, later = before.counts(), after.counts()
            change = {term: later[term] - earlier[term] for term in Term}
            sums[day] = added(sums.get(day, NO_COUNTS), change)
    return sums


def _matters(leaf: bytes) -> bool:
    line = line_of(leaf)
    return line is not None and line.kind in KINDS


def _counts(row: Row[Any]) -> Counts:
    return {term: getattr(row, term.value) for term in Term}


def _take_step(connection: Connection, _now: datetime, items: Sequence[_Step]) -> list[None]:
    for step in items:
        if connection.execute(_MOVE, {"old": step.start, "new": step.end}).rowcount != 1:
            continue  # another process was faster, and added the same
        for day, counts in sorted(step.sums.items()):
            zero = dict.fromkeys((term.value for term in Term), 0)
            insert_rows(connection, ledger_day, [{"day": day, **zero}], skip=True)
            more = {f"more_{term.value}": counts[term] for term in Term}
            connection.execute(_ADD, {"that_day": day, **more})
    return [None] * len(items)


def _note_recount(connection: Connection, now: datetime, items: Sequence[None]) -> list[None]:
    connection.execute(update(ledger_head).values(recounted_at=now))
    return [None] * len(items)


def _outbox_row(row: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": "delivery",
        "queue": row.queue,
        "delivery_id": row.id,
        "message_id": row.message_id,
        "next_at": now,
        "fence": 0,
        "attempts": row.attempts,
        # Its place in its flow is lost: nothing waits for it, and it for nothing.
        "priority": row.priority,
        "deliver_by": row.deliver_by,
    }


def _requeued(row: Row[Any]) -> Event:
    fields = {"recipient": row.code, "delivery": row.id, "reason": "ledger.not_in_outbox"}
    return Event(kind=Kind.REQUEUED, document_id=row.message_id, fields=fields)
