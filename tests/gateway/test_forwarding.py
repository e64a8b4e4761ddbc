"""Forwarding when the database fails in the middle of it: what was leased does not wait for the end of its lease."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from routing.log import Kind
from schemas.document import Organization
from tests.api.world import World, a_document, world
from tests.gateway.test_receiving import introduce


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway, with another one registered that gives no receipts."""
    async with world(tmp_path) as running:
        await introduce(running)
        yield running


def execute(gateway: World, statement: str) -> None:
    """Change something in the gateway's database behind its back."""
    path = gateway.context.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


async def attempts(gateway: World, document_id: str) -> int:
    """Return how often it was tried to send a document."""
    told = await gateway.log()
    return sum(each.kind is Kind.PUBLISH_ATTEMPT and each.document_id == document_id for each in told)


async def test_what_could_not_be_sent_is_tried_again_soon(gateway: World) -> None:
    """The axis breaks down under a batch: the next try comes after the first pause and not after a minute."""
    execute(
        gateway,
        "CREATE TRIGGER broken BEFORE INSERT ON axis_message BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
    )
    sent = (await gateway.send(a_document())).json
    async with asyncio.timeout(20):
        while not await attempts(gateway, sent["id"]):
            await asyncio.sleep(0.02)
        while not (await gateway.call("GET", f"/v1/documents/{sent['id']}")).json["deliveries"][0]["reason"]:
            await asyncio.sleep(0.02)
    execute(gateway, "DROP TRIGGER broken")

    gateway.clock.turn(seconds=4)

    await gateway.state(sent["id"], "received")


async def test_what_the_axis_said_is_not_forgotten(gateway: World) -> None:
    """What was sent is not sent again because its outcome could not be written at once."""
    execute(
        gateway,
        "CREATE TRIGGER broken BEFORE UPDATE ON delivery WHEN NEW.state = 'confirmed' "
        "BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END",
    )
    sent = (await gateway.send(a_document(recipients=(Organization(organ_id="G22"),)))).json
    async with asyncio.timeout(20):
        while not await attempts(gateway, sent["id"]):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    execute(gateway, "DROP TRIGGER broken")

    await gateway.state(sent["id"], "confirmed")

    assert await attempts(gateway, sent["id"]) == 1
