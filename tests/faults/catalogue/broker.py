"""Faults of the broker: it dies, stands still, is away for long, or is in need of room."""

from __future__ import annotations

import asyncio
import random

from tests.faults.fault import Fault, Options
from tests.faults.world import World


class BrokerDies(Fault):
    """F7: `kill -9` of the broker and a restart, again and again, under load."""

    id = "F7"
    title = "the broker is killed"
    matters = frozenset({"I1", "I3"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how many times, and the seed of the moments."""
        return {"kills": 10 if long else 1, "least": 0.5, "most": 3.0, "seed": chance.randrange(2**32)}

    async def inject(self, world: World, options: Options) -> int:
        """Kill it, start it again, wait a moment."""
        chance = random.Random(options["seed"])
        for _ in range(int(options["kills"])):
            await asyncio.sleep(chance.uniform(options["least"], options["most"]))
            await asyncio.to_thread(world.rabbitmq.kill)
            await asyncio.to_thread(world.rabbitmq.restart)
        await asyncio.sleep(options["least"])
        return int(options["kills"])

    async def heal(self, world: World) -> None:
        """See to it that the broker runs."""
        if not world.rabbitmq.is_running:
            await asyncio.to_thread(world.rabbitmq.restart)
        await super().heal(world)


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
