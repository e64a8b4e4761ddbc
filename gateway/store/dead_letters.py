"""`ports.DeadLetters` over a database: burying, what people see of it, and what they order.

Invariants: a letter's body goes only with the decision that nobody needs it any more; an act and its log entry are one
transaction. Orders are worked off in `gateway/store/resending.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update
from uuid_utils import uuid7

from gateway.dead_letters import (
    Act,
    Cause,
    CauseGroup,
    DeadLetter,
    Death,
    Decision,
    LetterItem,
    LetterState,
    Order,
    Selection,
    StuckGroup,
    order_facts,
)
from gateway.records import Event
from gateway.store import dead_letter_rows as rows
from gateway.store import stuck
from gateway.store.database import Database
from gateway.store.dialects import insert_or_skip
from gateway.store.resending import Claim, Failure, Resending, next_due
from gateway.store.staging import Staging
from gateway.store.tables import dead_letter, resend_order
from gateway.store.writer import Writer
from routing.log import Kind

ATTEMPTS: Final = 50
"""How many attempts are remembered: of those that one batch buried, the axis may tell later and in any order."""

_letter: Final = dead_letter.c
_WAITS: Final = _letter.state == LetterState.WAITING.value
_FIRST_DEATH: Final = insert_or_skip(dead_letter, _letter.id)
_SAME: Final = (
    select(_letter.id, _letter.state, _letter.attempt)
    .where(_letter.queue == bindparam("on_queue"), _letter.sha256 == bindparam("of"))
    .with_for_update()
)
_ONCE_MORE: Final = (
    update(dead_letter)
    .where(_letter.id == bindparam("row_id"))
    .values(
        times=_letter.times + 1,
        state=bindparam("becomes"),
        attempt=bindparam("of_attempt"),
        cause=bindparam("of_cause"),
        words=bindparam("in_words"),
        body=bindparam("with_body"),
        last_seen=bindparam("now"),
        decided_at=None,
    )
)


class _Ordered(NamedTuple):
    selection: Selection
    decision: Decision


class SqlDeadLetters:
    """What could not be processed, and what keeps failing."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._resending = Resending(staging)

    async def bury(self, deaths: Sequence[Death]) -> None:
        """See `ports.DeadLetters`."""
        if deaths:
            await self._writer.write(self._bury, deaths)

    async def causes(self) -> tuple[CauseGroup, ...]:
        """See `ports.DeadLetters`."""
        return await self._database.read(rows.causes)

    async def letters(
        self, *, state: LetterState, cause: str | None, after: str | None, limit: int
    ) -> tuple[DeadLetter, ...]:
        """See `ports.DeadLetters`."""
        return await self._database.read(
            partial(rows.letters, state=state, cause=cause, after=after, limit=limit)
        )

    async def letter(self, letter_id: str) -> tuple[DeadLetter, bytes | None] | None:
        """See `ports.DeadLetters`."""
        return await self._database.read(partial(rows.find, letter_id=letter_id))

    async def resend(self, selection: Selection, decision: Decision) -> Order | None:
        """See `ports.DeadLetters`."""
        return await self._writer.write(self._resend, _Ordered(selection, decision))

    async def discard(self, selection: Selection, decision: Decision) -> int:
        """See `ports.DeadLetters`."""
        return await self._writer.write(self._discard, _Ordered(selection, decision))

    async def stuck(self) -> tuple[StuckGroup, ...]:
        """See `ports.DeadLetters`."""
        return await self._database.read(stuck.groups)

    async def retry(self, selection: Selection, decision: Decision) -> Order | None:
        """See `ports.DeadLetters`."""
        return await self._writer.write(self._retry, _Ordered(selection, decision))

    async def orders(self, *, limit: int) -> tuple[Order, ...]:
        """See `ports.DeadLetters`."""
        return await self._database.read(partial(rows.orders, limit=limit))

    async def claim(self, *, lease: timedelta, crashed: Cause) -> LetterItem | None:
        """See `ports.DeadLetters`."""
        return await self._writer.write(self._resending.claim, Claim(lease, crashed))

    async def next_due(self) -> datetime | None:
        """See `ports.DeadLetters`."""
        return await self._database.read(next_due)

    async def taken(self, item: LetterItem) -> None:
        """See `ports.DeadLetters`."""
        await self._writer.write(self._resending.taken, item)

    async def failed(self, item: LetterItem, death: Death | None) -> None:
        """See `ports.DeadLetters`."""
        await self._writer.write(self._resending.failed, Failure(item, death))

    def _bury(self, connection: Connection, now: datetime, items: Sequence[Sequence[Death]]) -> list[None]:
        # In one order, so that two processes wait for each other instead of in a circle.
        deaths = sorted(
            (death for item in items for death in item), key=lambda each: (each.queue, each.sha256)
        )
        events = [death.event for death in deaths if _buried(connection, now, death)]
        self._staging.stage(connection, now, events)
        return [None] * len(items)

    def _resend(self, connection: Connection, now: datetime, items: Sequence[_Ordered]) -> list[Order | None]:
        results: list[Order | None] = []
        for selection, decision in items:
            order_id = str(uuid7())
            changes = {"state": LetterState.RESENDING.value, "order_id": order_id, "tries": 0}
            count = connection.execute(
                update(dead_letter).where(*_selected(selection)).values(**changes, lease_until=None)
            ).rowcount
            order = _order(order_id, Act.RESEND, selection, decision, total=count, now=now)
            results.append(self._give(connection, now, order, selection))
        return results

    def _retry(self, connection: Connection, now: datetime, items: Sequence[_Ordered]) -> list[Order | None]:
        results: list[Order | None] = []
        for selection, decision in items:
            count = stuck.count(connection, selection.cause)
            order = _order(str(uuid7()), Act.RETRY, selection, decision, total=count, now=now)
            results.append(self._give(connection, now, order, selection))
        return results

    def _give(
        self, connection: Connection, now: datetime, order: Order, selection: Selection
    ) -> Order | None:
        """Write an order down with its entry, if there is anything to do."""
        if not order.total:
            return None
        facts = {name: getattr(order, name) for name in Order.__slots__ if name != "act"}
        connection.execute(insert(resend_order).values(**facts, act=order.act.value, next_at=now))
        kind = Kind.DEAD_LETTERS_RESENT if order.act is Act.RESEND else Kind.DELIVERIES_URGED
        decision = Decision(actor=order.actor, reason=order.reason, rate=order.rate)
        fields = order_facts(decision, selection, count=order.total) | {"rate": order.rate, "order": order.id}
        self._staging.stage(connection, now, [Event(kind=kind, fields=fields)])
        return order

    def _discard(self, connection: Connection, now: datetime, items: Sequence[_Ordered]) -> list[int]:
        results = []
        for selection, decision in items:
            gone = {"state": LetterState.DISCARDED.value, "body": None, "decided_at": now}
            count = connection.execute(
                update(dead_letter).where(*_selected(selection)).values(**gone)
            ).rowcount
            if count:
                fields = order_facts(decision, selection, count=count)
                self._staging.stage(connection, now, [Event(kind=Kind.DEAD_LETTERS_DISCARDED, fields=fields)])
            results.append(count)
        return results


