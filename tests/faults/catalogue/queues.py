"""Faults of queues and of what is in them: missing, deleted, full, poisoned."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel
from aiormq import PublishError

from gateway.axis.amqp_topology import DELIVERY_LIMIT, EXCHANGE
from tests.faults.cast import SYSTEMS
from tests.faults.fault import Fault, Options
from tests.faults.world import World

QUEUES: Final = tuple(f"member.{system.member}" for system in SYSTEMS)
SOUTHERN: Final = "member.tuyenquang"
"""The queue from which the gateway with one process receives."""

_PREFETCH: Final = 200
_SETTLE: Final = 0.3


@asynccontextmanager
async def _stranger(world: World) -> AsyncIterator[AbstractChannel]:
    """Open a channel as somebody who has got hold of the broker's password."""
    connection = await aio_pika.connect(world.rabbitmq.url, timeout=30)
    async with connection:
        yield await connection.channel(on_return_raises=True)


class QueuesSuffer(Fault):
    """F11: queues are deleted under their consumers, are missing where something is sent to them, or take nothing more."""

    id = "F11"
    title = "queues are deleted, missing, full"
    matters = frozenset({"I1", "I5"})

    def __init__(self) -> None:
        self._is_full = False

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how often, and for how long queues are missing and full."""
        return {"rounds": 5 if long else 1, "seconds": 20 if long else 3, "seed": chance.randrange(2**32)}

    async def inject(self, world: World, options: Options) -> int:
        """Delete one under its consumer; delete one whose receiver stands still; let all be full."""
        chance = random.Random(options["seed"])
        for _ in range(int(options["rounds"])):
            await self._accept_again(world)
            await self._delete(world, chance.choice(QUEUES))
            await asyncio.sleep(1)
            world.south.services[0].send(signal.SIGSTOP)
            await self._delete(world, SOUTHERN)
            await asyncio.sleep(options["seconds"])
            world.south.services[0].send(signal.SIGCONT)
            await asyncio.sleep(1)
            await asyncio.to_thread(world.rabbitmq.control, *_FULL)
            self._is_full = True
            await asyncio.sleep(options["seconds"])
        return int(options["rounds"]) * 3

    async def heal(self, world: World) -> None:
        """Let queues take messages again; who makes missing ones anew is the gateways' business."""
        await self._accept_again(world)
        await super().heal(world)

    async def _accept_again(self, world: World) -> None:
        if self._is_full:
            await asyncio.to_thread(world.rabbitmq.control, "clear_policy", _POLICY)
            self._is_full = False

    async def _delete(self, world: World, queue: str) -> None:
        async with _stranger(world) as channel:
            await channel.queue_delete(queue)


_POLICY: Final = "full"
_FULL: Final = ("set_policy", _POLICY, "^member[.]", '{"max-length":1,"overflow":"reject-publish"}')


class Poison(Fault):
    """F12: messages that are no envelopes, and a consumer that dies with everything it was handed, again and again."""

    id = "F12"
    title = "poison, and a consumer that keeps dying"
    matters = frozenset({"I1", "I2", "I4"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how much poison, and how often the consumer dies: more often than the broker puts up with."""
        return {
            "messages": 200 if long else 20,
            "deaths": DELIVERY_LIMIT + 2,
            "seed": chance.randrange(2**32),
        }

    async def inject(self, world: World, options: Options) -> int:
        """Put poison between the documents; then let the receiver's place be taken by one that acknowledges nothing."""
        chance = random.Random(options["seed"])
        async with _stranger(world) as channel:
            exchange = await channel.get_exchange(EXCHANGE)
            for _ in range(int(options["messages"])):
                body = Message(_poison(chance), delivery_mode=DeliveryMode.PERSISTENT, message_id=uuid4().hex)
                queue = chance.choice(QUEUES)
                try:
                    await exchange.publish(body, routing_key=queue)
                except PublishError:  # a queue that takes nothing now gets no poison either
                    continue
                # What the dying consumer takes along, the broker puts aside, and no gateway sees it.
                world.poison += queue != SOUTHERN
        south = world.south.services[0]
        world.load.resting.add(south)
        await south.end(signal.SIGTERM)
        await asyncio.sleep(1)
        for _ in range(int(options["deaths"])):
            await _take_and_die(world)
        await south.start()
        world.load.resting.discard(south)
        return int(options["messages"]) + int(options["deaths"])

    async def heal(self, world: World) -> None:
        """Start the receiver again. What died with its neighbours, documents and receipts alike, comes again by itself."""
        world.load.resting.clear()
        await super().heal(world)


def _poison(chance: random.Random) -> bytes:
    """Return something that no gateway has sealed."""
    return chance.choice(
        (
            b"",
            chance.randbytes(chance.randrange(1, 2000)),
            b"gw.bac/axis\n" + chance.randbytes(100),
            b'{"v":1,"kind":"edoc"}\n\n\xe2\x80\x94 gw.bac/axis AAAA\n',
        )
    )


async def _take_and_die(world: World) -> None:
    """Consume as the receiver would, settle nothing, and hang up."""
    connection = await aio_pika.connect(world.rabbitmq.url, timeout=30)
    try:
        channel = await connection.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=_PREFETCH)
        queue = await channel.get_queue(SOUTHERN, ensure=False)
        await queue.consume(_ignore)
        await asyncio.sleep(_SETTLE)
    finally:
        await connection.close()


async def _ignore(_message: object) -> None:
    """Do nothing with it, and above all do not settle it."""
