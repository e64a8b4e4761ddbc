"""Faults of gateway processes: they die, stand still, are started twice, or are replaced one by one."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gateway.flow.shipping import LEASE
from gateway.ports import UnavailableError
from gateway.store import log
from gateway.store.errors import LogForkError
from tests.faults.fault import Fault, Options
from tests.faults.gateways import Gateway
from tests.faults.ledger import Answer, Attempt
from tests.faults.world import World
from tests.support.service import Service


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


class WorkerFreezes(Fault):
    """F4: a worker stands still with leases in its hands until they are over, and then goes on as if nothing had happened."""

    id = "F4"
    title = "a worker stands still past its lease"
    matters = frozenset({"I3", "I6"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw for how long; the database's clock is set past the lease meanwhile."""
        return {"seconds": chance.choice((5, 40, 120)) if long else 4, "which": chance.randrange(2)}

    async def inject(self, world: World, options: Options) -> int:
        """Let confirms wait so that leases are open, freeze the worker, let the leases end, thaw it."""
        north = world.north
        service = north.services[int(options["which"])]
        north.axis.down.stalled = True
        await asyncio.sleep(1)
        world.load.resting.add(service)
        service.send(signal.SIGSTOP)
        north.axis.down.stalled = False
        north.clock.set(north.clock.now() + LEASE + timedelta(seconds=5))
        await asyncio.sleep(options["seconds"])
        service.send(signal.SIGCONT)
        world.load.resting.discard(service)
        await asyncio.sleep(1)
        return 1

    async def heal(self, world: World) -> None:
        """Thaw it."""
        world.load.resting.clear()
        await super().heal(world)


class TwoSequencers(Fault):
    """F5: sequencers that should not be there, without the lock by which the right ones take turns."""

    id = "F5"
    title = "sequencers without a lock"
    matters = frozenset({"I5", "I6"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how many, and for how long."""
        return {"intruders": chance.choice((1, 2, 3)), "seconds": 20 if long else 3}

    async def inject(self, world: World, options: Options) -> int:
        """Let intruders place entries as fast as they can; what they are refused with is theirs alone."""
        async with AsyncExitStack() as stack:
            for _ in range(int(options["intruders"])):
                stack.push_async_callback(_ended(asyncio.create_task(_intrude(world.north))))
            await asyncio.sleep(options["seconds"])
        return int(options["intruders"])


class RollingRestarts(Fault):
    """F6: every process is stopped by SIGTERM and started again, one after the other, as for a new version."""

    id = "F6"
    title = "rolling restarts"
    matters = frozenset({"I1", "I9"})

    def draw(self, chance: random.Random, *, long: bool) -> Options:
        """Draw how often."""
        return {"rounds": 10 if long else 1, "seed": chance.randrange(2**32)}

    async def inject(self, world: World, options: Options) -> int:
        """Take a process out of the rotation, stop it, start it, put it back."""
        chance, north = random.Random(options["seed"]), world.north
        world.load.on_answer = partial(_expect_no_5xx, world)
        for _ in range(int(options["rounds"])):
            for service in chance.sample(north.services, len(north.services)):
                await asyncio.sleep(chance.uniform(0.2, 1.0))
                world.load.resting.add(service)
                if code := await service.end(signal.SIGTERM):
                    world.wrong("I9", f"a process that was asked to stop ended with {code}")
                await service.start()
                world.load.resting.discard(service)
        return int(options["rounds"]) * len(north.services)

    async def heal(self, world: World) -> None:
        """Start whatever does not run."""
        world.load.on_answer = None
        world.load.resting.clear()
        await super().heal(world)


def _expect_no_5xx(world: World, attempt: Attempt, answer: Answer, service: Service) -> None:
    """Note an error of a process that is in the rotation and has others beside it."""
    if answer.status >= 500 and attempt.gateway == world.north.name and service not in world.load.resting:
        world.wrong("I9", f"{answer.status} {answer.code} from a process that was not being restarted")


async def _intrude(gateway: Gateway) -> None:
    """Place entries without the lock, again and again, whatever comes of it."""
    store = await gateway.open_store()
    try:
        while True:
            with suppress(LogForkError, UnavailableError, SQLAlchemyError), unlocked():
                await store.log.sequence(limit=50)
            await asyncio.sleep(0.005)
    finally:
        await store.close()


@contextmanager
def unlocked() -> Iterator[None]:
    """Take the lock on the head of the log away, in this process, as if somebody had forgotten it."""
    locked = log._FREE_HEAD
    log._FREE_HEAD = select(*locked.selected_columns)  # type: ignore[misc]
    try:
        yield
    finally:
        log._FREE_HEAD = locked  # type: ignore[misc]


def _ended(task: asyncio.Task[None]) -> Callable[[], Awaitable[None]]:
    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return end
