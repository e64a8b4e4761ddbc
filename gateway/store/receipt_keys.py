"""`ports.ReceiptKeys` over a database: one row a key, closed when another takes over, and an entry each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from gateway.ports import PublishedKey
from gateway.ports.receipt_keys import OVERLAP
from gateway.records import Event
from gateway.store import content
from gateway.store.database import Database
from gateway.store.staging import Staging
from gateway.store.tables import receipt_key
from gateway.store.writer import Writer
from routing.log import Kind

_ALL: Final = select(receipt_key).order_by(
    receipt_key.c.valid_from, receipt_key.c.valid_until.is_(None), receipt_key.c.verifier_key
)


class SqlReceiptKeys:
    """The keys for the receipts of `gateway`."""

    def __init__(self, database: Database, writer: Writer, staging: Staging, *, gateway: str) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._gateway = gateway

    async def publish(self, verifier_key: str) -> None:
        """See `ports.ReceiptKeys`."""
        await self._writer.write(self._publish, verifier_key)

    async def published(self) -> tuple[PublishedKey, ...]:
        """See `ports.ReceiptKeys`."""
        return await self._database.read(_published)

    def _publish(self, connection: Connection, now: datetime, items: Sequence[str]) -> list[None]:
        # Processes that start at the same time take turns here.
        content.head_to_change(connection)
        for key in items:
            self._take_over(connection, now, key)
        return [None] * len(items)

    def _take_over(self, connection: Connection, now: datetime, key: str) -> None:
        known = {each.verifier_key: each.valid_until for each in _published(connection)}
        if key in known and known[key] is None:
            return
        others = receipt_key.c.valid_until.is_(None)
        connection.execute(update(receipt_key).where(others).values(valid_until=now + OVERLAP))
        if key in known:
            reopened = update(receipt_key).where(receipt_key.c.verifier_key == key)
            connection.execute(reopened.values(valid_until=None))
        else:
            connection.execute(insert(receipt_key), {"verifier_key": key, "valid_from": now})
        fields = {
            "gateway": self._gateway,
            "verifier_key": key,
            "purpose": "receipt",
            "actor": self._gateway,
        }
        self._staging.stage(connection, now, [Event(kind=Kind.KEY_ROTATED, fields=fields)])


def _published(connection: Connection) -> tuple[PublishedKey, ...]:
    return tuple(
        PublishedKey(verifier_key=row.verifier_key, valid_from=row.valid_from, valid_until=row.valid_until)
        for row in connection.execute(_ALL)
    )
