"""Queues on RabbitMQ that do not answer although their broker does: nobody else is held up, and they are taken in again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aio_pika
import pytest
from structlog.testing import capture_logs

from gateway.axis.amqp import AmqpLink
from gateway.records import SendOutcome, SendResult
from tests.support.axis import SECONDS, drain, eventually, messages, receive, results, take
from tests.support.rabbitmq import RabbitMQ
from tests.support.rabbitmq_silent import give_voice, lose_young_queue, silence

SOON = 12.0
"""Seconds within which all others are served: far less than the 20 that the broker has for an answer."""


@pytest.fixture
def queue() -> str:
    """Return a queue name that no other test uses."""
    return f"axis.{uuid4().hex}"


@asynccontextmanager
async def link_to(rabbitmq: RabbitMQ) -> AsyncIterator[AmqpLink]:
    """Open a link and close it at the end."""
    link = AmqpLink(rabbitmq.url, watch_interval=0.5)
    try:
        yield link
    finally:
        await link.close()


async def in_use(link: AmqpLink, *queues: str) -> None:
    """Declare queues and send something through, so that the publisher's connection knows them."""
    await link.declare(frozenset(queues))
    for queue in queues:
        assert results(await link.send(messages(queue, [b"first"]))) == {SendResult.CONFIRMED}


async def sent(link: AmqpLink, *queues: str) -> tuple[list[SendOutcome], float]:
    """Send one message to each queue in one batch; return the outcomes and how long it took."""
    before = time.monotonic()
    outcomes = await link.send([each for queue in queues for each in messages(queue, [b"document"])])
    return list(outcomes), time.monotonic() - before


async def send_until_confirmed(link: AmqpLink, queue: str, body: bytes) -> None:
    """Send the same body until it is confirmed."""
    async with asyncio.timeout(2 * SECONDS):
        while results(await link.send(messages(queue, [body]))) != {SendResult.CONFIRMED}:
            await asyncio.sleep(0.05)


async def test_receiving_passes_over_a_queue_that_died(rabbitmq: RabbitMQ, queue: str) -> None:
    """What lies in the other queues arrives, and the dead one is told by its name, once."""
    async with link_to(rabbitmq) as link:
        await in_use(link, queue)
        dead = await lose_young_queue(rabbitmq, f"axis.{uuid4().hex}")
        with capture_logs() as logs:
            async with asyncio.timeout(SOON):
                (incoming,) = await take(receive(link, dead, queue), 1)

    assert (incoming.queue, incoming.body) == (queue, b"first")
    told = [line["queue"] for line in logs if line["event"] == "axis_queue_silent"]
    assert told == [dead]


async def test_queue_that_died_is_deleted(rabbitmq: RabbitMQ, queue: str) -> None:
    """Once the operator deletes it, a dead queue is made again, takes what is sent to it and is received from."""
    async with link_to(rabbitmq) as link:
        await in_use(link, queue)
        dead = await lose_young_queue(rabbitmq, f"axis.{uuid4().hex}")
        await bind(rabbitmq, dead)
        stream = receive(link, dead, queue)
        first = await take(stream, 1)
        outcomes, _ = await sent(link, dead)
        await link.settle(done=first)
        await link.declare(frozenset({dead}))
        await asyncio.to_thread(rabbitmq.control, "delete_queue", dead)
        arriving = asyncio.create_task(take(stream, 1))
        await send_until_confirmed(link, dead, b"again")

        assert [incoming.body for incoming in await arriving] == [b"again"]

    assert results(outcomes) == {SendResult.UNKNOWN}


async def test_queue_is_received_from_when_it_answers_again(rabbitmq: RabbitMQ, queue: str) -> None:
    """A queue that was silent for a while is taken in by itself."""
    mute = f"{queue}.mute"
    async with link_to(rabbitmq) as link:
        await in_use(link, queue, mute)
        await silence(rabbitmq, [mute])
        stream = receive(link, mute, queue)
        async with asyncio.timeout(SOON):
            first = await take(stream, 1)
        await link.settle(done=first)
        await give_voice(rabbitmq, [mute])
        second = await take(stream, 1)

    assert [incoming.queue for incoming in first + second] == [queue, mute]