def _buried(connection: Connection, now: datetime, death: Death) -> bool:
    """Keep one death; False if it was known."""
    row = {
        "id": str(uuid7()),
        "queue": death.queue,
        "sha256": death.sha256,
        "size": len(death.body),
        "body": death.body,
        "attempt": death.attempt,
        "cause": death.cause.code,
        "words": dict(death.cause.words),
        "times": 1,
        "state": LetterState.WAITING.value,
        "first_seen": now,
        "last_seen": now,
        "fence": 0,
        "tries": 0,
    }
    if connection.execute(_FIRST_DEATH[connection.dialect.name], row).first() is not None:
        return True
    same = connection.execute(_SAME, {"on_queue": death.queue, "of": death.sha256}).one()
    counted = same.attempt.split()
    if death.attempt in counted:
        return False
    is_ordered = same.state == LetterState.RESENDING.value
    facts = {
        "row_id": same.id,
        "becomes": same.state if is_ordered else LetterState.WAITING.value,
        "of_attempt": " ".join([*counted, death.attempt][-ATTEMPTS:]),
        "of_cause": death.cause.code,
        "in_words": dict(death.cause.words),
        "with_body": death.body,
        "now": now,
    }
    connection.execute(_ONCE_MORE, facts)
    return True


def _selected(selection: Selection) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_WAITS]
    if selection.letter_id is not None:
        conditions.append(_letter.id == selection.letter_id)
    if selection.cause is not None:
        conditions.append(_letter.cause == selection.cause)
    return conditions


def _order(
    order_id: str, act: Act, selection: Selection, decision: Decision, *, total: int, now: datetime
) -> Order:
    return Order(
        id=order_id,
        act=act,
        cause=selection.cause,
        actor=decision.actor,
        reason=decision.reason,
        rate=decision.rate,
        total=total,
        done=0,
        failed=0,
        created_at=now,
        finished_at=None,
    )
