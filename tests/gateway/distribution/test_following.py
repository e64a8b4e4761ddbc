"""What a follower does with an upstream that lies, stands still, or answers out of turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from gateway.distribution.following import ALLOWANCE, Follower
from gateway.distribution.upstream import Upstream
from gateway.store import SqlStore
from routing.agencies import Agency
from routing.note import Verifier
from routing.registry_hash import agency_line
from routing.snapshot import LIFE, Known, body_of, delta_body, sign_header
from routing.snapshot_lines import content_sha256
from tests.support.registry import an_agency
from tests.support.store_samples import NOON, Clock
from tests.support.stores import Stores

KEY = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
NAME = "up/registry"
FIRST = (an_agency("H26"), an_agency("H53", "Tây Ninh"))
SECOND = (an_agency("H26"), an_agency("H27", "Hà Tĩnh"))


def lines(agencies: tuple[Agency, ...]) -> list[bytes]:
    """Return the lines of a content."""
    return sorted(map(agency_line, agencies))


def whole(agencies: tuple[Agency, ...], version: int, *, shift: timedelta = timedelta()) -> bytes:
    """Return a snapshot that was signed at noon, or some time from it."""
    body = body_of(lines(agencies))
    sha256 = content_sha256(lines(agencies))
    header = sign_header(
        body, version=version, sha256_of_content=sha256, at=NOON + shift, key=KEY, key_name=NAME
    )
    return header + body


def delta(before: tuple[Agency, ...], after: tuple[Agency, ...], first: int, second: int) -> bytes:
    """Return a delta that was signed at noon."""
    body = delta_body(lines(before), lines(after))
    since = Known(version=first, sha256=content_sha256(lines(before)))
    sha256 = content_sha256(lines(after))
    header = sign_header(
        body, version=second, sha256_of_content=sha256, since=since, at=NOON, key=KEY, key_name=NAME
    )
    return header + body


@dataclass(slots=True)
class Liar:
    """An upstream that answers what it is told to: to the first question the whole, to others the delta; None is 410."""

    url: str = ""
    whole: bytes = b""
    delta: bytes | None = None
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one question."""
        self.asked.append(request.rel_url.query_string)
        body = self.delta if "since" in request.rel_url.query else self.whole
        return web.Response(status=410) if body is None else web.Response(body=body)


@asynccontextmanager
async def lying() -> AsyncIterator[Liar]:
    """Run one."""
    liar = Liar()
    application = web.Application()
    application.router.add_get("/{path:.*}", liar.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        liar.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/registry/snapshot"
        yield liar
    finally:
        await runner.cleanup()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Open a store of its own; its log must pass an audit at the end."""
    stores = Stores(f"sqlite:///{tmp_path / 'vanthu.db'}", Clock())
    try:
        yield await stores.open()
    finally:
        await stores.close()


def follower_of(liar: Liar, store: SqlStore, folder: Path, *, clock: Clock | None = None) -> Follower:
    """Return what follows it."""
    upstream = Upstream(url=URL(liar.url), verifier=Verifier.of(NAME, KEY.public_key()), token_file=None)
    return Follower(upstream, store=store, clock=clock or Clock(), folder=folder)


async def codes(store: SqlStore) -> list[str]:
    """Return the codes that are known here."""
    return sorted(each.code for each in (await store.registry.directory()).agencies())


async def test_deltas_and_what_is_gone(store: SqlStore, tmp_path: Path) -> None:
    """A delta leads on; where none can be had the whole is fetched; the state is what was seen last."""
    async with lying() as liar:
        follower = follower_of(liar, store, tmp_path)
        assert follower.stale(NOON) is not None
        liar.whole = whole(FIRST, 7)
        await follower.look()
        assert (await codes(store), follower.error) == (["H26", "H53"], "")
        liar.delta = delta(FIRST, SECOND, 7, 9)
        await follower.look()
        assert await codes(store) == ["H26", "H27"]
        liar.delta, liar.whole = None, whole(FIRST, 10)
        await follower.look()
        assert await codes(store) == ["H26", "H53"]
        assert liar.asked == ["", "since=7", "since=9", ""]
        state = follower.state
        assert state is not None
        assert (state.version, state.expires) == (10, NOON + LIFE)
        assert follower.stale(NOON + LIFE + ALLOWANCE - timedelta(seconds=1)) is None
        assert follower.stale(NOON + LIFE + ALLOWANCE) is not None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (whole(SECOND, 6), "registry.snapshot_older"),
        (whole(SECOND, 7), "registry.snapshot_differs"),
        (whole(SECOND, 8, shift=-LIFE), "registry.snapshot_expired"),
        (whole(SECOND, 8, shift=timedelta(hours=1)), "registry.snapshot_early"),
        (whole(SECOND, 8).replace(b"H27", b"H28"), "registry.snapshot_altered"),
        (b"<html>", "registry.snapshot_malformed"),
        (b"", "registry.snapshot_malformed"),
    ],
    ids=["rollback", "fork", "freeze", "future", "altered", "other", "nothing"],
)
async def test_what_is_not_believed(store: SqlStore, tmp_path: Path, answer: bytes, code: str) -> None:
    """Nothing of it is taken over, and why is told; what was taken over before stays."""
    async with lying() as liar:
        follower = follower_of(liar, store, tmp_path)
        liar.whole = whole(FIRST, 7)
        await follower.look()
        liar.whole = answer
        again = follower_of(liar, store, tmp_path)
        await again.look()

        assert again.error.startswith(code)
        assert await codes(store) == ["H26", "H53"]
        assert again.state == follower.state


async def test_a_delta_that_leads_nowhere(store: SqlStore, tmp_path: Path) -> None:
    """If the way is wrong, or what was kept on disk is gone, the whole is fetched."""
    async with lying() as liar:
        follower = follower_of(liar, store, tmp_path)
        liar.whole = whole(FIRST, 7)
        await follower.look()
        (tmp_path / "upstream.lines.gz").write_bytes(b"nothing")
        liar.delta, liar.whole = delta(FIRST, SECOND, 7, 8), whole(SECOND, 8)
        await follower.look()
        assert (await codes(store), follower.error) == (["H26", "H27"], "")
        liar.delta, liar.whole = delta(FIRST, SECOND, 7, 9), whole(FIRST, 9)
        await follower.look()
        assert await codes(store) == ["H26", "H53"]


async def test_content_that_contradicts_itself(store: SqlStore, tmp_path: Path) -> None:
    """A content that cannot be a registry is refused as a whole, and nothing is noted."""
    async with lying() as liar:
        liar.whole = whole((an_agency("H26"), an_agency("H26", "Khác")), 7)
        follower = follower_of(liar, store, tmp_path)
        await follower.look()

        assert follower.error.startswith("registry.inconsistent")
        assert follower.state is None
        assert await codes(store) == []


async def test_nobody_answers(store: SqlStore, tmp_path: Path) -> None:
    """Silence changes nothing but what is told."""
    async with lying() as liar:
        follower = follower_of(liar, store, tmp_path)
    await follower.look()

    assert follower.error
    assert follower.state is None
