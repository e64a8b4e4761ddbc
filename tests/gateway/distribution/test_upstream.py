"""Where an upstream may be, and what is taken from it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.distribution import upstream as module
from gateway.distribution.upstream import Upstream, UpstreamError, UpstreamGoneError
from gateway.keys.errors import KeyFileExposedError
from gateway.settings import Settings, SettingsError
from routing.note import verifier_key

KEY = verifier_key("up/registry", Ed25519PrivateKey.from_private_bytes(b"u" * 32).public_key())


def configured(url: str, key: str = KEY, token: Path | None = None) -> Upstream | None:
    """Return the upstream of these settings."""
    return Upstream.configured(
        Settings(registry_upstream=url, registry_upstream_key=key, registry_upstream_token=token)
    )


@asynccontextmanager
async def answering(response: web.Response) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Run a server that gives one answer, and keep what it was asked."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return response

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def fetch(url: str, token: Path | None = None, since: int | None = None) -> bytes:
    """Fetch from there."""
    found = configured(url, token=token)
    assert found is not None
    return await found.fetch(since=since)


@pytest.mark.parametrize(
    "url",
    [
        "http://vanthu.example",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "https://",
        "https://user@vanthu.example",
        "https://vanthu.example?x=1",
        "vanthu.example",
        "https://[::1",
    ],
)
def test_where_it_may_not_be(url: str) -> None:
    """Only https, or this host; and a plain address."""
    with pytest.raises(SettingsError, match="VANTHU_REGISTRY_UPSTREAM"):
        configured(url)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://vanthu.example", "https://vanthu.example/v1/registry/snapshot"),
        ("https://vanthu.example:8443/cong/", "https://vanthu.example:8443/cong/v1/registry/snapshot"),
        ("http://localhost:8025", "http://localhost:8025/v1/registry/snapshot"),
        ("http://[::1]:8025", "http://[::1]:8025/v1/registry/snapshot"),
    ],
)
def test_where_it_may_be(url: str, whole: str) -> None:
    """The resource is found under the address."""
    found = configured(url)

    assert found is not None
    assert str(found.url) == whole


def test_without_an_upstream() -> None:
    """Nothing is followed unless an address is set; a key alone is a mistake, and so is an address without one."""
    assert configured("", key="") is None
    with pytest.raises(SettingsError, match="without"):
        configured("")
    with pytest.raises(SettingsError, match="KEY"):
        configured("https://vanthu.example", key="")


async def test_what_comes(tmp_path: Path) -> None:
    """Plain or compressed, with the token, and with the version from which a delta is wanted."""
    token = tmp_path / "token"
    token.write_text("vt_secret\n")
    token.chmod(0o600)
    zipped = web.Response(body=gzip.compress(b"content"), headers={"Content-Encoding": "gzip"})
    async with answering(zipped) as (url, asked):
        assert await fetch(url, token, 7) == b"content"
    assert asked[0].headers["Authorization"] == "Bearer vt_secret"
    assert asked[0].rel_url.query_string == "since=7"
    async with answering(web.Response(body=b"plain")) as (url, asked):
        assert await fetch(url) == b"plain"
    assert "Authorization" not in asked[0].headers


@pytest.mark.parametrize(
    "response",
    [
        {"status": 500},
        {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}},
        {"body": b"x", "headers": {"Content-Encoding": "br"}},
        {"body": b"no gzip", "headers": {"Content-Encoding": "gzip"}},
        {"body": gzip.compress(b"content")[:-9], "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=["error", "redirect", "encoding", "garbage", "cut"],
)
async def test_what_is_of_no_use(response: dict[str, object]) -> None:
    """Anything else is an error in words, and no redirect is followed."""
    async with answering(web.Response(**response)) as (url, asked):  # type: ignore[arg-type]
        with pytest.raises(UpstreamError):
            await fetch(url)
    assert len(asked) == 1


async def test_what_is_gone_and_who_is_not_there() -> None:
    """410 is told apart, because then the whole is fetched."""
    async with answering(web.Response(status=410)) as (url, _):
        with pytest.raises(UpstreamGoneError):
            await fetch(url, since=1)
    with pytest.raises(UpstreamError):
        await fetch("http://127.0.0.1:1")


async def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is not inflated further than the limit."""
    monkeypatch.setattr(module, "MAX_SIZE", 1000)
    bomb = web.Response(body=gzip.compress(bytes(10**6)), headers={"Content-Encoding": "gzip"})
    async with answering(bomb) as (url, _):
        with pytest.raises(UpstreamError, match="larger"):
            await fetch(url)


async def test_an_exposed_token(tmp_path: Path) -> None:
    """A token that others can read is not used."""
    token = tmp_path / "token"
    token.write_text("vt_secret")
    token.chmod(0o644)

    with pytest.raises(KeyFileExposedError):
        await fetch("http://127.0.0.1:1", token)
