"""`ports.Documents` over a database: writes go through the shared writer, reads through the readers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.mentions import Mention, Sought
from gateway.ports import Clock
from gateway.ports.documents import ANY_SIZE, ASK_AFTER
from gateway.records import (
    Acceptance,
    Accepted,
    Arrival,
    Delivery,
    IdempotencyKey,
    InboxItem,
    Json,
    Link,
    Message,
    OutboxItem,
    ReceiptStep,
    SendOutcome,
)
from gateway.store import inbox, leasing, outbox, recording, references
from gateway.store.acceptance import Acceptances, find_replay
from gateway.store.database import Database
from gateway.store.dialects import transaction_time
from gateway.store.log import count_unsequenced
from gateway.store.rows import DELIVERY_COLUMNS, MESSAGE_COLUMNS, delivery_of, message_of
from gateway.store.signatures import find_evidence
from gateway.store.staging import Staging
from gateway.store.tables import body, delivery, message
from gateway.store.writer import Writer
from routing.heading import Course
from schemas.references import Relation

_MESSAGE: Final = select(*MESSAGE_COLUMNS).where(message.c.id == bindparam("id"))
_DELIVERY: Final = select(*DELIVERY_COLUMNS).where(delivery.c.id == bindparam("id"))
_DELIVERIES: Final = (
    select(*DELIVERY_COLUMNS).where(delivery.c.message_id == bindparam("id")).order_by(delivery.c.position)
)
_BODIES: Final = select(body).where(body.c.sha256.in_(bindparam("hashes", expanding=True)))


class SqlDocuments:
    """Messages, their deliveries, the outbox and the inbox."""

    def __init__(self, database: Database, writer: Writer, staging: Staging, *, clock: Clock | None) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._acceptances = Acceptances(staging)
        self._outbox = outbox.Outbox(staging)
        self._recorder = recording.Recorder(staging)
        self._inbox = inbox.Inbox(staging)
        self._links = references.Links(staging)

    async def accept(self, acceptance: Acceptance) -> Accepted:
        """See `ports.Documents`."""
        return await self._writer.write(self._acceptances.accept, acceptance, first=True)

    async def replay(self, keys: Sequence[IdempotencyKey], sha256: str) -> Accepted | None:
        """See `ports.Documents`; None also when another of the keys stands for other bytes, which `accept` would refuse."""
        return await self._database.read(partial(find_replay, keys=keys, sha256=sha256))

    async def now(self) -> datetime:
        """See `ports.Documents`."""
        return await self._database.read(partial(transaction_time, clock=self._clock))

    async def message(self, message_id: str) -> Message | None:
        """See `ports.Documents`."""
        return await self._database.read(partial(_message, message_id=message_id))

    async def evidence(self, message_id: str) -> Mapping[str, Json] | None:
        """See `ports.Documents`."""
        return (await self._database.read(partial(find_evidence, ids=[message_id]))).get(message_id)

    async def bodies(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """See `ports.Documents`."""
        return await self._database.read(partial(_bodies, hashes=set(hashes)))

    async def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """See `ports.Documents`."""
        return await self._database.read(partial(_deliveries, message_id=message_id))

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """See `ports.Documents`."""
        return await self._database.read(partial(_delivery, delivery_id=delivery_id))

    async def correspondence(self, sought: Sought) -> Message | None:
        """See `ports.Documents`."""
        return await self._database.read(partial(references.find_document, sought=sought))

    async def mentions(
        self, about: Iterable[str], *, speakers: Iterable[str] | None = None
    ) -> dict[str, tuple[Mention, ...]]:
        """See `ports.Documents`."""
        by = None if speakers is None else set(speakers)
        return await self._database.read(partial(references.find_mentions, about=set(about), speakers=by))

    async def spoken_of(self, message_id: str) -> tuple[tuple[Relation, Message], ...]:
        """See `ports.Documents`."""
        return await self._database.read(partial(references.find_spoken_of, message_id=message_id))

    async def unlinked(self, senders: Iterable[str]) -> tuple[Message, ...]:
        """See `ports.Documents`."""
        return await self._database.read(partial(references.find_unlinked, senders=set(senders)))

    async def link(self, message: Message, links: Sequence[Link]) -> None:
        """See `ports.Documents`."""
        await self._writer.write(self._links.link, (message, links))

    async def claim(
        self, *, limit: int, lease: timedelta, course: Course | None = None, sizes: range = ANY_SIZE
    ) -> tuple[OutboxItem, ...]:
        """See `ports.Documents`."""
        return await self._writer.write(self._outbox.claim, outbox.Claim(limit, lease, course, sizes))

    async def renew(self, items: Sequence[OutboxItem], *, lease: timedelta) -> None:
        """See `ports.Documents`."""
        await self._writer.write(leasing.renew, leasing.Renewal(items, lease))

    async def release_leases(self) -> None:
        """See `ports.Documents`."""
        await self._writer.write(outbox.release_all, None)

    async def hasten(self) -> int:
        """See `ports.Documents`."""
        return await self._writer.write(outbox.hasten, None)

    async def settle(
        self, outcomes: Sequence[tuple[OutboxItem, SendOutcome]], *, resend_after: timedelta
    ) -> None:
        """See `ports.Documents`."""
        items = [outbox.Settlement(item, outcome, resend_after) for item, outcome in outcomes]
        await asyncio.gather(*(self._writer.write(self._outbox.settle, item) for item in items))

    async def arrive(self, arrivals: Sequence[Arrival]) -> tuple[bool, ...]:
        """See `ports.Documents`; what reuses an id for other bytes is discarded, with an entry: False, and no receipt."""
        return tuple(
            await asyncio.gather(*(self._writer.write(self._inbox.arrive, each) for each in arrivals))
        )

    async def record_receipts(
        self, steps: Sequence[ReceiptStep], *, ask_after: timedelta = ASK_AFTER
    ) -> None:
        """See `ports.Documents`."""
        items = [recording.Said(step, ask_after) for step in steps]
        await asyncio.gather(*(self._writer.write(self._recorder.record_receipts, item) for item in items))

    async def inbox(
        self, *, member_id: str, code: str | None, after: str | None, limit: int, urgent: bool = False
    ) -> tuple[InboxItem, ...]:
        """See `ports.Documents`."""
        whose = partial(inbox.waiting_items, member_id=member_id, code=code, urgent=urgent)
        return await self._database.read(partial(whose, after=after, limit=limit))

    async def inbox_item(self, *, member_id: str, item_id: str) -> InboxItem | None:
        """See `ports.Documents`."""
        return await self._database.read(partial(inbox.one_item, member_id=member_id, item_id=item_id))

    async def mark_fetched(self, item: InboxItem) -> bool:
        """See `ports.Documents`."""
        return await self._writer.write(self._inbox.mark_fetched, item)

    async def acknowledge(self, item: InboxItem, *, receipt: bytes) -> bool:
        """See `ports.Documents`."""
        return await self._writer.write(self._inbox.acknowledge, inbox.Acknowledgement(item, receipt))

    async def backlog(self) -> dict[str, int]:
        """See `ports.Documents`."""
        return await self._database.read(self._backlog)

    def _backlog(self, connection: Connection) -> dict[str, int]:
        return {
            **outbox.backlog(connection, transaction_time(connection, self._clock)),
            "inbox_waiting": inbox.count_waiting(connection),
            "log_unsequenced": count_unsequenced(connection),
        }


def _message(connection: Connection, *, message_id: str) -> Message | None:
    row = connection.execute(_MESSAGE, {"id": message_id}).one_or_none()
    return None if row is None else message_of(row)


def _bodies(connection: Connection, *, hashes: set[str]) -> dict[str, bytes]:
    return {row.sha256: row.body for row in connection.execute(_BODIES, {"hashes": hashes})}


def _deliveries(connection: Connection, *, message_id: str) -> tuple[Delivery, ...]:
    return tuple(map(delivery_of, connection.execute(_DELIVERIES, {"id": message_id})))


def _delivery(connection: Connection, *, delivery_id: str) -> Delivery | None:
    row = connection.execute(_DELIVERY, {"id": delivery_id}).one_or_none()
    return None if row is None else delivery_of(row)
