"""Connections and the requests on them: who asks for nothing in time is closed, and who asked before a stop gets an answer.

aiohttp waits for a head for ever, and at its own stop for no body. Invariants: a connection on which a request began is never
closed here (`Pace` bounds how long its body may take, aiohttp's keep-alive how long it may then be idle); nothing is kept of
connections that are gone.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final, Generic, TypeVar

import structlog
from aiohttp import web

C = TypeVar("C")

LOOK_AGAIN: Final = 0.5
RESERVE: Final = 128
"""Descriptors that connections never get: the database, the broker, bodies, the workers for PDF files."""

LEAST: Final = 64
"""Connections that there is room for, however few descriptors the process may have."""

_log = structlog.get_logger()


class Silence(Generic[C]):
    """Which open connections have not asked for anything yet, and since when."""

    def __init__(self, *, patience: float, most: int) -> None:
        self._patience = patience
        self._most = most
        self._since: dict[C, float] = {}
        self._spoke: set[C] = set()

    def spoke(self, connection: C) -> None:
        """Remember that a request came on this connection."""
        self._spoke.add(connection)

    def overdue(self, connections: Collection[C], *, now: float) -> tuple[C, ...]:
        """Return those to close: silent for too long, or, while too many are open, silent for longest."""
        opened = set(connections)
        self._spoke &= opened
        self._since = {each: since for each, since in self._since.items() if each in opened}
        for each in connections:
            self._since.setdefault(each, now)
        silent = [each for each in self._since if each not in self._spoke]
        crowd = min(max(0, len(opened) - self._most), len(silent))
        return tuple(
            each
            for place, each in enumerate(silent)
            if place < crowd or now - self._since[each] >= self._patience
        )


STOPPING: Final = web.AppKey("stopping", asyncio.Event)
"""Set when the service is about to stop: nobody waits for news any more, and answers close their connections."""


class UnderWay:
    """The requests that are being answered."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a request until the block ends."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def over(self, *, within: float) -> None:
        """Wait until none is being answered, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._none.wait()


UNDER_WAY: Final = web.AppKey("under_way", UnderWay)
"""The outermost middleware counts each request."""

SILENCE: Final = web.AppKey("silence", Silence[web.RequestHandler])
"""The connections of this application; the outermost middleware tells it of each request."""


def raise_limit() -> int:
    """Let this process have as many descriptors as it may, and return how many connections there is room for.

    Many systems start services with room for a thousand, for the sake of programs that are older than `poll`.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return max(LEAST, soft - RESERVE)


@asynccontextmanager
async def watched(runner: web.AppRunner, silence: Silence[web.RequestHandler]) -> AsyncIterator[None]:
    """Close silent connections while the block runs."""
    task = asyncio.create_task(_watch(runner, silence), name="connections")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(runner: web.AppRunner, silence: Silence[web.RequestHandler]) -> None:
    loop = asyncio.get_running_loop()
    while runner.server is not None:
        overdue = silence.overdue(runner.server.connections, now=loop.time())
        for connection in overdue:
            connection.force_close()
        if overdue:
            _log.warning("silent_connections_closed", count=len(overdue))
        await asyncio.sleep(LOOK_AGAIN)
