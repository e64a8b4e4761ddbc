"""Bugs that are planted on purpose, into a gateway process of a test and nowhere else: the checker has to catch each of them.

A checker that never found anything proves nothing. Each bug is one that gateways of this kind have had, put in at run time by
`tests.faults.process`; the product has no switch for any of them. What a bug replaces must exist, or planting fails:
a bug that was not planted would not be caught either.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from sqlalchemy import Connection, Engine, bindparam
from uuid_utils import uuid7

from gateway import payloads
from gateway.flow import envelope, judging, shipping
from gateway.records import Arrival, AxisMessage, OutboxItem
from gateway.store import database, due, outbox, tables, writer
from gateway.store.acceptance import Acceptances
from gateway.store.dialects import transaction_time
from gateway.store.inbox import Inbox, _before

_BEFORE_COMMIT: Final = 0.05
"""Seconds between an answer and the commit that it speaks of; a busy disk takes as long."""


def _replace(owner: Any, name: str, value: object) -> None:
    """Put something in the place of what is there.

    Raises:
        AttributeError: nothing of this name is there.

    """
    getattr(owner, name)
    setattr(owner, name, value)


def no_fsync() -> None:
    """Bodies over 16 KiB are written and renamed, but nobody waits until they are on the disk."""

    def written(_path: Path) -> None:
        return None

    _replace(payloads, "_sync", written)


def acknowledge_before_commit() -> None:
    """Callers hear that their document is accepted, and then it is committed."""

    def transact(self: Any, batch: Sequence[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            transaction = connection.begin()
            now = transaction_time(connection, self._clock)
            self._reckoned.tell(now)
            outcomes = writer._perform(connection, now, batch)
            if any(isinstance(getattr(job.operation, "__self__", None), Acceptances) for job in batch):
                writer._deliver(batch, outcomes)
                time.sleep(_BEFORE_COMMIT)
            transaction.commit()
        return outcomes

    _replace(writer.Writer, "_transact", transact)


def reuse_message_ids() -> None:
    """Every attempt to send a delivery goes by the same AMQP message id."""
    messages = shipping.Shipper._messages

    def reused(self: Any, items: Sequence[OutboxItem], *rest: Any) -> Iterator[tuple[int, AxisMessage]]:
        for position, message in messages(self, items, *rest):
            yield position, dataclasses.replace(message, id=items[position].id)

    _replace(shipping.Shipper, "_messages", reused)


def synchronous_normal() -> None:
    """SQLite does not wait for the disk at each commit; it is told so in many a guide to more speed."""
    pragmas = [each.replace("synchronous=FULL", "synchronous=NORMAL") for each in database._SQLITE_WRITER]
    if pragmas == list(database._SQLITE_WRITER):
        raise AssertionError("there is nothing to replace")
    _replace(database, "_SQLITE_WRITER", tuple(pragmas))
    _replace(database, "_require_durable", lambda _connection: None)


def synchronous_commit_off() -> None:
    """PostgreSQL does not wait for the disk at each commit."""
    create = sqlalchemy.create_engine

    def careless(*arguments: Any, **named: Any) -> Engine:
        options = named["connect_args"]
        options["options"] = options["options"].replace("synchronous_commit=on", "synchronous_commit=off")
        return create(*arguments, **named)

    _replace(database, "create_engine", careless)
    _replace(database, "_require_durable", lambda _connection: None)


def skip_rows() -> None:
    """Page the outbox by `id > last`: what comes late, and what has to be sent again, has been passed already."""
    last = [""]
    claim = outbox.Outbox._claim
    skipping = due.DUE.where(tables.outbox.c.id > bindparam("last", callable_=lambda: last[0]))

    def claimed(self: Any, *arguments: Any) -> tuple[OutboxItem, ...]:
        items = claim(self, *arguments)
        last[0] = max([last[0], *(item.id for item in items)])
        return items

    _replace(due, "DUE", skipping)
    _replace(outbox.Outbox, "_claim", claimed)


def believe_receipts() -> None:
    """Let a receipt count without anybody looking at who signed it."""
    look = envelope.open_envelope

    def opened(sealed: bytes, *, verifiers: Any) -> Any:
        facts = json.loads(sealed.partition(b"\n")[0]).get(envelope.AXIS.name, {})
        if facts.get("kind") == "receipt":
            return envelope._stated(facts), b""
        return look(sealed, verifiers=verifiers)

    _replace(judging, "open_envelope", opened)


def forget_arrivals() -> None:
    """Store an arrival whose delivery id was seen before once more."""
    arrive = Inbox.arrive

    def arrived(self: Any, connection: Connection, now: datetime, items: Sequence[Arrival]) -> list[bool]:
        known = _before(connection, items)
        anew = [_renamed(item) if item.recipient.delivery_id in known else item for item in items]
        return arrive(self, connection, now, anew)

    _replace(Inbox, "arrive", arrived)


def _renamed(item: Arrival) -> Arrival:
    """Return an arrival under a delivery id that was never seen."""
    return dataclasses.replace(item, recipient=dataclasses.replace(item.recipient, delivery_id=str(uuid7())))


BUGS: Final[dict[str, Callable[[], None]]] = {
    "no-fsync": no_fsync,
    "ack-before-commit": acknowledge_before_commit,
    "reused-message-id": reuse_message_ids,
    "synchronous-normal": synchronous_normal,
    "synchronous-commit-off": synchronous_commit_off,
    "skipped-rows": skip_rows,
    "unsigned-receipts": believe_receipts,
    "no-dedupe": forget_arrivals,
}
