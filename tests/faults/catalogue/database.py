"""Faults of the database server: it dies, stands still, or its word on a COMMIT is lost on the way."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.host import HostFault, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.proxy import Address, Proxy
from tests.faults.trial import Outcome
from tests.faults.world import Plan
from tests.support.postgres import Cluster, running_cluster

_SENDERS: Final = 3
_COMMIT: Final = b"COMMIT\x00"
_LOST_SECONDS: Final = 0.3
_CUT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The database server, and the proxy through which a gateway sees it."""

    cluster: Cluster
    proxy: Proxy


class DatabaseFault(HostFault):
    """Does something to the server under load, again and again."""

    short = 3
    long = 60

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Start a server of its own, and a gateway on it."""
        chance = random.Random(plan.seed)
        async with _server() as server:
            name = await asyncio.to_thread(server.cluster.create)
            url = f"postgresql+psycopg://vanthu@127.0.0.1:{server.proxy.port}/{name}"
            host = Host(place=folder / "place", database=url, plant=plant)
            async with trying(self, quiet(plan, senders=_SENDERS), folder / "ledger", host) as (
                lone,
                verdict,
            ):
                for _ in range(self.long if long else self.short):
                    await lone.accepted(chance.randint(2, 8))
                    await self.once(lone, server, chance)
                    verdict.times += 1
                server.proxy.heal()
        return verdict.told

    @abstractmethod
    async def once(self, lone: Lone, server: Server, chance: random.Random) -> None:
        """Do it once and put it right."""


class DatabaseDies(DatabaseFault):
    """F16: `kill -9` of the whole server, or an immediate stop, and a restart."""

    id = "F16"
    title = "the database server dies"

    async def once(self, lone: Lone, server: Server, chance: random.Random) -> None:
        """Kill or stop it, and start it again."""
        del lone
        end = chance.choice((server.cluster.kill, server.cluster.kill, server.cluster.stop_at_once))
        await asyncio.to_thread(end)
        await asyncio.to_thread(server.cluster.restart)


class CommitsAreCut(DatabaseFault):
    """F17: the server stands still, or the connection breaks after COMMIT was sent and before its answer came."""

    id = "F17"
    title = "the answer to COMMIT is lost"
    short = 5
    long = 200

    async def once(self, lone: Lone, server: Server, chance: random.Random) -> None:
        """Lose the answer to the next COMMIT; sometimes let the server stand still first."""
        if chance.random() < 0.25:
            await asyncio.to_thread(server.cluster.freeze)
            await asyncio.sleep(chance.uniform(0.5, 3.0))
            await asyncio.to_thread(server.cluster.thaw)
        cut = asyncio.Event()
        # Filters are for connections that are opened from now on.
        server.proxy.up.filter = _losing(server.proxy, cut)
        server.proxy.reset()
        try:
            async with asyncio.timeout(_CUT_SECONDS):
                await cut.wait()
        except TimeoutError:
            lone.wrong("I9", f"nothing was committed for {_CUT_SECONDS} s after the connections were reset")
        server.proxy.heal()


def _losing(proxy: Proxy, cut: asyncio.Event) -> Callable[[], Callable[[bytes], bytes]]:
    """Make filters that let a COMMIT pass, lose what the server says to it, and then reset all connections."""
    loop = asyncio.get_running_loop()
    waiting = [True]

    def finish() -> None:
        proxy.down.swallow = False
        proxy.reset()
        cut.set()

    def seen(piece: bytes) -> bytes:
        if waiting and _COMMIT in piece:
            waiting.clear()
            proxy.down.swallow = True
            loop.call_later(_LOST_SECONDS, finish)
        return piece

    return lambda: seen


@asynccontextmanager
async def _server() -> AsyncIterator[Server]:
    """Start a server, and a proxy before it."""
    starting = running_cluster()
    cluster = await asyncio.to_thread(starting.__enter__)
    try:
        async with Proxy(Address(path=cluster.socket)) as proxy:
            yield Server(cluster=cluster, proxy=proxy)
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)
