"""A steady load through two links, with a ledger of what was sent, confirmed and received."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

from gateway.axis.amqp import AmqpLink
from gateway.records import AxisMessage, SendResult

BATCH = 50
ENVELOPE = 1024
QUIET = 60.0
"""Seconds in which everything that was confirmed has to be there in the end."""


@dataclass(slots=True)
class Ledger:
    """What became of each number."""

    confirmed: set[int] = field(default_factory=set)
    received: Counter[int] = field(default_factory=Counter)
    last: float = field(default_factory=time.monotonic)
    longest: float = 0.0
    """Seconds of the longest time without a confirm."""

    def confirm(self, numbers: list[int]) -> None:
        """Note confirms."""
        now = time.monotonic()
        self.longest = max(self.longest, now - self.last)
        self.last = now
        self.confirmed.update(numbers)

    def begin(self) -> None:
        """Measure the longest time anew."""
        self.last, self.longest = time.monotonic(), 0.0

    @property
    def lost(self) -> set[int]:
        """What was confirmed and never came."""
        return self.confirmed - self.received.keys()

    @property
    def repeated(self) -> int:
        """How many came more than once."""
        return sum(times - 1 for times in self.received.values())


class Load:
    """Sends numbers until it is told to stop; what is not confirmed is sent again, as the outbox does."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.ledger = Ledger()
        self._stopping = asyncio.Event()

    async def send(self, link: AmqpLink) -> None:
        """Send until stopped, then go on until all of it is confirmed."""
        numbers = count()
        waiting: list[int] = []
        while waiting or not self._stopping.is_set():
            while len(waiting) < BATCH and not self._stopping.is_set():
                waiting.append(next(numbers))
            outcomes = await link.send([self._message(number) for number in waiting[:BATCH]])
            tried, waiting = waiting[:BATCH], waiting[BATCH:]
            confirmed = [
                number
                for number, outcome in zip(tried, outcomes, strict=True)
                if outcome.result is SendResult.CONFIRMED
            ]
            if confirmed:
                self.ledger.confirm(confirmed)
            again = set(tried) - set(confirmed)
            waiting = sorted(again) + waiting
            if again:
                await asyncio.sleep(0.05)

    async def receive(self, link: AmqpLink) -> None:
        """Take in everything, settling each batch."""
        async with aclosing(link.receive(frozenset({self.queue}))) as batches:
            async for batch in batches:
                self.ledger.received.update(int(each.body[:12]) for each in batch)
                await link.settle(done=batch)

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()

    def _message(self, number: int) -> AxisMessage:
        body = b"%012d" % number
        return AxisMessage(id=uuid4().hex, queue=self.queue, body=body.ljust(ENVELOPE, b"."))


@asynccontextmanager
async def loaded(url: str, queue: str) -> AsyncIterator[Load]:
    """Declare a queue and run a load over it; at the end, wait until all that was confirmed was received."""
    async with AsyncExitStack() as stack:
        sender, receiver = AmqpLink(url, timeout=10.0, heartbeat=5), AmqpLink(url, timeout=10.0, heartbeat=5)
        for link in (sender, receiver):
            stack.push_async_callback(link.close)
        await sender.declare(frozenset({queue}))
        load = Load(queue)
        receiving = asyncio.create_task(load.receive(receiver))
        sending = asyncio.create_task(load.send(sender))
        try:
            yield load
            load.stop()
            with suppress(TimeoutError):  # the ledger tells what is missing
                async with asyncio.timeout(QUIET):
                    await sending
                    while load.ledger.lost:
                        await asyncio.sleep(0.2)
        finally:
            sending.cancel()
            receiving.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
