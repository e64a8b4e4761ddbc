"""F21: descriptors and connections run out: idle sockets by the thousand, and clients that never finish what they began."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from yarl import URL

from tests.faults.host import HostFault, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.trial import Outcome
from tests.faults.world import Plan

_SENDERS: Final = 2
_DESCRIPTORS: Final = 400
_SHORT_SOCKETS: Final = 600
_LONG_SOCKETS: Final = 5000
_CLOSED_SECONDS: Final = 120.0
"""By then a connection that finishes nothing has to be closed; the gateway promises ten seconds for each stage."""

_DRIP: Final = 0.5

_HEAD: Final = b"POST /v1/documents HTTP/1.1\r\nHost: x\r\n"
_WHOLE: Final = (
    _HEAD + b"Authorization: Bearer %s\r\nContent-Type: application/xml\r\nContent-Length: 100000\r\n\r\n"
)

KINDS: Final[dict[str, tuple[Callable[[bytes], bytes], bytes]]] = {
    "no bytes": (lambda _token: b"", b""),
    "half a head": (lambda _token: _HEAD, b""),
    "a dripping head": (lambda _token: _HEAD, b"X: 1\r\n"),
    "no body": (lambda token: _WHOLE % token, b""),
    "a dripping body": (lambda token: _WHOLE % token, b" "),
}
"""What is sent at once, and what then drips."""


class ConnectionsRunOut(HostFault):
    """F21: more idle sockets than there are descriptors, and each kind of slow client, while others work."""

    id = "F21"
    title = "idle sockets and slow clients"

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Open what never asks for anything; good clients are served meanwhile, and all the others are closed."""
        host = Host(place=folder / "place", plant=plant, descriptors=_DESCRIPTORS)
        count = _LONG_SOCKETS if long else _SHORT_SOCKETS
        async with trying(self, quiet(plan, senders=_SENDERS), folder / "ledger", host) as (lone, verdict):
            await lone.accepted(1)
            async with idle_sockets(lone, count), AsyncExitStack() as stack:
                slow = [await stack.enter_async_context(_slow(lone, kind)) for kind in KINDS]
                await lone.accepted(3)
                verdict.times += count + len(slow)
                for kind, closed in zip(KINDS, slow, strict=True):
                    try:
                        async with asyncio.timeout(_CLOSED_SECONDS):
                            await closed.wait()
                    except TimeoutError:
                        lone.wrong(
                            "I10", f"a client that sends {kind} was still served after {_CLOSED_SECONDS} s"
                        )
        return verdict.told


@asynccontextmanager
async def idle_sockets(lone: Lone, count: int) -> AsyncIterator[None]:
    """Connect so many times and say nothing; what the gateway does not take or closes again counts as well."""
    loop, url = asyncio.get_running_loop(), URL(lone.service.url)
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            opened = socket.socket()
            opened.setblocking(False)
            sockets.append(opened)
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(0.2):
                    await loop.sock_connect(opened, (str(url.host), url.port or 0))
        yield
    finally:
        for opened in sockets:
            opened.close()


@asynccontextmanager
async def _slow(lone: Lone, kind: str) -> AsyncIterator[asyncio.Event]:
    """Be a client of this kind until the block ends; the event says that the gateway had enough of it."""
    closed = asyncio.Event()
    task = asyncio.create_task(_be_slow(lone, kind, closed))
    try:
        yield closed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _be_slow(lone: Lone, kind: str, closed: asyncio.Event) -> None:
    url, (first, drop) = URL(lone.service.url), KINDS[kind]
    token = next(iter(lone.load.tokens.values())).encode()
    with suppress(OSError):
        reader, writer = await asyncio.open_connection(url.host, url.port)
        ended = asyncio.create_task(reader.read())
        try:
            writer.write(first(token))
            while not ended.done():
                writer.write(drop)
                await writer.drain()
                await asyncio.wait({ended}, timeout=_DRIP)
            await ended
        finally:
            ended.cancel()
            writer.close()
    closed.set()
