"""New queues on RabbitMQ: no document goes through one before it is old enough and a canary came out of it."""

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
from tests.support.rabbitmq_silent import TRIES, lose_young_queue

AGE = 2.0


@pytest.fixture
def queue() -> str:
    """Return a queue name that no other test uses."""
    return f"axis.{uuid4().hex}"


@asynccontextmanager
async def links(rabbitmq: RabbitMQ, *ages: float) -> AsyncIterator[tuple[AmqpLink, ...]]:
    """Open links that let new queues age so long, and close them at the end."""
    opened = tuple(AmqpLink(rabbitmq.url, queue_age=age, watch_interval=0.2) for age in ages)
    try:
        yield opened
    finally:
        for link in opened:
            await link.close()


async def send_until_confirmed(link: AmqpLink, queue: str, body: bytes) -> list[SendOutcome]:
    """Send the same body until it is confirmed; return every outcome."""
    outcomes: list[SendOutcome] = []
    async with asyncio.timeout(SECONDS):
        while SendResult.CONFIRMED not in results(outcomes):
            outcomes += await link.send(messages(queue, [body]))
            await asyncio.sleep(0.05)
    return outcomes


async def test_new_queue_has_to_age(rabbitmq: RabbitMQ, queue: str) -> None:
    """Until it has its age, whoever sends to it gets the message back; afterwards only documents come out of it."""
    async with links(rabbitmq, AGE, 0) as (link, stranger):
        declared = time.monotonic()
        await link.declare(frozenset({queue}))
        (foreign,) = await stranger.send(messages(queue, [b"too early"]))
        outcomes = await send_until_confirmed(link, queue, b"document")
        took = time.monotonic() - declared

        assert await drain(link, queue, count=1) == [b"document"]

    assert foreign.result is SendResult.RETURNED
    assert results(outcomes[:-1]) == {SendResult.RETURNED}
    assert "not in use before it is 2 s old" in outcomes[0].reason
    assert took >= AGE


async def test_receiver_is_there_first(rabbitmq: RabbitMQ, queue: str) -> None:
    """A receiver of the same process gets the canary, and nobody else hears of it."""
    async with links(rabbitmq, AGE) as (link,):
        await link.declare(frozenset({queue}))
        waiting = asyncio.create_task(take(receive(link, queue), 1))
        await send_until_confirmed(link, queue, b"document")

        assert [incoming.body for incoming in await waiting] == [b"document"]


async def test_receiver_is_another_process(rabbitmq: RabbitMQ, queue: str) -> None:
    """Where somebody else receives, the canary that was confirmed is enough, and that receiver drops it."""
    async with links(rabbitmq, AGE, AGE) as (link, other):
        await link.declare(frozenset({queue}))
        waiting = asyncio.create_task(take(receive(other, queue), 1))
        await send_until_confirmed(link, queue, b"document")

        assert [incoming.body for incoming in await waiting] == [b"document"]


async def test_process_that_declared_it_dies(rabbitmq: RabbitMQ, queue: str) -> None:
    """A queue that nobody brought into use is brought into use by whoever sends to it, after the age again."""
    async with links(rabbitmq, SECONDS) as (dying,):
        await dying.declare(frozenset({queue}))
    async with links(rabbitmq, AGE) as (link,):
        await link.declare(frozenset({queue}))
        found = time.monotonic()
        outcomes = await send_until_confirmed(link, queue, b"document")
        took = time.monotonic() - found

        assert await drain(link, queue, count=1) == [b"document"]

    assert results(outcomes[:-1]) == {SendResult.RETURNED}
    assert took >= AGE


async def test_deleted_queue_comes_back(rabbitmq: RabbitMQ, queue: str) -> None:
    """A queue that somebody deletes is made again once something is sent to it, and its receiver finds it."""
    async with links(rabbitmq, 1.0) as (link,):
        await link.declare(frozenset({queue}))
        await send_until_confirmed(link, queue, b"before")
        waiting = receive(link, queue)
        assert [incoming.body for incoming in await take(waiting, 1)] == [b"before"]
        async with await aio_pika.connect(rabbitmq.url) as connection, connection.channel() as channel:
            await channel.queue_delete(queue)
        arriving = asyncio.create_task(take(waiting, 1))
        await send_until_confirmed(link, queue, b"after")

        assert [incoming.body for incoming in await arriving] == [b"after"]


async def test_broker_that_is_away_when_the_queue_has_its_age(rabbitmq: RabbitMQ, queue: str) -> None:
    """A canary that cannot fly now flies later; the reason is in the outcomes meanwhile."""
    async with links(rabbitmq, AGE) as (link,):
        await link.declare(frozenset({queue}))
        declared = time.monotonic()
        await eventually(lambda: time.monotonic() > declared + AGE - 0.3)
        await asyncio.to_thread(rabbitmq.kill)
        try:
            await eventually(lambda: time.monotonic() > declared + AGE + 1)
            (outcome,) = await link.send(messages(queue, [b"while away"]))
        finally:
            await asyncio.to_thread(rabbitmq.restart)
        await send_until_confirmed(link, queue, b"document")

        assert await drain(link, queue, count=1) == [b"document"]

    assert "not in use yet" in outcome.reason


async def test_queue_that_dies_before_it_is_used(rabbitmq: RabbitMQ) -> None:
    """Its own process makes it anew, because nothing can be in it, and everybody's documents go through."""
    async with links(rabbitmq, AGE) as (link,):
        queue, outcomes = await declare_and_lose(rabbitmq, link)

        assert await drain(link, queue, count=1) == [b"document"]

    assert results(outcomes[:-1]) == {SendResult.RETURNED}


async def declare_and_lose(rabbitmq: RabbitMQ, link: AmqpLink) -> tuple[str, list[SendOutcome]]:
    """Declare queues, kill the broker at once and send, until one was made anew; return its name and the outcomes."""
    for _ in range(TRIES):
        queue = f"axis.{uuid4().hex}"
        with capture_logs() as logs:
            await link.declare(frozenset({queue}))
            await asyncio.to_thread(rabbitmq.kill)
            await asyncio.to_thread(rabbitmq.restart)
            outcomes = await send_until_confirmed(link, queue, b"document")
        if any(line["event"] == "axis_queues_replaced" and queue in line["queues"] for line in logs):
            return queue, outcomes
    raise AssertionError("all young queues outlived their broker")


async def test_dead_queue_that_somebody_else_declared(rabbitmq: RabbitMQ) -> None:
    """It may hold what others sent, so it stays; what to do stands in the outcomes, and once that is done it is made again."""
    queue = await lose_young_queue(rabbitmq, f"axis.{uuid4().hex}")
    async with links(rabbitmq, 0.5) as (link,):
        await link.declare(frozenset({queue}))
        outcomes: list[SendOutcome] = []
        async with asyncio.timeout(SECONDS):
            while not outcomes or "delete" not in outcomes[-1].reason:
                outcomes += await link.send(messages(queue, [b"document"]))
                await asyncio.sleep(0.05)
        await asyncio.to_thread(rabbitmq.control, "delete_queue", queue)
        await send_until_confirmed(link, queue, b"document")

        assert await drain(link, queue, count=1) == [b"document"]

    assert queue in outcomes[-1].reason
