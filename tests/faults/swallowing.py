"""An axis that swallows what is sent and what is confirmed, and a tap on the broker that sees every attempt to send."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue
from yarl import URL

from gateway.axis.amqp_topology import EXCHANGE
from tests.faults.cast import SYSTEMS
from tests.faults.host import HostFault, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.proxy import Address, Proxy
from tests.faults.trial import Outcome
from tests.faults.world import Plan
from tests.support.rabbitmq import RabbitMQ

_SENDERS: Final = 2
_CALM_SECONDS: Final = 45.0


class AxisSwallows(HostFault):
    """Confirms are lost, then publishes are lost: everything is sent again, each time under a message id of its own."""

    id = "F13"
    title = "the axis swallows confirms and publishes"

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._rabbitmq = rabbitmq

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Swallow one direction after the other, each time for a few documents."""
        del long
        async with Proxy(Address(port=self._rabbitmq.port), seed=plan.seed) as proxy:
            axis = str(URL(self._rabbitmq.url).with_port(proxy.port))
            host = Host(place=folder / "place", axis=axis, plant=plant)
            async with trying(self, quiet(plan, senders=_SENDERS), folder / "ledger", host) as (
                lone,
                verdict,
            ):
                await lone.accepted(1)
                # Queues that are new are not used at once.
                await _calm(lone)
                lone.load.resume()
                async with _tapped(self._rabbitmq) as tap:
                    for confirms, conditions in ((True, proxy.down), (False, proxy.up)):
                        conditions.swallow = True
                        await lone.accepted(2)
                        await asyncio.sleep(0.5)
                        async with _taking_the_place_of_receivers(self._rabbitmq):
                            proxy.heal()
                            if confirms:
                                await tap.sent_again()
                        verdict.times += 1
                        await lone.accepted(2)
                    await _calm(lone)
                    for name, times in tap.ids.items():
                        if times > 1:
                            lone.wrong("I3", f"the message id {name} was used {times} times")
        return verdict.told


async def _calm(lone: Lone) -> None:
    """Let nothing new be sent, and wait until all is settled, if it ever is."""
    lone.load.pause()
    with suppress(TimeoutError):
        async with asyncio.timeout(_CALM_SECONDS):
            while await lone.unsettled():
                await asyncio.sleep(0.3)


class Tap:
    """Counts what is published for the systems, by message ids and by bodies."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self._bodies: set[bytes] = set()
        self._again = asyncio.Event()

    async def count(self, queue: AbstractQueue) -> None:
        """Count what comes, until cancelled."""
        async with queue.iterator(no_ack=True) as messages:
            async for message in messages:
                self.ids[message.message_id or ""] += 1
                if message.body in self._bodies:
                    self._again.set()
                self._bodies.add(message.body)

    async def sent_again(self) -> None:
        """Wait until anything was published twice.

        Raises:
            TimeoutError: nothing was.

        """
        async with asyncio.timeout(_CALM_SECONDS):
            await self._again.wait()


@asynccontextmanager
async def _tapped(rabbitmq: RabbitMQ) -> AsyncIterator[Tap]:
    """Count by a queue that gets a copy of each message."""
    tap = Tap()
    async with await aio_pika.connect(rabbitmq.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for system in SYSTEMS:
            await queue.bind(EXCHANGE, routing_key=f"member.{system.member}")
        counting = asyncio.create_task(tap.count(queue))
        try:
            yield tap
        finally:
            counting.cancel()
            with suppress(asyncio.CancelledError):
                await counting


@asynccontextmanager
async def _taking_the_place_of_receivers(rabbitmq: RabbitMQ) -> AsyncIterator[None]:
    """Stand in line at the systems' queues and keep what comes, so that no receipt comes before anything is sent again."""

    async def keep(message: AbstractIncomingMessage) -> None:
        del message

    async with await aio_pika.connect(rabbitmq.url) as connection:
        channel = await connection.channel()
        for system in SYSTEMS:
            queue = await channel.get_queue(f"member.{system.member}", ensure=False)
            await queue.consume(keep)
        yield
