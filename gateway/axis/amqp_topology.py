"""The exchanges and queues of the axis on RabbitMQ, declared ahead of use and never while documents are being sent.

::

    vanthu.axis (direct) ── <queue> ──▶ <queue>        quorum, reject-publish, delivery limit 10; bound when it may be used
                                           │ dead-letter, at least once
    vanthu.dead (direct) ── <queue> ──▶ <queue>.dead   quorum

`vanthu.axis` has no alternate exchange on purpose: a message that goes to one counts as routed, so the sender would get a confirm
instead of the mandatory return that tells it the addressee's queue is missing. Queues are quorum queues because they survive the
loss of a node; at-least-once dead-lettering needs reject-publish, which answers a full queue with a nack instead of dropping.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue
from aiormq import ChannelAccessRefused, ChannelNotFoundEntity, ChannelPreconditionFailed
from pamqp.common import FieldTable

from gateway.axis.amqp_connection import AxisConnection
from gateway.axis.errors import QueueConflictError, TopologyMissingError
from gateway.dead_letters import QUEUE_SUFFIX

EXCHANGE = "vanthu.axis"
DEAD_EXCHANGE = "vanthu.dead"
DEAD_SUFFIX = QUEUE_SUFFIX
DELIVERY_LIMIT = 10
QUORUM: Final[FieldTable] = {"x-queue-type": "quorum"}
DEAD_ARGUMENTS: Final[FieldTable] = QUORUM
MAX_QUEUE_BYTES = 2 * 2**30
MAX_NAME = 250
"""Longest queue name in bytes: AMQP carries 255 (AMQP 0-9-1 §4.2.5.3), five are for the dead-letter queue."""

CANARY = "vanthu.canary"
"""The AMQP type of a canary; receivers acknowledge such a message and drop it."""

SIDE_BY_SIDE = 10
"""Channels over which many queues are looked at."""

NAMED = 5
"""How many names an error repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What declaring came to: the queues that were not there before, and whether this account may declare at all."""

    new: frozenset[str]
    new_dead: frozenset[str]
    """Dead-letter queues that were not there before."""
    may_declare: bool


async def ensure_exchange(connection: AxisConnection, *, seconds: float) -> None:
    """Declare the exchange that senders use, unless it is there.

    It is looked up first, because an account that may only send is not allowed to declare.

    Raises:
        TopologyMissingError: it is not there, and this account may not declare it.

    """
    try:
        async with opened(connection, seconds=seconds) as channel:
            await channel.declare_exchange(EXCHANGE, passive=True, timeout=seconds)
    except ChannelNotFoundEntity:
        try:
            async with opened(connection, seconds=seconds) as channel:
                await _declare_exchange(channel, EXCHANGE, seconds=seconds)
        except ChannelAccessRefused:
            raise TopologyMissingError(missing=EXCHANGE) from None


async def declare(
    connection: AxisConnection, queues: Iterable[str], *, max_bytes: int, seconds: float
) -> Declared:
    """Declare exchanges, queues and their dead-letter queues; what is there already stays as it is.

    A new queue gets no documents before `bind`. `max_bytes` caps the bodies waiting in one queue; `seconds` is the limit of each
    step.

    Raises:
        QueueConflictError: the broker holds one of them with other properties.
        TopologyMissingError: some are not there, and this account may not declare them.

    """
    names = sorted(queues)
    missing = await _missing(connection, names, seconds=seconds)
    try:
        async with opened(connection, seconds=seconds) as channel:
            await _declare_exchange(channel, EXCHANGE, seconds=seconds)
            dead = await _declare_exchange(channel, DEAD_EXCHANGE, seconds=seconds)
            for name in names:
                tomb = await _declare_queue(channel, name + DEAD_SUFFIX, DEAD_ARGUMENTS, seconds=seconds)
                await tomb.bind(dead, name, timeout=seconds)
                await _declare_queue(channel, name, arguments(name, max_bytes=max_bytes), seconds=seconds)
    except ChannelPreconditionFailed as error:
        raise QueueConflictError(str(error)) from None
    except ChannelAccessRefused:
        # An account with the least rights: what is there will do, whatever its properties are.
        if missing:
            raise TopologyMissingError(missing=_some(missing)) from None
        return Declared(new=frozenset(), new_dead=frozenset(), may_declare=False)
    dead_names = (name + DEAD_SUFFIX for name in names)
    return Declared(
        new=frozenset(missing).intersection(names),
        new_dead=frozenset(missing).intersection(dead_names),
        may_declare=True,
    )


async def bind(connection: AxisConnection, queues: Iterable[str], *, seconds: float) -> None:
    """Let documents into these queues; doing it again changes nothing.

    Raises:
        TopologyMissingError: this account may not.

    """
    names = sorted(queues)
    try:
        async with opened(connection, seconds=seconds) as channel:
            axis = await channel.get_exchange(EXCHANGE, ensure=False)
            for name in names:
                queue = await channel.get_queue(name, ensure=False)
                await queue.bind(axis, name, timeout=seconds)
    except ChannelAccessRefused:
        raise TopologyMissingError(missing=_some(names)) from None


async def _missing(connection: AxisConnection, queues: Iterable[str], *, seconds: float) -> list[str]:
    """Return which exchanges and queues do not exist; looking needs no right on them."""
    missing: list[str] = []
    waiting = [(name, False) for queue in queues for name in (queue, queue + DEAD_SUFFIX)]
    waiting = [(EXCHANGE, True), (DEAD_EXCHANGE, True), *waiting]
    waiting.reverse()
    while waiting:
        # Asking for what does not exist costs the channel.
        with suppress(ChannelNotFoundEntity):
            async with opened(connection, seconds=seconds) as channel:
                while waiting:
                    name, is_exchange = waiting.pop()
                    missing.append(name)
                    if is_exchange:
                        await channel.declare_exchange(name, passive=True, timeout=seconds)
                    else:
                        await channel.declare_queue(name, passive=True, timeout=seconds)
                    missing.pop()
    return missing


def _some(names: Sequence[str]) -> str:
    """Name the first few of many."""
    more = f" (+{len(names) - NAMED})" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


async def consumer_counts(
    connection: AxisConnection, queues: Iterable[str], *, seconds: float
) -> dict[str, int]:
    """Return how many consumers each queue has; a queue that does not exist is left out.

    Some are asked side by side, because a queue whose leader does not answer takes a quarter of a second, and then counts none.
    """
    names = sorted(queues)
    groups = [names[first::SIDE_BY_SIDE] for first in range(min(SIDE_BY_SIDE, len(names)))]
    found = await asyncio.gather(*(_consumer_counts(connection, each, seconds=seconds) for each in groups))
    return dict(sorted(chain.from_iterable(counts.items() for counts in found)))


async def _consumer_counts(
    connection: AxisConnection, queues: Iterable[str], *, seconds: float
) -> dict[str, int]:
    counts: dict[str, int] = {}
    waiting = list(queues)
    while waiting:
        # Asking for a queue that does not exist costs the channel.
        with suppress(ChannelNotFoundEntity):
            async with opened(connection, seconds=seconds) as channel:
                while waiting:
                    name = waiting.pop()
                    queue = await channel.declare_queue(name, passive=True, timeout=seconds)
                    counts[name] = queue.declaration_result.consumer_count or 0
    return counts


@asynccontextmanager
async def opened(connection: AxisConnection, *, seconds: float) -> AsyncIterator[AbstractChannel]:
    """Lend a channel without confirms."""
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
    channel: AbstractChannel, name: str, stated: FieldTable, *, seconds: float
) -> AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments=stated, timeout=seconds)


def arguments(queue: str, *, max_bytes: int = MAX_QUEUE_BYTES) -> FieldTable:
    """Return the arguments with which a member's queue is declared."""
    return {
        **QUORUM,
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
