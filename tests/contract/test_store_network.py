"""A database whose host is gone without a word: its connections end by themselves, and whoever waited for one hears of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import OperationalError

from gateway.store.availability import explained
from gateway.store.database import open_database
from gateway.store.errors import DatabaseUnavailableError
from tests.faults.proxy import Address, Proxy
from tests.support.postgres import Cluster
from tests.support.store_samples import Clock, a_recipient, an_acceptance
from tests.support.stores import Stores

RECIPIENTS = 5000
"""So many that the first statement about them is more than the way keeps."""

BEGINNING = b"flow"
QUICK = {"tcp_user_timeout": "2000", "connect_timeout": "2"}


@pytest.fixture
async def way(postgres: Cluster) -> AsyncIterator[Proxy]:
    """Lead to the server over TCP."""
    async with Proxy(Address(path=postgres.socket)) as proxy:
        yield proxy


@pytest.fixture
def url(postgres: Cluster, postgres_template: str, way: Proxy) -> str:
    """Return the address of a new database, by that way."""
    direct = make_url(postgres.url(postgres.create(template=postgres_template)))
    return direct.set(host="127.0.0.1", port=way.port, query={}).render_as_string(hide_password=False)


def options_of(engine: Engine) -> dict[str, int]:
    """Return what the kernel was told of an engine's connection."""
    tcp = socket.IPPROTO_TCP
    asked = {
        "keepalives": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        "idle": (tcp, socket.TCP_KEEPIDLE),
        "interval": (tcp, socket.TCP_KEEPINTVL),
        "count": (tcp, socket.TCP_KEEPCNT),
        "user_timeout": (tcp, socket.TCP_USER_TIMEOUT),
    }
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.fromfd(driver.fileno(), socket.AF_INET, socket.SOCK_STREAM) as opened:
            return {name: opened.getsockopt(*option) for name, option in asked.items()}


async def test_silence_ends_within_half_a_minute(url: str) -> None:
    """Every connection is told to: one that waits for an answer, and one whose bytes nobody acknowledges."""
    database = await asyncio.to_thread(open_database, url)
    try:
        for engine in (database.writes, database.reads):
            options = await asyncio.to_thread(options_of, engine)
            assert options["keepalives"] == 1
            assert options["idle"] + options["interval"] * options["count"] <= 30
            assert 0 < options["user_timeout"] <= 30_000
    finally:
        await asyncio.to_thread(database.close)


async def test_the_address_may_say_otherwise(url: str) -> None:
    """What an operator writes into the address counts."""
    chosen = make_url(url).update_query_dict({"keepalives_idle": "77", "tcp_user_timeout": "5000"})
    database = await asyncio.to_thread(open_database, chosen.render_as_string(hide_password=False))
    try:
        options = await asyncio.to_thread(options_of, database.writes)
    finally:
        await asyncio.to_thread(database.close)

    assert (options["keepalives"], options["idle"], options["user_timeout"]) == (1, 77, 5000)


async def test_a_write_into_a_black_hole_ends(url: str, way: Proxy) -> None:
    """Nobody takes the bytes any more: the one who writes hears that the database is away, and the next is served again."""
    quick = make_url(url).update_query_dict(QUICK).render_as_string(hide_password=False)
    holes = black_holes(way)
    stores = Stores(quick, Clock())
    store = await stores.open()
    many = [a_recipient(f"H{number}") for number in range(RECIPIENTS)]
    holes.append(BEGINNING)

    async with asyncio.timeout(30):
        with pytest.raises(OperationalError) as caught:
            await store.documents.accept(an_acceptance(b"1", recipients=many))

    assert isinstance(explained(caught.value), DatabaseUnavailableError)
    assert way.up.stalled
    way.heal()
    assert (await store.documents.accept(an_acceptance(b"2"))).replayed is False
    await stores.close()


def black_holes(way: Proxy) -> list[bytes]:
    """Let the way end for ever where one of these comes by, in the middle of a statement; what follows is never acknowledged."""
    holes: list[bytes] = []

    def seen(piece: bytes) -> bytes:
        if any(hole in piece for hole in holes):
            way.up.stalled = True
        return piece

    assert way._server is not None
    # The kernel acknowledges what it can keep: next to nothing.
    way._server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    way.up.filter = lambda: seen
    return holes
