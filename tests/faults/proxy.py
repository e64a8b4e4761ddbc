"""A TCP proxy that makes a bad network: one process, no privileges, every fault taken back by `heal`.

    async with Proxy(Address.of(host, port)) as proxy:
        proxy.down.swallow = True     # what the server says is lost, although it was sent
        proxy.up.latency = 0.2        # seconds for every piece, with `jitter` more or less

Each direction has its own `Conditions`; `up` is from the client to the server. Invariant: what a healed proxy forwards is what
came in, byte for byte; connections that were tampered with are reset by `heal`, because what they carry is no longer a whole.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

PIECE: Final = 16 * 1024
CLOSE_SECONDS: Final = 5.0

Filter = Callable[[bytes], bytes]
"""Sees all bytes of one direction of one connection, and says what to forward in their place."""


@dataclass(slots=True, kw_only=True)
class Conditions:
    """What one direction does to what passes through."""

    latency: float = 0.0
    jitter: float = 0.0
    bandwidth: float | None = None
    """Bytes a second."""

    stalled: bool = False
    """Nothing is read: the sender's buffers fill, as on a half-open link."""

    swallow: bool = False
    """Everything is read and nothing is forwarded."""

    loss: float = 0.0
    """The share of pieces that have to be sent again, each after the pause of a retransmission."""

    retransmit: float = 0.2

    reset_after: int | None = None
    """Both ends get a reset when so many more bytes have passed."""

    cut_after: int | None = None
    """Both ends see the end of the stream when so many more bytes have passed, in the middle of whatever it was."""

    flip_after: int | None = None
    """One bit of the byte after so many more is turned; then this is over."""

    slow_close: float = 0.0
    """Seconds for which the end of a stream is kept from the other side."""

    filter: Callable[[], Filter] | None = None
    """Makes what changes the bytes of a connection; for connections that are opened from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the real server is: a TCP port on this host, or a Unix socket."""

    port: int | None = None
    path: Path | None = None

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        if self.path is not None:
            return await asyncio.open_unix_connection(str(self.path))
        return await asyncio.open_connection("127.0.0.1", self.port)


@dataclass(slots=True, eq=False)
class _Link:
    """One client's connection and the one to the server that belongs to it."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    tampered: bool = False
    pumps: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        """Let both ends see a reset."""
        for writer in self.writers:
            with suppress(OSError, AttributeError):
                sock = writer.get_extra_info("socket")
                if sock.family != socket.AF_UNIX:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def cut(self) -> None:
        """Let both ends see the end of the stream."""
        for writer in self.writers:
            writer.close()


class Proxy:
    """Listens on a free port of the loopback address and forwards to `target`."""

    def __init__(self, target: Address, *, seed: int = 0) -> None:
        self.target = target
        self.up, self.down = Conditions(), Conditions()
        self.refuse = False
        """Whether new connections are reset at once."""
        self.port = 0
        self.connections = 0
        self._random = random.Random(seed)
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0, limit=PIECE)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and reset what is open."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Reset every open connection."""
        for link in tuple(self._links):
            link.reset()

    def cut(self) -> None:
        """End every open connection, in the middle of whatever it carries."""
        for link in tuple(self._links):
            link.cut()

    def heal(self) -> None:
        """Take every fault back; connections that were tampered with are reset."""
        self.up, self.down = Conditions(), Conditions()
        self.refuse = False
        for link in tuple(self._links):
            if link.tampered:
                link.reset()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of our own: asyncio would report the cancelling of one of its own as an error.
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.refuse:
                raise ConnectionRefusedError
            behind, ahead = await self.target.connect()
        except OSError:
            _Link(writers=(writer, writer)).reset()
            return
        link = _Link(writers=(writer, ahead))
        self._links.add(link)
        try:
            link.pumps += [
                asyncio.create_task(self._pump(link, reader, ahead, up=True)),
                asyncio.create_task(self._pump(link, behind, writer, up=False)),
            ]
            await asyncio.gather(*link.pumps)
        finally:
            for pump in link.pumps:
                pump.cancel()
            self._links.discard(link)
            for each in link.writers:
                each.transport.abort()

    async def _pump(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        filtered = self._conditions(up).filter
        change = filtered() if filtered else None
        link.tampered = link.tampered or change is not None
        try:
            await self._pass_on(link, reader, writer, change, up=up)
        except OSError:
            # What one end sees the other end has to see, or it waits for ever.
            link.reset()

    async def _pass_on(
        self,
        link: _Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        change: Filter | None,
        *,
        up: bool,
    ) -> None:
        while True:
            while self._conditions(up).stalled:
                await asyncio.sleep(0.02)
            piece = await reader.read(PIECE)
            if not piece:
                await asyncio.sleep(self._conditions(up).slow_close)
                break
            if change is not None:
                piece = change(piece)
            if not await self._forward(link, piece, writer, self._conditions(up)):
                return
        if writer.can_write_eof():
            writer.write_eof()

    async def _forward(
        self, link: _Link, piece: bytes, writer: asyncio.StreamWriter, conditions: Conditions
    ) -> bool:
        """Pass a piece on as the conditions say; False when the connection is gone."""
        await asyncio.sleep(self._delay(conditions, len(piece)))
        if conditions.swallow:
            link.tampered = True
            return True
        piece = self._flip(link, piece, conditions)
        for limit, end in (("reset_after", link.reset), ("cut_after", link.cut)):
            left: int | None = getattr(conditions, limit)
            if left is None:
                continue
            if left < len(piece):
                writer.write(piece[:left])
                await writer.drain()
                setattr(conditions, limit, None)
                end()
                return False
            setattr(conditions, limit, left - len(piece))
        writer.write(piece)
        await writer.drain()
        return True

    def _delay(self, conditions: Conditions, size: int) -> float:
        seconds = max(0.0, conditions.latency + self._random.uniform(-conditions.jitter, conditions.jitter))
        if conditions.bandwidth:
            seconds += size / conditions.bandwidth
        while self._random.random() < min(conditions.loss, 0.9):
            seconds += conditions.retransmit
        return seconds

    def _flip(self, link: _Link, piece: bytes, conditions: Conditions) -> bytes:
        at = conditions.flip_after
        if at is None:
            return piece
        if at >= len(piece):
            conditions.flip_after = at - len(piece)
            return piece
        conditions.flip_after, link.tampered = None, True
        return piece[:at] + bytes((piece[at] ^ 1 << self._random.randrange(8),)) + piece[at + 1 :]

    def _conditions(self, up: bool) -> Conditions:
        return self.up if up else self.down
