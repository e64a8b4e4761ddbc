"""Connections that ask for nothing: closed in bounded time in each of their ways, and never at the cost of those that ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from gateway.api.connections import Silence
from gateway.api.context import Pace
from tests.api.raw import Connection, connected
from tests.api.world import World, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEAD = b"GET /healthz HTTP/1.1\r\nHost: test\r\n"
BOUND = 30
"""Seconds in which a gateway with a patience of parts of a second has to have closed a connection, on the slowest machine."""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return a gateway with little patience."""
    pace = Pace(head=0.4, idle=0.4)
    async with world(tmp_path_factory.mktemp("impatient"), pace=pace) as running:
        yield running


async def _drip(connection: Connection) -> None:
    """Send a head that never ends, one field after the other."""
    number = 0
    while True:
        await connection.send(f"X-{number}: 1\r\n".encode())
        number += 1
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("begun", [b"", b"GET /heal", HEAD])
async def test_connection_without_a_whole_head(strict: World, begun: bytes) -> None:
    """Nothing, half a line, half a head: the connection is closed."""
    async with connected(strict.url) as connection, asyncio.timeout(BOUND):
        await connection.send(begun)

        assert await connection.reader.read() == b""


async def test_head_that_drips(strict: World) -> None:
    """A head that goes on for ever buys no time."""
    async with connected(strict.url) as connection, asyncio.timeout(BOUND):
        await connection.send(HEAD)
        dripping = asyncio.create_task(_drip(connection))
        try:
            with suppress(ConnectionResetError):  # what comes to a closed connection is answered so
                assert await connection.reader.read() == b""
        finally:
            dripping.cancel()


async def test_connection_that_is_kept_and_not_used(strict: World) -> None:
    """After an answer the connection waits for the next request, but not for ever."""
    async with connected(strict.url) as connection, asyncio.timeout(BOUND):
        await connection.send(HEAD + b"\r\n")
        status, headers = await connection.head()
        await connection.reader.readexactly(int(headers["content-length"]))

        assert (status, await connection.reader.read()) == (200, b"")


async def test_answer_that_takes_longer_than_a_head_may(strict: World) -> None:
    """Whoever has asked is not silent, however long the answer takes."""
    answer = await strict.call("GET", "/v1/inbox?wait=2", token="hanoi")

    assert answer.status == 200


async def test_silent_ones_make_room() -> None:
    """Over the most that are open, those go that have been silent for longest, and nobody who has asked."""
    silence: Silence[str] = Silence(patience=10.0, most=3)
    silence.spoke("a")

    assert silence.overdue(["a"], now=0.0) == ()
    assert silence.overdue(["a", "b"], now=1.0) == ()
    assert silence.overdue(["a", "b", "c"], now=2.0) == ()
    assert silence.overdue(["a", "b", "c", "d", "e"], now=3.0) == ("b", "c")


async def test_silence_is_measured_from_the_first_look() -> None:
    """A connection is overdue when its patience is over; one that spoke meanwhile never is."""
    silence: Silence[str] = Silence(patience=10.0, most=100)

    assert silence.overdue(["a", "b"], now=0.0) == ()
    silence.spoke("b")
    assert silence.overdue(["a", "b", "c"], now=9.0) == ()
    assert silence.overdue(["a", "b", "c"], now=10.0) == ("a",)
    assert silence.overdue(["b", "c"], now=19.0) == ("c",)


async def test_what_is_closed_is_forgotten() -> None:
    """Nothing is kept of connections that are gone, neither of those that spoke nor of those that did not."""
    silence: Silence[str] = Silence(patience=10.0, most=100)
    silence.spoke("a")
    silence.overdue(["a", "b"], now=0.0)

    silence.overdue([], now=1.0)

    assert silence.overdue(["a", "b"], now=2.0) == ()
    assert silence.overdue(["a", "b"], now=12.0) == ("a", "b")
