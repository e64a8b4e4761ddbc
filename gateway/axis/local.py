"""The axis without a broker: queues as rows of the gateway's own database, for one process that serves all of its members itself.

It keeps the same promises as a broker: confirmed means committed; a message stays until it is settled and comes again after a
restart; what can never be processed is kept as a dead row. What an earlier process left is handed out one by one, and counted
before: what ended that process would end every later one. What comes too often is dead, too. Invariants: all rows are inserted
by the one writer, so their numbers grow in the order of their commits, and reading on from the last number misses none; those
queues exist that were declared here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from gateway.records import AxisMessage, Incoming, SendOutcome, SendResult
from gateway.store.database import Database
from gateway.store.errors import StoreError
from gateway.store.tables import axis_message
from gateway.store.writer import Writer

BATCH = 200
BATCH_BYTES = 8 * 2**20
POLL_SECONDS = 5.0
"""How often to look without having been told: sends wake their receivers, so this only heals what should not happen."""


_Row: TypeAlias = Row[int, str, bytes, str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The row of a message."""

    row: int


DELIVERY_LIMIT = 10
REJECTED = "rejected"
LIMIT_REACHED = "delivery_limit"


class LocalLink:
    """`AxisLink` inside one process. It borrows database and writer, and leaves closing them to their owner."""

    def __init__(self, database: Database, writer: Writer, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._writer = writer
        self._poll_seconds = poll_seconds
        self._queues: frozenset[str] = frozenset()
        self._opened = asyncio.Event()
        self._wakes: set[asyncio.Event] = set()
        self._closed = False
        self._left: int | None = None
        """The last row that an earlier process may have had; what this one had has not ended it."""

    @property
    def blocked(self) -> str:
        """Never: what the database cannot take, nobody can accept either."""
        return ""

    @property
    def silent(self) -> frozenset[str]:
        """None: all queues are in one database."""
        return frozenset()

    async def declare(self, queues: frozenset[str]) -> None:
        """Make sure these queues exist."""
        if not queues <= self._queues:
            self._opened.set()
        self._queues |= queues

    async def opened(self) -> None:
        """Wait until queues were declared that were not known before."""
        await self._opened.wait()
        self._opened.clear()

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Commit messages to their queues; the commit is shared with whatever else the gateway writes."""
        known = [message for message in messages if message.queue in self._queues]
        outcome = SendOutcome(result=SendResult.CONFIRMED)
        if known:
            try:
                await self._writer.write(_insert, known)
            except (StoreError, SQLAlchemyError) as error:
                # Only the kind of error: its text repeats the statement with the bodies.
                outcome = SendOutcome(result=SendResult.UNKNOWN, reason=type(error).__name__)
            for wake in self._wakes:
                wake.set()
        return tuple(outcome if message.queue in self._queues else _NO_QUEUE for message in messages)

    async def receive(
        self,
        queues: frozenset[str],
        *,
        in_pieces: bool = False,  # noqa: ARG002 - a batch here has few bytes, whatever comes
    ) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield batches in the order in which they were sent, beginning with what was not settled before."""
        if self._left is None:
            self._left = await self._database.read(_left)
        left = self._left
        async with aclosing(self._rows(queues, dead=False)) as batches:
            async for rows in batches:
                suspects = [row for row in rows if row.id <= left]
                for row in suspects:
                    # One that waits behind another was not handed out yet: closing in between counts against none of them.
                    if await self._writer.write(_hand_out, row.id):
                        yield (_incoming(row, redelivered=True),)
                if fresh := rows[len(suspects) :]:
                    yield tuple(_incoming(row, redelivered=False) for row in fresh)

    async def receive_dead(self, queues: frozenset[str]) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield the dead rows of these queues."""
        async with aclosing(self._rows(queues, dead=True)) as batches:
            async for rows in batches:
                yield tuple(_incoming(row, redelivered=False) for row in rows)

    async def _rows(self, queues: frozenset[str], *, dead: bool) -> AsyncGenerator[Sequence[_Row]]:
        """Yield rows in the order of their numbers; dead ones do not die in that order, so those not settled come again."""
        wake = asyncio.Event()
        self._wakes.add(wake)
        last = 0
        try:
            while not self._closed:
                wake.clear()
                rows = await self._database.read(partial(_waiting, queues=queues, after=last, dead=dead))
                if rows:
                    last = 0 if dead else rows[-1].id
                    yield rows
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._poll_seconds):
                            await wake.wait()
        finally:
            self._wakes.discard(wake)

    async def settle(self, *, done: Sequence[Incoming], dead: Sequence[Incoming] = ()) -> None:
        """Delete what is done and mark what is dead, in one transaction; a repeat does nothing."""
        settled = [(_row(message), False) for message in done] + [(_row(message), True) for message in dead]
        if settled:
            await self._writer.write(_settle, settled)
        if dead:
            for wake in self._wakes:
                wake.set()

    async def ready(self) -> None:
        """Begin a write and read the queues; raises whatever is wrong."""
        await self._writer.write(_settle, [])
        await self._database.read(partial(_waiting, queues=frozenset(), after=0, dead=False))

    async def close(self) -> None:
        """End every `receive`; what is not settled comes again next time."""
        self._closed = True
        for wake in self._wakes:
            wake.set()


_NO_QUEUE = SendOutcome(result=SendResult.RETURNED, reason="NO_ROUTE")


def _row(message: Incoming) -> int:
    if not isinstance(message.tag, Tag):
        raise TypeError("this message came from another link")
    return message.tag.row


def _incoming(row: _Row, *, redelivered: bool) -> Incoming:
    return Incoming(
        queue=row.queue,
        body=row.body,
        tag=Tag(row=row.id),
        id=row.message_id,
        redelivered=redelivered,
        died_of=row.died_of,
    )


def _left(connection: Connection) -> int:
    """Return the last row that waits."""
    query = select(func.max(axis_message.c.id)).where(axis_message.c.dead.is_(False))
    return connection.execute(query).scalar_one() or 0


def _hand_out(connection: Connection, _: datetime, rows: Sequence[int]) -> Sequence[bool]:
    """Count that a row is handed out again, and say for each whether it may be; one that was too often is dead."""
    table = axis_message.c
    counted = update(axis_message).where(table.id == bindparam("row"))
    again = counted.where(table.deliveries < DELIVERY_LIMIT).values(deliveries=table.deliveries + 1)
    results = []
    for row in rows:
        may = connection.execute(again, {"row": row}).rowcount == 1
        if not may:
            connection.execute(counted.values(dead=True, died_of=LIMIT_REACHED), {"row": row})
        results.append(may)
    return results


def _waiting(connection: Connection, *, queues: frozenset[str], after: int, dead: bool) -> list[_Row]:
    """Return the next messages behind row `after`, up to `BATCH` of them or `BATCH_BYTES` and one."""
    table = axis_message.c
    query = (
        select(table.id, table.queue, table.body, table.message_id, table.died_of)
        .where(table.id > after, table.queue.in_(sorted(queues)), table.dead.is_(dead))
        .order_by(table.id)
        .limit(BATCH)
    )
    rows: list[_Row] = []
    size = 0
    for row in connection.execute(query):
        rows.append(row)
        size += len(row.body)
        if size > BATCH_BYTES:
            break
    return rows


def _insert(connection: Connection, _: datetime, batches: Sequence[Sequence[AxisMessage]]) -> Sequence[None]:
    rows = [
        {"queue": message.queue, "message_id": message.id, "body": message.body}
        for batch in batches
        for message in batch
    ]
    connection.execute(insert(axis_message), rows)
    return [None] * len(batches)


def _settle(
    connection: Connection, _: datetime, batches: Sequence[Sequence[tuple[int, bool]]]
) -> Sequence[None]:
    done = [{"row": row} for batch in batches for row, dead in batch if not dead]
    dead = [{"row": row} for batch in batches for row, dead in batch if dead]
    if done:
        connection.execute(delete(axis_message).where(axis_message.c.id == bindparam("row")), done)
    if dead:
        connection.execute(
            update(axis_message)
            .where(axis_message.c.id == bindparam("row"))
            .values(dead=True, died_of=REJECTED),
            dead,
        )
    return [None] * len(batches)
