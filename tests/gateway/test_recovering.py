"""Recovery: the first sign of life of the axis after it was away makes due what failed, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from yarl import URL

from gateway.axis.amqp import AmqpLink
from gateway.flow.notifying import OUTBOX, Bell
from gateway.flow.recovering import Recovery
from gateway.records import SendOutcome, SendResult
from gateway.store import SqlStore
from tests.contract.test_store_outbox import accepted, claim, settle
from tests.faults.proxy import Address, Proxy
from tests.support.axis import SECONDS, messages
from tests.support.rabbitmq import RabbitMQ
from tests.support.rabbitmq_silent import give_voice, silence
from tests.support.store_samples import Clock
from tests.support.stores import Stores

RETURNED = SendOutcome(result=SendResult.RETURNED, reason="the queue is new")
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


async def test_a_queue_comes_into_use(store: SqlStore, rabbitmq: RabbitMQ) -> None:
    """What came back from a new queue is due as soon as the queue is in use, and not when its own pause is over."""
    bell = Bell()
    link = AmqpLink(rabbitmq.url, queue_age=1)
    recovery = Recovery(documents=store.documents, link=link, bell=bell, pause=3600)
    await accepted(store)
    await settle(store, await claim(store), RETURNED)
    rung = bell.listen(OUTBOX)

    await link.declare(frozenset({f"axis.{uuid4().hex}"}))
    async with asyncio.timeout(SECONDS):
        await recovery.one_pass()
        assert await claim(store) == ()
        passing = asyncio.create_task(recovery.one_pass())
        await rung.wait()

    assert len(await claim(store)) == 1
    passing.cancel()
    await link.close()


async def test_a_queue_answers_again(store: SqlStore, rabbitmq: RabbitMQ) -> None:
    """What failed is due as soon as a queue that was silent answers."""
    bell, queue = Bell(), f"axis.{uuid4().hex}"
    link = AmqpLink(rabbitmq.url)
    recovery = Recovery(documents=store.documents, link=link, bell=bell, pause=3600)
    await link.declare(frozenset({queue}))
    await link.opened()
    await silence(rabbitmq, [queue])
    await link.send(messages(queue, [b"document"]))
    assert link.silent == {queue}
    await accepted(store)
    await settle(store, await claim(store), UNKNOWN)
    rung = bell.listen(OUTBOX)

    await give_voice(rabbitmq, [queue])
    async with asyncio.timeout(SECONDS):
        await recovery.one_pass()
        passing = asyncio.create_task(recovery.one_pass())
        await rung.wait()

    assert not link.silent
    assert len(await claim(store)) == 1
    passing.cancel()
    await link.close()
