"""An axis that swallows what is sent and what is confirmed, and a tap on the broker that sees every attempt to send."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aio_pika
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
_ROUNDS: Final = 1
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
                async with _tapped(self._rabbitmq) as ids:
                    for _ in range(_ROUNDS):
                        for conditions in (proxy.down, proxy.up):
                            conditions.swallow = True
                            await lone.accepted(2)
                            await asyncio.sleep(0.5)
                            proxy.heal()
                            verdict.times += 1
                            await lone.accepted(2)
                    await _calm(lone)
                    for name, times in ids.items():
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


@asynccontextmanager
async def _tapped(rabbitmq: RabbitMQ) -> AsyncIterator[Counter[str]]:
    """Count the message ids of all that is published for the systems, by a queue that gets a copy of each."""
    ids: Counter[str] = Counter()
    async with await aio_pika.connect(rabbitmq.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for system in SYSTEMS:
            await queue.bind(EXCHANGE, routing_key=f"member.{system.member}")

        async def count() -> None:
            async with queue.iterator(no_ack=True) as messages:
                async for message in messages:
                    ids[message.message_id or ""] += 1

        counting = asyncio.create_task(count())
        try:
            yield ids
        finally:
            counting.cancel()
            with suppress(asyncio.CancelledError):
                await counting
