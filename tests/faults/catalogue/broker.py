"""Faults of the broker: it dies, stands still, is away for long, or is in need of room."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Final

import aio_pika
from aiormq import ChannelNotFoundEntity

from tests.faults.evidence import ACCEPTED
from tests.faults.fault import Fault, Options
from tests.faults.ledger import Answer, now
from tests.faults.load import MOST_BEHIND
from tests.faults.world import World

_FULL: Final = "pressure.outbox_rows"

_TOLD_SECONDS: Final = 30.0
"""Within which every process knows that the broker takes nothing."""


class BrokerDies(Fault):
    """F7: `kill -9` of the broker and a restart, again and again, under load."""

    id = "F7"
    title = "the broker is killed"
    matters = frozenset({"I1", "I3"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how many times, how many of them right after a queue was declared, and the seed of the moments."""
        return {
            "kills": 10 if long else 1,
            "young": 3 if long else 1,
            "least": 0.5,
            "most": 3.0,
            "seed": chance.randrange(2**32),
        }

    async def inject(self, world: World, options: Options) -> int:
        """Kill it, start it again, wait a moment; a queue that is younger than a second may be beyond help then."""
        chance = random.Random(options["seed"])
        for number in range(int(options["kills"])):
            await asyncio.sleep(chance.uniform(options["least"], options["most"]))
            if number < options["young"]:
                await _declared(world, await world.connect(world.young.pop()))
            await asyncio.to_thread(world.rabbitmq.kill)
            await asyncio.to_thread(world.rabbitmq.restart)
        await asyncio.sleep(options["least"])
        return int(options["kills"])

    async def heal(self, world: World) -> None:
        """See to it that the broker runs."""
        if not world.rabbitmq.is_running:
            await asyncio.to_thread(world.rabbitmq.restart)
        await super().heal(world)


async def _declared(world: World, queue: str) -> None:
    """Wait for a queue to be there."""
    connection = await aio_pika.connect(world.rabbitmq.url, timeout=30)
    async with connection, asyncio.timeout(60):
        while True:
            channel = await connection.channel()
            try:
                await channel.get_queue(queue)
            except ChannelNotFoundEntity:
                await asyncio.sleep(0.05)
            else:
                return


class BrokerFreezes(Fault):
    """F8: the broker stands still without closing anything."""

    id = "F8"
    title = "the broker stands still"
    matters = frozenset({"I1", "I3"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw for how long: up to longer than any peer is waited for."""
        return {"seconds": chance.choice((5, 45, 200)) if long else 4}

    async def inject(self, world: World, options: Options) -> int:
        """Freeze it and thaw it."""
        await asyncio.sleep(1)
        world.rabbitmq.freeze()
        await asyncio.sleep(options["seconds"])
        world.rabbitmq.thaw()
        await asyncio.sleep(1)
        return 1

    async def heal(self, world: World) -> None:
        """See to it that the broker goes on."""
        if world.rabbitmq.is_running:
            world.rabbitmq.thaw()
        await super().heal(world)


class BrokerAway(Fault):
    """F9: the broker is away for long; intake goes on to the quota, then says when to come again."""

    id = "F9"
    title = "the broker is away for long"
    matters = frozenset({"I1", "I9"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw for how long at least, and at most until the outbox is full; gently, nobody waits for that."""
        return {"seconds": chance.choice((60, 180)) if long else 6, "full_within": 300 if long else 0}

    async def inject(self, world: World, options: Options) -> int:
        """Stop it, see that documents are still taken, and start it again."""
        answers: list[Answer] = []
        await asyncio.to_thread(world.rabbitmq.kill)
        world.load.most_behind = 10**6
        world.load.on_answer = lambda _attempt, answer, _service: answers.append(answer)
        end = now() + options["full_within"]
        await asyncio.sleep(options["seconds"])
        while now() < end and not any(answer.code == _FULL for answer in answers):
            await asyncio.sleep(1)
        world.load.on_answer = None
        _expect_intake(world, answers, full=options["full_within"] > 0)
        await asyncio.to_thread(world.rabbitmq.restart)
        return 1

    async def heal(self, world: World) -> None:
        """See to it that the broker runs."""
        world.load.on_answer = None
        world.load.most_behind = MOST_BEHIND
        if not world.rabbitmq.is_running:
            await asyncio.to_thread(world.rabbitmq.restart)
        await super().heal(world)


def _expect_intake(world: World, answers: Sequence[Answer], *, full: bool) -> None:
    """Note it if documents were not taken without a broker, or were turned away without a word on when to come again."""
    if full and not any(answer.code == _FULL for answer in answers):
        world.wrong("I10", f"{len(answers)} answers while the broker was away, and the outbox was never full")
    if not any(answer.status == ACCEPTED for answer in answers):
        world.wrong("I9", "nothing was accepted while the broker was away")
    for answer in answers:
        if answer.status == 503 and answer.retry_after is None:
            world.wrong("I10", f"503 {answer.code} without Retry-After")
        if answer.status >= 500 and answer.status != 503:
            world.wrong("I10", f"{answer.status} {answer.code} while the broker was away")


class BrokerAlarm(Fault):
    """F10: the broker is short of disk or memory and reads nothing more from publishers; intake goes on, and it is told."""

    id = "F10"
    title = "the broker has a disk or memory alarm"
    matters = frozenset({"I1", "I3"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw which alarm (0 disk, 1 memory), and for how long."""
        return {"which": chance.randrange(2), "seconds": chance.choice((30, 90)) if long else 5}

    async def inject(self, world: World, options: Options) -> int:
        """Raise the alarm, see that documents are still taken and that every process tells of it; healing takes it back."""
        alarm = (("set_disk_free_limit", "900GB"), ("set_vm_memory_high_watermark", "absolute", "1MB"))
        await asyncio.to_thread(world.rabbitmq.control, *alarm[int(options["which"])])
        answers: list[Answer] = []
        world.load.most_behind = 10**6
        world.load.on_answer = lambda _attempt, answer, _service: answers.append(answer)
        await asyncio.sleep(options["seconds"])
        end = now() + _TOLD_SECONDS
        while now() < end and not all([await gateway.tells_of_the_axis() for gateway in world.gateways]):
            await asyncio.sleep(1)
        world.load.on_answer = None
        _expect_intake(world, answers, full=False)
        for gateway in world.gateways:
            if not await gateway.tells_of_the_axis():
                world.wrong("I10", f"{gateway.name} does not tell that the broker takes nothing")
        return 1

    async def heal(self, world: World) -> None:
        """Take the alarm back; one command, because each takes seconds to start."""
        world.load.on_answer = None
        world.load.most_behind = MOST_BEHIND
        await asyncio.to_thread(world.rabbitmq.control, "eval", _CALM)
        await super().heal(world)


_CALM: Final = (
    'rabbit_disk_monitor:set_disk_free_limit("10MB"), '
    'vm_memory_monitor:set_vm_memory_high_watermark({absolute, "2GB"}).'
)
