"""Sending and receiving on an axis link in tests: every wait is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from uuid import uuid4

from gateway.ports import AxisLink
from gateway.records import AxisMessage, Incoming, SendOutcome, SendResult

SECONDS = 30
"""No single wait is longer."""


def messages(queue: str, bodies: Iterable[bytes]) -> list[AxisMessage]:
    """Make a message of each body."""
    return [AxisMessage(id=uuid4().hex, queue=queue, body=body) for body in bodies]


def numbers(count: int) -> list[bytes]:
    """Return `count` different bodies."""
    return [b"%d" % number for number in range(count)]


def receive(link: AxisLink, *queues: str) -> AsyncIterator[tuple[Incoming, ...]]:
    """Begin to receive; what arrives can be settled as long as the iterator lives."""
    return link.receive(frozenset(queues))


async def take(stream: AsyncIterator[tuple[Incoming, ...]], count: int) -> list[Incoming]:
    """Receive until there are `count` messages."""
    taken: list[Incoming] = []
    async with asyncio.timeout(SECONDS):
        while len(taken) < count:
            taken += await anext(stream)
    return taken


async def drain(link: AxisLink, *queues: str, count: int) -> list[bytes]:
    """Receive and settle until there were `count` messages, and return their bodies."""
    stream = receive(link, *queues)
    taken: list[Incoming] = []
    while len(taken) < count:
        batch = await take(stream, 1)
        await link.settle(done=batch)
        taken += batch
    return [incoming.body for incoming in taken]


def results(outcomes: Iterable[SendOutcome]) -> set[SendResult]:
    """Return which results there are."""
    return {outcome.result for outcome in outcomes}


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something outside this event loop has come about."""
    async with asyncio.timeout(2 * SECONDS):
        while not condition():
            await asyncio.sleep(0.02)
