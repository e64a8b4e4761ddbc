"""Faults of gateway processes: they die, stand still, are started twice, or are replaced one by one."""

from __future__ import annotations

import asyncio
import random
import signal

from tests.faults.fault import Fault, Options
from tests.faults.world import World


class WorkersDie(Fault):
    """F1: `kill -9` at any moment, again and again, under load."""

    id = "F1"
    title = "workers are killed"
    matters = frozenset({"I1", "I2", "I3", "I4", "I5", "I6"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how many times, and the seed of the moments."""
        return {
            "kills": 40 if long else 3,
            "least": 0.2,
            "most": 3.0 if long else 1.0,
            "seed": chance.randrange(2**32),
        }

    async def inject(self, world: World, options: Options) -> int:
        """Kill any process, start it again, wait a moment."""
        chance = random.Random(options["seed"])
        services = [service for gateway in world.gateways for service in gateway.services]
        for _ in range(int(options["kills"])):
            await asyncio.sleep(chance.uniform(options["least"], options["most"]))
            service = chance.choice(services)
            await service.end(signal.SIGKILL)
            await service.start()
        return int(options["kills"])
