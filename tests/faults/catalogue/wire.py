"""Faults of the way between gateways and broker: what is said is lost, comes twice, is altered, late, or not heard."""

from __future__ import annotations

import asyncio
import random

from tests.faults.fault import Fault, Options
from tests.faults.frames import DoubleAcks, LoseAcks
from tests.faults.proxy import Proxy
from tests.faults.world import World


def _ways(world: World) -> list[Proxy]:
    return [gateway.axis for gateway in world.gateways]


class WireLies(Fault):
    """F13: confirms get lost, acknowledgements come twice, connections break in the middle of a frame, bits turn."""

    id = "F13"
    title = "confirms lost, acks twice, resets, turned bits"
    matters = frozenset({"I1", "I2", "I3"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how often, and how long each part takes."""
        return {"rounds": 10 if long else 2, "seconds": 5 if long else 1.5, "seed": chance.randrange(2**32)}

    async def inject(self, world: World, options: Options) -> int:
        """Go through the ways of being wrong, each on all connections anew."""
        chance, times = random.Random(options["seed"]), 0
        for _ in range(int(options["rounds"])):
            for step in chance.sample(_LIES, len(_LIES)):
                for way in _ways(world):
                    step(way, chance)
                await asyncio.sleep(options["seconds"])
                for way in _ways(world):
                    way.heal()
                times += 1
        return times


def _lose_confirms(way: Proxy, _chance: random.Random) -> None:
    way.down.filter = LoseAcks
    way.reset()


def _double_confirms(way: Proxy, _chance: random.Random) -> None:
    way.down.filter = DoubleAcks
    way.reset()


def _double_acknowledgements(way: Proxy, _chance: random.Random) -> None:
    way.up.filter = DoubleAcks
    way.reset()


def _reset(way: Proxy, chance: random.Random) -> None:
    chance.choice((way.up, way.down)).reset_after = chance.randrange(1, 40_000)


def _cut(way: Proxy, chance: random.Random) -> None:
    chance.choice((way.up, way.down)).cut_after = chance.randrange(1, 40_000)


def _flip(way: Proxy, chance: random.Random) -> None:
    chance.choice((way.up, way.down)).flip_after = chance.randrange(1, 10_000)


def _swallow_answers(way: Proxy, _chance: random.Random) -> None:
    way.down.swallow = True


_LIES = (
    _lose_confirms,
    _double_confirms,
    _double_acknowledgements,
    _reset,
    _cut,
    _flip,
    _flip,
    _swallow_answers,
)


class WireDrags(Fault):
    """F14: a slow link, one that loses a third, one that is open on one side only, and one that closes late."""

    id = "F14"
    title = "slow, lossy, half-open, one-sided links"
    matters = frozenset({"I1", "I9"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how long each lasts."""
        return {"seconds": 40 if long else 3, "latency": round(chance.uniform(0.05, 0.4), 2)}

    async def inject(self, world: World, options: Options) -> int:
        """Go through the ways, with all links and then with one gateway's only."""
        north, south = _ways(world)
        for way in (north, south):
            for direction in (way.up, way.down):
                direction.latency, direction.jitter = options["latency"], options["latency"] / 2
                direction.bandwidth = 200_000.0
        await self._pass(world, options)
        for direction in (north.up, north.down, south.up, south.down):
            direction.loss = 0.3
        await self._pass(world, options)
        north.down.stalled = True
        await self._pass(world, options)
        south.up.stalled = True
        await self._pass(world, options)
        north.up.swallow = True
        await self._pass(world, options)
        south.refuse, south.down.slow_close = True, 1.0
        south.cut()
        await self._pass(world, options)
        return 6

    async def _pass(self, world: World, options: Options) -> None:
        await asyncio.sleep(options["seconds"])
        for way in _ways(world):
            way.heal()
