"""What only the embedded link can meet: a database that is closed, and rows that nobody announced."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway.axis.local import LocalLink
from gateway.records import SendResult
from gateway.store.database import Database, open_database
from gateway.store.errors import StoreClosedError
from gateway.store.tables import axis_message
from gateway.store.writer import Writer
from tests.support.axis import drain, messages, receive, take


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Lend an open database."""
    database = await asyncio.to_thread(open_database, f"sqlite:///{tmp_path / 'axis.db'}")
    yield database
    await asyncio.to_thread(database.close)


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[Writer]:
    """Lend the writer."""
    writer = Writer(database.writes, clock=None)
    yield writer
    await writer.close()


async def test_closed_database(database: Database, writer: Writer) -> None:
    """A message that could not be committed has an unknown outcome, told without its body; the link is not ready."""
    link = LocalLink(database, writer)
    await link.declare(frozenset({"q"}))
    await writer.close()
    (outcome,) = await link.send(messages("q", [b"secret body"]))

    assert outcome.result == SendResult.UNKNOWN
    assert outcome.reason == "StoreClosedError"
    with pytest.raises(StoreClosedError):
        await link.ready()


async def test_rows_that_nobody_announced(database: Database, writer: Writer) -> None:
    """A slow look finds what no send told of."""
    link = LocalLink(database, writer, poll_seconds=0.05)
    waiting = asyncio.create_task(take(receive(link, "q"), 1))

    def put() -> None:
        with database.writes.begin() as connection:
            connection.execute(insert(axis_message).values(queue="q", message_id="1", body=b"quiet"))

    await asyncio.to_thread(put)

    assert [incoming.body for incoming in await waiting] == [b"quiet"]


async def test_undeclared_queue_keeps_its_messages(database: Database, writer: Writer) -> None:
    """What was committed before a restart is received even before its queue is declared again; new messages wait for that."""
    before = LocalLink(database, writer)
    await before.declare(frozenset({"q"}))
    await before.send(messages("q", [b"kept"]))
    await before.close()
    after = LocalLink(database, writer)
    (outcome,) = await after.send(messages("q", [b"returned"]))

    assert await drain(after, "q", count=1) == [b"kept"]
    assert outcome.result == SendResult.RETURNED
