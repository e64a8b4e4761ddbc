"""The store: all durable state of one gateway behind one database URL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, update
from uuid_utils import uuid7

from gateway.peers import PeerGateway
from gateway.ports import Clock
from gateway.store.accounts import SqlAccounts
from gateway.store.availability import explained
from gateway.store.changes import SqlChanges
from gateway.store.contacts import SqlContacts
from gateway.store.database import Database, open_database
from gateway.store.dead_letters import SqlDeadLetters
from gateway.store.documents import SqlDocuments
from gateway.store.inquiring import SqlInquiries
from gateway.store.ledger import SqlLedger
from gateway.store.log import SqlRoutingLog
from gateway.store.parking import SqlParkedDocuments
from gateway.store.receipt_keys import SqlReceiptKeys
from gateway.store.registry import SqlRegistry
from gateway.store.staging import Staging
from gateway.store.tables import readiness
from gateway.store.trust import SqlTrustStore
from gateway.store.under_way import SqlUnderWay
from gateway.store.upstream import SqlUpstreamRegistry
from gateway.store.writer import Writer
from routing.note import PrivateKey


class SqlStore:
    """`ports.Store` on SQLite or PostgreSQL."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock | None,
        gateway_name: str,
        log_key: PrivateKey,
        instance: str,
    ) -> None:
        staging = Staging(instance)
        self._database = database
        self.writer = Writer(database.writes, clock=clock)
        """The one writer of this process, for the embedded axis link, which shares the database."""
        self.clock = self.writer.clock
        """The time that counts for everything here: the database's, unless a clock was given."""
        self.database = database
        """What the embedded axis link reads from."""
        self.documents = SqlDocuments(database, self.writer, staging, clock=clock)
        self.parked = SqlParkedDocuments(database, self.writer, staging)
        self.under_way = SqlUnderWay(database, self.writer, staging, clock=clock)
        self.dead_letters = SqlDeadLetters(database, self.writer, staging)
        self.inquiries = SqlInquiries(database, self.writer, clock=clock)
        self.registry = SqlRegistry(database, self.writer, staging)
        self.changes = SqlChanges(database, self.writer, staging)
        self.log = SqlRoutingLog(
            database, self.writer, staging, origin=f"{gateway_name}/routing", key=log_key
        )
        self.ledger = SqlLedger(database, self.writer, staging, clock=clock)
        self.accounts = SqlAccounts(database, self.writer, staging)
        self.trust = SqlTrustStore(database, self.writer, staging)
        self.contacts = SqlContacts(database, self.writer)
        self.upstream = SqlUpstreamRegistry(database, self.writer, staging, self.registry)
        self.receipt_keys = SqlReceiptKeys(database, self.writer, staging, gateway=gateway_name)

    def explain(self, error: Exception) -> Exception:
        """See `ports.Store`."""
        return explained(error)

    async def ready(self) -> None:
        """See `ports.Store`."""
        await self.writer.write(_try_to_write, None)
        await self.documents.backlog()

    async def close(self) -> None:
        """See `ports.Store`."""
        await self.registry.close()
        await self.writer.close()
        await asyncio.to_thread(self._database.close)


async def open_store(
    url: str,
    *,
    clock: Clock | None,
    gateway_name: str,
    log_key: PrivateKey,
    own_verifier_key: str,
    instance: str | None = None,
) -> SqlStore:
    """Open the store of a gateway, creating or upgrading its schema.

    `url` is `sqlite:///…` or `postgresql+psycopg://…`. Without a `clock` the database's own time counts. `log_key`
    signs the checkpoints of the log `<gateway_name>/routing`; `own_verifier_key` is the key of this gateway's own
    envelopes, which it believes like those of other gateways. `instance` names this process in log entries; by
    default every start gets a name of its own.

    Raises:
        StoreError: the database is of no use, unsafe, or newer than this software.

    """
    database = await asyncio.to_thread(open_database, url)
    store = SqlStore(
        database,
        clock=clock,
        gateway_name=gateway_name,
        log_key=log_key,
        instance=instance or f"{gateway_name}/{uuid7()}",
    )
    try:
        await store.log.open()
        own = PeerGateway(name=gateway_name, verifier_key=own_verifier_key, shares_payloads=True)
        await store.registry.put_peer(own, actor=gateway_name)
    except BaseException:
        await store.close()
        raise
    return store


def _try_to_write(connection: Connection, now: datetime, items: Sequence[None]) -> list[None]:
    if not connection.execute(update(readiness).values(tried_at=now)).rowcount:
        connection.execute(insert(readiness), {"id": 1, "tried_at": now})
    return [None] * len(items)