async def test_all_queues_are_silent(rabbitmq: RabbitMQ, queue: str) -> None:
    """When there is nothing to receive from, that is not the end: the first that answers is received from."""
    async with link_to(rabbitmq) as link:
        await in_use(link, queue)
        await silence(rabbitmq, [queue])
        with capture_logs() as logs:
            arriving = asyncio.create_task(take(receive(link, queue), 1))
            await eventually(lambda: any(line["event"] == "axis_queue_silent" for line in logs))
            await give_voice(rabbitmq, [queue])

            assert [incoming.body for incoming in await arriving] == [b"first"]


async def test_many_queues_are_silent(rabbitmq: RabbitMQ, queue: str) -> None:
    """They are asked side by side: forty of them take no longer than one."""
    mute = [f"{queue}.{number}" for number in range(40)]
    async with link_to(rabbitmq) as link:
        await in_use(link, queue, *mute)
        await silence(rabbitmq, mute)
        async with asyncio.timeout(SOON):
            (incoming,) = await take(receive(link, queue, *mute), 1)
        outcomes, first_took = await sent(link, *mute, queue)
        again, then_took = await sent(link, *mute, queue)
        await give_voice(rabbitmq, mute)

    assert incoming.queue == queue
    assert first_took < SOON
    assert then_took < 1
    assert results(outcomes[:-1] + again[:-1]) == {SendResult.UNKNOWN}
    assert again[-1].result is SendResult.CONFIRMED


@pytest.mark.parametrize("is_fresh", [True, False], ids=["unknown to the channel", "known to the channel"])
async def test_sending_passes_over_a_silent_queue(rabbitmq: RabbitMQ, queue: str, *, is_fresh: bool) -> None:
    """It is found out once; from then on nobody waits for it, its messages have a reason, and it is used when it answers."""
    mute = f"{queue}.mute"
    async with link_to(rabbitmq) as first, link_to(rabbitmq) as fresh:
        await in_use(first, queue, mute)
        await silence(rabbitmq, [mute])
        link = fresh if is_fresh else first
        with capture_logs() as logs:
            _, took = await sent(link, mute, queue)
            outcomes, then_took = await sent(link, mute, queue)
        await give_voice(rabbitmq, [mute])
        await send_until_confirmed(link, mute, b"last")
        bodies = await drain(first, mute, count=2)

    assert took < SOON
    assert then_took < 1
    assert [outcome.result for outcome in outcomes] == [SendResult.UNKNOWN, SendResult.CONFIRMED]
    assert mute in outcomes[0].reason
    assert [line["queue"] for line in logs if line["event"] == "axis_queue_silent"] == [mute]
    assert {b"first"} <= set(bodies) <= {b"first", b"document", b"last"}


async def test_broker_that_is_frozen_has_no_silent_queues(rabbitmq: RabbitMQ, queue: str) -> None:
    """Nothing is held against a queue when the whole broker does not answer."""
    link = AmqpLink(rabbitmq.url, timeout=8)
    try:
        await in_use(link, queue)
        with capture_logs() as logs:
            rabbitmq.freeze()
            try:
                outcomes, _ = await sent(link, queue)
            finally:
                rabbitmq.thaw()
            await send_until_confirmed(link, queue, b"last")
    finally:
        await link.close()

    assert results(outcomes) == {SendResult.UNKNOWN}
    assert not [line for line in logs if line["event"] == "axis_queue_silent"]


async def bind(rabbitmq: RabbitMQ, queue: str) -> None:
    """Let documents into a queue, as when it was in use."""
    async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
        await (await channel.get_queue(queue, ensure=False)).bind("vanthu.axis", queue)
