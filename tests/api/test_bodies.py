"""Receiving bodies: whatever can be refused without one is refused before it is read, and none is waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.api import bodies
from gateway.api.bodies import AT_ONCE, BODIES
from gateway.api.context import Pace
from routing.log import LogEntry
from tests.api.raw import connected, request
from tests.api.world import World, a_document, world

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMIT = 400_000


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return a gateway that takes little and waits for nobody."""
    pace = Pace(grace=0.3, bytes_per_second=1_000_000)
    async with world(tmp_path_factory.mktemp("strict"), pace=pace, max_body=LIMIT) as running:
        yield running


@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data", "text/html", ""])
async def test_unknown_content_type(gateway: World, media_type: str) -> None:
    """Only edXML's own content types are read; the answer names them."""
    headers = {"Content-Type": media_type} if media_type else {}

    answer = await gateway.call("POST", "/v1/documents", body=a_document(), headers=headers)

    assert (answer.status, answer.json["code"]) == (415, "request.unsupported_media_type")
    assert "application/edxml+xml" in answer.json["fix_vi"]


@pytest.mark.parametrize(
    "media_type", ["application/xml; charset=utf-8", "TEXT/XML", "application/octet-stream"]
)
async def test_known_content_types(gateway: World, media_type: str) -> None:
    """Parameters and capitals make no difference."""
    answer = await gateway.send(a_document(), headers={"Content-Type": media_type})

    assert answer.status == 201


async def test_encoded_content(gateway: World) -> None:
    """A compressed body is refused: it could be a bomb, and its bytes are not those that were signed."""
    answer = await gateway.send(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_length_is_required(gateway: World) -> None:
    """A chunked body announces no length."""

    async def chunks() -> AsyncIterator[bytes]:
        yield a_document()

    answer = await gateway.call(
        "POST", "/v1/documents", body=chunks(), headers={"Content-Type": "application/xml"}
    )

    assert (answer.status, answer.json["code"]) == (411, "request.length_missing")


async def test_too_large_is_refused_unread(strict: World) -> None:
    """The announced length decides, before a byte of the body has come."""
    async with connected(strict.url) as connection:
        await connection.send(request("/v1/documents", token=strict.tokens["hanoi"], length=LIMIT + 1))

        assert await connection.problem() == (413, "request.body_too_large")

    (entry,) = await strict.refusals("request.body_too_large")
    assert entry.fields["resource"] == "/v1/documents"


async def test_too_large_for_a_client_that_sends_anyway(strict: World) -> None:
    """A client that has sent the whole body before it reads still gets the answer."""
    answer = await strict.send(b"x" * (3 * LIMIT))

    assert (answer.status, answer.json["code"]) == (413, "request.body_too_large")
    assert answer.headers["Connection"] == "close"


async def test_client_that_asks_first(gateway: World) -> None:
    """`Expect: 100-continue` is answered after the checks, and then the body is taken."""
    body = a_document()
    head = request(
        "/v1/documents", token=gateway.tokens["hanoi"], length=len(body), extra="Expect: 100-continue\r\n"
    )
    async with connected(gateway.url) as connection:
        await connection.send(head)
        assert (await connection.head())[0] == 100
        await connection.send(body)

        assert (await connection.head())[0] == 201


@pytest.mark.parametrize(
    ("token", "length", "expected"),
    [
        ("wrong", 10, (401, "access.token_invalid")),
        ("auditor", 10, (403, "access.role_missing")),
        ("hanoi", LIMIT + 1, (413, "request.body_too_large")),
    ],
)
async def test_refused_client_is_not_told_to_send(
    strict: World, token: str, length: int, expected: tuple[int, str]
) -> None:
    """Whoever is refused without a body never hears 100, and the connection is closed."""
    head = request(
        "/v1/documents",
        token=strict.tokens.get(token, token),
        length=length,
        extra="Expect: 100-continue\r\n",
    )
    async with connected(strict.url) as connection:
        await connection.send(head)

        assert await connection.problem() == expected


async def test_unknown_expectation(gateway: World) -> None:
    """Anything else that is expected cannot be met."""
    head = request("/v1/documents", token=gateway.tokens["hanoi"], length=2, extra="Expect: a miracle\r\n")
    async with connected(gateway.url) as connection:
        await connection.send(head)

        assert await connection.problem() == (400, "request.bad_parameter")


async def test_body_that_comes_too_slowly(strict: World) -> None:
    """A body that stops coming is given up after the grace, recorded, and leaves nothing behind."""
    async with connected(strict.url) as connection:
        await connection.send(
            request("/v1/documents", token=strict.tokens["hanoi"], length=300_000), b"<" + b" " * 280_000
        )

        assert await connection.problem() == (408, "request.body_incomplete")

    assert list(strict.context.spool.iterdir()) == []


async def test_dripping_body(strict: World) -> None:
    """Single bytes do not buy time: the body as a whole has to keep the pace."""
    async with connected(strict.url) as connection:
        await connection.send(request("/v1/documents", token=strict.tokens["hanoi"], length=1_000))

        async def drip() -> None:
            while True:
                await connection.send(b" ")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        try:
            assert await connection.problem() == (408, "request.body_incomplete")
        finally:
            dripping.cancel()


async def test_client_that_goes_away(gateway: World) -> None:
    """A body that ends early is a refusal in the log, although nobody is there to hear it."""
    before = len(await gateway.refusals("request.body_incomplete"))
    head = request(
        "/v1/documents", token=gateway.tokens["hanoi"], length=10_000, extra="Expect: 100-continue\r\n"
    )
    async with connected(gateway.url) as connection:
        await connection.send(head)
        assert (await connection.head())[0] == 100
        await connection.send(b"<edXML>")

    async def recorded() -> list[LogEntry]:
        while len(found := await gateway.refusals("request.body_incomplete")) == before:
            await asyncio.sleep(0.01)
        return found

    async with asyncio.timeout(10):
        entries = await recorded()
    assert len(entries) - before == 1
    assert list(gateway.context.spool.iterdir()) == []


async def test_too_many_at_once(strict: World) -> None:
    """While all places are taken, the next body is put off, not refused."""
    places = BODIES
    api = strict.api
    held = [await api[places].acquire() for _ in range(AT_ONCE)]
    try:
        answer = await strict.send(a_document())
    finally:
        for _ in held:
            api[places].release()

    assert (answer.status, answer.json["code"]) == (503, "service.overloaded")
    assert answer.json["outcome"] == "undecided"
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"label": 1, "roles": []}',
        b'{"label": "x", "roles": ["king"]}',
        b"\xff",
        b'{"lable": "x"}',
    ],
)
async def test_bad_json(gateway: World, body: bytes) -> None:
    """JSON that does not fit is refused with the reason."""
    answer = await gateway.post("/v1/tokens", body, "application/json")

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_json_over_its_limit(gateway: World) -> None:
    """JSON bodies are small."""
    answer = await gateway.post("/v1/tokens", b" " * 70_000, "application/json")

    assert answer.status == 413


async def test_every_reader_of_bodies_is_the_same() -> None:
    """There is one way to receive a body; aiohttp's own, which reads without pace, is not used."""
    folder = Path(bodies.__file__).parent
    readers = [
        path.name
        for path in sorted(folder.glob("*.py"))
        if any(
            call in path.read_text() for call in (".read()", ".json()", ".post()", ".multipart()", ".text()")
        )
    ]

    assert readers == []
