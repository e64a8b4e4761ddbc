"""The proxy does to a connection what it is told, in one direction, and nothing once it is healed."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from tests.faults.proxy import Address, Proxy

WORD = b"official letter"
SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A client's end of a connection through a proxy to a server that sends back what it gets."""

    proxy: Proxy
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def echo(self, word: bytes = WORD) -> bytes:
        """Send a word and return what comes back."""
        self.writer.write(word)
        return await self.read(len(word))

    async def read(self, size: int) -> bytes:
        """Return what comes."""
        async with asyncio.timeout(SECONDS):
            return await self.reader.readexactly(size)

    async def ends(self) -> type[BaseException] | None:
        """Wait for the end; None if it is a proper one."""
        try:
            async with asyncio.timeout(SECONDS):
                while await self.reader.read(100):
                    pass
        except ConnectionError as error:
            return type(error)
        return None


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(100):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def _server() -> AsyncIterator[Address]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    yield Address(port=server.sockets[0].getsockname()[1])
    server.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """Open a connection through a proxy."""
    async with _server() as address, Proxy(address) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        yield Wire(proxy=proxy, reader=reader, writer=writer)
        writer.transport.abort()


async def silent(wire: Wire) -> bool:
    """Tell whether nothing comes for a while."""
    try:
        async with asyncio.timeout(0.3):
            return not await wire.reader.read(100)
    except TimeoutError:
        return True


async def test_without_faults_everything_passes(wire: Wire) -> None:
    """Bytes come back as they were sent, and the end of a stream is passed on."""
    word = bytes(range(256)) * 1000

    assert await wire.echo(word) == word
    wire.writer.write_eof()
    assert await wire.ends() is None


@pytest.mark.parametrize(
    "conditions", [{"latency": 0.2}, {"bandwidth": 40.0}, {"loss": 0.5, "retransmit": 0.01}]
)
async def test_a_slow_link_loses_nothing(wire: Wire, conditions: dict[str, float]) -> None:
    """Latency, a narrow band and losses that are made good change when bytes come, not what they are."""
    for name, value in conditions.items():
        setattr(wire.proxy.down, name, value)

    assert await wire.echo() == WORD


async def test_a_stalled_direction_goes_on_where_it_was(wire: Wire) -> None:
    """Nothing comes while one direction is stalled; then all of it."""
    wire.proxy.down.stalled = True
    wire.writer.write(WORD)
    assert await silent(wire)

    wire.proxy.heal()

    assert await wire.read(len(WORD)) == WORD


async def test_what_is_swallowed_never_comes(wire: Wire) -> None:
    """The server answered, the client hears nothing, and healing resets the connection, whose stream has a hole."""
    wire.proxy.down.swallow = True
    wire.writer.write(WORD)
    assert await silent(wire)

    wire.proxy.heal()

    assert await wire.ends() is ConnectionResetError


async def test_a_flipped_bit(wire: Wire) -> None:
    """One bit of one byte differs; what comes after is whole."""
    wire.proxy.up.flip_after = 3

    assert await wire.echo(b"a" * 3) == b"a" * 3
    changed = await wire.echo(b"a" * 5)

    assert changed[1:] == b"a" * 4
    assert (changed[0] ^ ord("a")).bit_count() == 1


@pytest.mark.parametrize(("limit", "end"), [("reset_after", ConnectionResetError), ("cut_after", None)])
async def test_an_end_after_so_many_bytes(wire: Wire, limit: str, end: type[BaseException] | None) -> None:
    """So many bytes pass, then the connection is reset or ends in the middle."""
    setattr(wire.proxy.down, limit, len(WORD) + 2)
    assert await wire.echo() == WORD
    wire.writer.write(WORD)

    assert await wire.ends() is end


async def test_refused_connections(wire: Wire) -> None:
    """While the proxy refuses, a new connection is reset; the old one lives."""
    wire.proxy.refuse = True
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.proxy.port)

    assert await Wire(proxy=wire.proxy, reader=reader, writer=writer).ends() is ConnectionResetError
    assert await wire.echo() == WORD
    writer.close()


async def test_a_filter_sees_one_direction(wire: Wire) -> None:
    """A filter changes the bytes of connections that are opened after it was set."""
    assert await wire.echo(b"abc") == b"abc"
    wire.proxy.down.filter = lambda: bytes.upper
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.proxy.port)
    other = Wire(proxy=wire.proxy, reader=reader, writer=writer)

    assert await other.echo(b"abc") == b"ABC"
    assert await wire.echo(b"abc") == b"abc"
    writer.transport.abort()


async def test_a_reset_by_the_server_reaches_the_client() -> None:
    """A server that dies with unread bytes resets its connections; whoever waits for its answer learns of it."""

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await asyncio.sleep(0.1)
        writer.transport.abort()

    server = await asyncio.start_server(die, "127.0.0.1", 0)
    async with server, Proxy(Address(port=server.sockets[0].getsockname()[1])) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        wire = Wire(proxy=proxy, reader=reader, writer=writer)

        assert await wire.ends() is ConnectionResetError

        writer.close()
