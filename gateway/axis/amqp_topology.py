"""The exchanges and queues of the axis on RabbitMQ, declared ahead of use and never while documents are being sent.

::

    vanthu.axis (direct) ── <queue> ──▶ <queue>        quorum, reject-publish, delivery limit 10
                                           │ dead-letter, at least once
    vanthu.dead (direct) ── <queue> ──▶ <queue>.dead   quorum

`vanthu.axis` has no alternate exchange on purpose: a message that goes to one counts as routed, so the sender would get a confirm
instead of the mandatory return that tells it the addressee's queue is missing. Queues are quorum queues because they survive the
loss of a node; at-least-once dead-lettering needs reject-publish, which answers a full queue with a nack instead of dropping.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue
from aiormq import ChannelNotFoundEntity, ChannelPreconditionFailed
from pamqp.common import FieldTable

from gateway.axis.amqp_connection import AxisConnection
from gateway.axis.errors import QueueConflictError

EXCHANGE = "vanthu.axis"
DEAD_EXCHANGE = "vanthu.dead"
DEAD_SUFFIX = ".dead"
DELIVERY_LIMIT = 10
MAX_NAME = 250
"""Longest queue name in bytes: AMQP carries 255 (AMQP 0-9-1 §4.2.5.3), five are for the dead-letter queue."""


async def ensure_exchange(connection: AxisConnection, *, seconds: float) -> None:
    """Declare the exchange that senders use, unless it is there.

    It is looked up first, because an account that may only send is not allowed to declare.
    """
    try:
        async with _channel(connection, seconds=seconds) as channel:
            await channel.declare_exchange(EXCHANGE, passive=True, timeout=seconds)
    except ChannelNotFoundEntity:
        async with _channel(connection, seconds=seconds) as channel:
            await _declare_exchange(channel, EXCHANGE, seconds=seconds)


async def declare(
    connection: AxisConnection, queues: Iterable[str], *, max_bytes: int, seconds: float
) -> None:
    """Declare exchanges, queues and their dead-letter queues; what is there already stays as it is.

    `max_bytes` caps the bodies waiting in one queue; `seconds` is the limit of each step.

    Raises:
        QueueConflictError: the broker holds one of them with other properties.

    """
    try:
        async with _channel(connection, seconds=seconds) as channel:
            axis = await _declare_exchange(channel, EXCHANGE, seconds=seconds)
            dead = await _declare_exchange(channel, DEAD_EXCHANGE, seconds=seconds)
            for name in sorted(queues):
                tomb = await _declare_queue(channel, name + DEAD_SUFFIX, {}, seconds=seconds)
                await tomb.bind(dead, name, timeout=seconds)
                queue = await _declare_queue(
                    channel, name, _limits(name, max_bytes=max_bytes), seconds=seconds
                )
                await queue.bind(axis, name, timeout=seconds)
    except ChannelPreconditionFailed as error:
        raise QueueConflictError(str(error)) from None


async def consumer_counts(
    connection: AxisConnection, queues: Iterable[str], *, seconds: float
) -> dict[str, int]:
    """Return how many consumers each queue has; a queue that does not exist is left out."""
    counts: dict[str, int] = {}
    waiting = sorted(queues, reverse=True)
    while waiting:
        # Asking for a queue that does not exist costs the channel.
        with suppress(ChannelNotFoundEntity):
            async with _channel(connection, seconds=seconds) as channel:
                while waiting:
                    name = waiting.pop()
                    queue = await channel.declare_queue(name, passive=True, timeout=seconds)
                    counts[name] = queue.declaration_result.consumer_count or 0
    return counts


@asynccontextmanager
async def _channel(connection: AxisConnection, *, seconds: float) -> AsyncIterator[AbstractChannel]:
    async with asyncio.timeout(seconds):
        channel = await connection.channel(publisher_confirms=False)
    try:
        yield channel
    finally:
        async with asyncio.timeout(seconds):
            await channel.close()


async def _declare_exchange(channel: AbstractChannel, name: str, *, seconds: float) -> AbstractExchange:
    return await channel.declare_exchange(name, ExchangeType.DIRECT, durable=True, timeout=seconds)


async def _declare_queue(
    channel: AbstractChannel, name: str, limits: FieldTable, *, seconds: float
) -> AbstractQueue:
    arguments: FieldTable = {"x-queue-type": "quorum", **limits}
    return await channel.declare_queue(name, durable=True, arguments=arguments, timeout=seconds)


def _limits(queue: str, *, max_bytes: int) -> FieldTable:
    return {
        # Of several processes one receives at a time, so that what belongs together arrives in one place and in order;
        # another takes over when it goes. It cannot be changed later without deleting the queue.
        "x-single-active-consumer": True,
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-overflow": "reject-publish",
        "x-max-length-bytes": max_bytes,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
    }
