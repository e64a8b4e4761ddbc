"""Faults of single system calls: the process dies at each call by which something becomes durable, or the disk fails that call.

One document's way is gone through again and again: examined, its body made durable, accepted, placed in the log, sent, received,
acknowledged. Each time another call of that way is hit: every one in a long run, some of them, spread over all, in a short one.
"""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections import Counter
from pathlib import Path
from signal import Signals
from typing import Final, NamedTuple

from tests.faults.host import HostFault, Verdict, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.process import IO, WRITER
from tests.faults.strace import Injection, injecting
from tests.faults.trial import Outcome
from tests.faults.world import Plan
from tests.support.service import ServiceError

_THREADS: Final = (WRITER, IO)
_SHORT: Final = 8
"""Calls that are hit in a short run."""

_WAY_SECONDS: Final = 60.0
_LOOK: Final = 0.1


class Place(NamedTuple):
    """The n-th call of its kind in a thread, after the way has begun."""

    thread: str
    call: str
    number: int


class CallFault(HostFault):
    """Goes the way of a document for each place at which a call is hit."""

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Count the calls of one way, then hit them one after the other."""
        chance = random.Random(plan.seed)
        host = Host(place=folder / "place", plant=plant)
        async with trying(self, quiet(plan, senders=0), folder / "ledger", host) as (lone, verdict):
            places = await _places(lone, chance)
            for place in places if long else _spread(places, _SHORT):
                await self._hit(lone, verdict, place, chance)
        return verdict.told

    async def _hit(self, lone: Lone, verdict: Verdict, place: Place, chance: random.Random) -> None:
        thread = await lone.gateway.thread(place.thread)
        output = lone.folder / "strace.txt"
        async with injecting(thread, self.injection(place, chance), output=output) as attached:
            way = asyncio.create_task(_go(lone, chance))
            try:
                await _restart(lone, way)
            finally:
                await asyncio.wait({way}, timeout=_WAY_SECONDS)
        verdict.times += attached.has_happened
        if not way.done():
            way.cancel()
            lone.wrong("I9", f"a document did not come through after {place}")
        if not await _settled(lone):
            lone.wrong("I9", f"not settled after {place}: {'; '.join(await lone.unsettled())}")

    @abstractmethod
    def injection(self, place: Place, chance: random.Random) -> Injection:
        """Return what is done at a place."""


async def _restart(lone: Lone, way: asyncio.Task[None]) -> None:
    """Start the process again when it is dead, as whoever supervises it does, until the document has gone its way.

    Some errors end it, too: uvloop aborts when the call fails by which one thread wakes another.
    """
    until = asyncio.get_running_loop().time() + _WAY_SECONDS
    while asyncio.get_running_loop().time() < until:
        if lone.service.pid is None:
            await lone.service.start()
            return
        if way.done() and await _settled(lone, seconds=0):
            return
        await asyncio.sleep(_LOOK)


class DiesAtCall(CallFault):
    """F2: the process is killed at each call."""

    id = "F2"
    title = "a process dies at each system call"

    def injection(self, place: Place, chance: random.Random) -> Injection:
        """Return a death."""
        del chance
        return Injection(call=place.call, when=place.number)


class CallFails(CallFault):
    """F3: EIO or ENOSPC at each write, flush and rename; sometimes the process dies afterwards, so that only the disk counts."""

    id = "F3"
    title = "a system call fails"

    def injection(self, place: Place, chance: random.Random) -> Injection:
        """Return an error, once or for some calls on end."""
        error = "EIO" if place.call.endswith("sync") else chance.choice(("EIO", "ENOSPC"))
        return Injection(call=place.call, when=place.number, error=error, times=chance.choice((1, 1, 4)))

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """See `CallFault`."""
        return await super().trial(plan, folder, long=long, plant=plant)

    async def _hit(self, lone: Lone, verdict: Verdict, place: Place, chance: random.Random) -> None:
        await super()._hit(lone, verdict, place, chance)
        if chance.random() < 0.25:
            await lone.service.end(Signals.SIGKILL)
            await lone.service.start()


async def _go(lone: Lone, chance: random.Random) -> None:
    """Send a small and a big document and wait until both are decided on."""
    letters = [
        await asyncio.to_thread(lone.cast.letter, chance, hostile=False, big=big) for big in (False, True)
    ]
    await asyncio.gather(*(lone.load.deliver(letter) for letter in letters))


async def _settled(lone: Lone, *, seconds: float = _WAY_SECONDS) -> bool:
    """Tell whether nothing is owed any more, before long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        try:
            owed = sum((await lone.gateway.owed()).values())
        except ServiceError:
            owed = 1
        if not owed and not lone.load.unanswered:
            return True
        if loop.time() >= until:
            return False
        await asyncio.sleep(_LOOK)


async def _places(lone: Lone, chance: random.Random) -> list[Place]:
    """Go the way once, without any fault, and return every call on it."""
    counts: dict[str, Counter[str]] = {}
    for name in _THREADS:
        thread = await lone.gateway.thread(name)
        async with injecting(thread, None, output=lone.folder / "strace.txt") as attached:
            await _go(lone, chance)
            await _settled(lone)
        counts[name] = attached.calls
    return [
        Place(thread, call, number)
        for thread, calls in counts.items()
        for call, count in sorted(calls.items())
        for number in range(1, count + 1)
    ]


def _spread(places: list[Place], count: int) -> list[Place]:
    """Return some places, the first of each kind of call before others."""
    kinds = [place for place in places if place.number == 1]
    others = [place for place in places if place.number > 1]
    left = max(0, count - len(kinds))
    step = max(1, len(others) // left) if left else len(others) + 1
    return [*kinds[:count], *others[step // 2 :: step][:left]]
