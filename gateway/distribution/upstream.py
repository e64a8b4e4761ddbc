"""Where an upstream registry is, and fetching its snapshot: https or this host only, with limits on size and time.

Invariants: no redirect is followed, so that a token goes to the configured address and nowhere else; what is inflated is
bounded as well as what comes.
"""

from __future__ import annotations

import asyncio
import ipaddress
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import aiohttp
from yarl import URL

from gateway.keys.files import read_secret
from gateway.settings import Settings, SettingsError
from routing.errors_log import VerifierKeyMalformed
from routing.note import Verifier, parse_verifier_key
from routing.snapshot import MAX_SIZE

PATH: Final = "/v1/registry/snapshot"

_CHUNK: Final = 256 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=300, sock_connect=10, sock_read=60)
_OK: Final = 200
_GONE: Final = 410


class UpstreamError(Exception):
    """Nothing came that could be used; the text says why."""


class UpstreamGoneError(UpstreamError):
    """The upstream knows nothing of the version from which a delta was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The gateway whose registry is followed, and the key that signs it."""

    url: URL
    verifier: Verifier
    token_file: Path | None

    @classmethod
    def configured(cls, settings: Settings) -> Self | None:
        """Return the upstream that the settings name, or None.

        Raises:
            SettingsError: the address is neither https nor of this host, or the key is none.

        """
        if not settings.registry_upstream:
            if settings.registry_upstream_key:
                raise SettingsError("VANTHU_REGISTRY_UPSTREAM_KEY is set without VANTHU_REGISTRY_UPSTREAM")
            return None
        return cls(
            url=_address(settings.registry_upstream),
            verifier=_verifier(settings.registry_upstream_key),
            token_file=settings.registry_upstream_token,
        )

    async def fetch(self, *, since: int | None) -> bytes:
        """Fetch the whole snapshot, or what changed since a version.

        Raises:
            UpstreamGoneError: of that version nothing is known.
            UpstreamError: nothing usable came.
            GatewayError: the file of the token cannot be used.

        """
        headers = {"User-Agent": "vanthu", "Accept-Encoding": "gzip"}
        if self.token_file is not None:
            token = (await asyncio.to_thread(read_secret, self.token_file)).decode("ascii", "replace").strip()
            headers["Authorization"] = f"Bearer {token}"
        url = self.url if since is None else self.url.with_query(since=str(since))
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=_TIMEOUT, headers=headers, auto_decompress=False, trust_env=False
                ) as session,
                session.get(url, allow_redirects=False) as response,
            ):
                if response.status == _GONE:
                    raise UpstreamGoneError(f"HTTP {_GONE}")
                if response.status != _OK:
                    raise UpstreamError(f"HTTP {response.status}")
                return await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, zlib.error) as error:
            raise UpstreamError(str(error) or type(error).__name__) from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, inflated if need be."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    inflate = zlib.decompressobj(31) if encoding == "gzip" else None
    if inflate is None and encoding != "identity":
        raise UpstreamError(f"content encoding {encoding}")
    pieces = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        room = MAX_SIZE + 1 - len(pieces)
        pieces += chunk if inflate is None else await asyncio.to_thread(inflate.decompress, chunk, room)
        if len(pieces) > MAX_SIZE:
            raise UpstreamError(f"it is larger than {MAX_SIZE} octets")
    if inflate is not None and not inflate.eof:
        raise UpstreamError("it was cut short")
    return bytes(pieces)


def _address(text: str) -> URL:
    try:
        url = URL(text)
        host = url.raw_host or ""
    except ValueError as error:
        raise SettingsError(f"VANTHU_REGISTRY_UPSTREAM: {error}") from error
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(host)):
        raise SettingsError("VANTHU_REGISTRY_UPSTREAM must be https://… (http:// only for this host)")
    if not host or url.user is not None or url.query_string or url.fragment:
        raise SettingsError("VANTHU_REGISTRY_UPSTREAM must be a plain address such as https://vanthu.example")
    return url.with_path(url.path.rstrip("/") + PATH)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _verifier(text: str) -> Verifier:
    try:
        return parse_verifier_key(text.strip())
    except VerifierKeyMalformed as error:
        raise SettingsError(f"VANTHU_REGISTRY_UPSTREAM_KEY: {error}") from error
