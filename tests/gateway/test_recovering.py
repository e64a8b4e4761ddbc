"""Recovery: the first sign of life of the axis after it was away makes due what failed, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from gateway.axis.amqp import AmqpLink
from gateway.flow.notifying import OUTBOX, Bell
from gateway.flow.recovering import Recovery
from gateway.records import SendOutcome, SendResult
from gateway.store import SqlStore
from tests.contract.test_store_outbox import accepted, claim, settle
from tests.faults.proxy import Address, Proxy
from tests.support.rabbitmq import RabbitMQ
from tests.support.store_samples import Clock
from tests.support.stores import Stores

UNKNOWN = SendOutcome(result=SendResult.UNKNOWN, reason="away")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Open a store on a database of its own."""
    stores = Stores(f"sqlite:///{tmp_path / 'vanthu.db'}", Clock())
    yield await stores.open()
    await stores.close()


async def test_the_axis_comes_back(store: SqlStore, rabbitmq: RabbitMQ) -> None:
    """While it is away, and when it never was, nothing changes; when it is back, what failed is due and the bell rings."""
    bell = Bell()
    async with Proxy(Address(port=rabbitmq.port)) as way:
        link = AmqpLink(str(URL(rabbitmq.url).with_port(way.port)), timeout=30)
        recovery = Recovery(documents=store.documents, link=link, bell=bell, pause=0)
        await accepted(store)
        await settle(store, await claim(store), UNKNOWN)

        await recovery.one_pass()
        assert await claim(store) == ()
        way.refuse = True
        way.reset()
        await recovery.one_pass()
        assert await claim(store) == ()
        way.heal()
        rung = bell.listen(OUTBOX)
        await recovery.one_pass()

        assert rung.is_set()
        assert len(await claim(store)) == 1
        await link.close()
