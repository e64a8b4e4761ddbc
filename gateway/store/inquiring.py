"""`ports.Inquiries`: which deliveries are asked about, and what is answered from the inbox.

Invariants: asking changes when it is asked again, and nothing else of a delivery; an answer is a receipt that was given before,
byte for byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, select
from uuid_utils import uuid7

from gateway.inquiries import Asked, Question
from gateway.ports import Clock
from gateway.store.bulk import insert_rows, update_rows
from gateway.store.database import Database
from gateway.store.dialects import transaction_time
from gateway.store.inbox import last_receipt, put_receipts
from gateway.store.outbox import INQUIRY
from gateway.store.tables import arrival, delivery, outbox
from gateway.store.writer import Writer

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_IS_DUE: Final = (delivery.c.state == "received", delivery.c.ask_at <= bindparam("now"))
_DUE: Final = (
    select(delivery.c.id, delivery.c.message_id)
    .where(*_IS_DUE)
    .order_by(delivery.c.ask_at)
    .limit(bindparam("limit"))
)
_LOCK: Final = (
    select(delivery.c.id, delivery.c.queue, delivery.c.updated_at)
    .where(delivery.c.id.in_(_IDS), *_IS_DUE)
    .order_by(delivery.c.id)
    .with_for_update(skip_locked=True)
)
_ARRIVED: Final = select(arrival).where(arrival.c.id.in_(_IDS))


class SqlInquiries:
    """Questions of this gateway, and answers to those of others."""

    def __init__(self, database: Database, writer: Writer, *, clock: Clock | None) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock

    async def due(self, *, limit: int) -> tuple[Asked, ...]:
        """See `ports.Inquiries`."""
        return await self._database.read(partial(_due, clock=self._clock, limit=limit))

    async def ask(self, questions: Sequence[Question]) -> int:
        """See `ports.Inquiries`."""
        return await self._writer.write(_ask, tuple(questions)) if questions else 0

    async def answer(self, asked: Sequence[Asked]) -> tuple[bool, ...]:
        """See `ports.Inquiries`."""
        return tuple(await asyncio.gather(*(self._writer.write(_answer, each) for each in asked)))


def _due(connection: Connection, *, clock: Clock | None, limit: int) -> tuple[Asked, ...]:
    values = {"now": transaction_time(connection, clock), "limit": limit}
    return tuple(
        Asked(delivery_id=row.id, message_id=row.message_id) for row in connection.execute(_DUE, values)
    )


def _ask(connection: Connection, now: datetime, items: Sequence[tuple[Question, ...]]) -> list[int]:
    envelopes = {each.delivery_id: each.envelope for questions in items for each in questions}
    rows = connection.execute(_LOCK, {"ids": list(envelopes), "now": now}).all()
    # The longer it has been here, the longer until it is asked again.
    update_rows(
        connection, delivery, [{"id": row.id, "ask_at": now + (now - row.updated_at)} for row in rows]
    )
    insert_rows(connection, outbox, [_outbox_row(row, envelopes[row.id], now) for row in rows], skip=True)
    taken = {row.id for row in rows}
    return [sum(each.delivery_id in taken for each in questions) for questions in items]


def _answer(connection: Connection, now: datetime, items: Sequence[Asked]) -> list[bool]:
    rows = {
        row.id: row for row in connection.execute(_ARRIVED, {"ids": {each.delivery_id for each in items}})
    }
    found = [rows.get(each.delivery_id) for each in items]
    known = [
        row is not None and row.message_id == each.message_id for row, each in zip(found, items, strict=True)
    ]
    told = {row.id: row for row, is_known in zip(found, known, strict=True) if row is not None and is_known}
    put_receipts(connection, [each for row in told.values() for each in last_receipt(now, row)])
    return known


def _outbox_row(row: Any, envelope: bytes, now: datetime) -> dict[str, Any]:  # noqa: ANN401 - a row of _LOCK
    return {
        "id": str(uuid7()),
        "kind": INQUIRY,
        "queue": row.queue,
        "delivery_id": row.id,
        "body": envelope,
        "next_at": now,
        "fence": 0,
        "attempts": 0,
    }
