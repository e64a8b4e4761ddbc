"""Calling the web server of an authority, with limits on everything (size, time, redirects, addresses).

Invariants: no host is called that is not listed, not by a redirect and not by what a name resolves to; no cookies, no proxies
from the environment, no more than `MAX_SIZE` octets in memory.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway.fetching.hosts import Hosts, is_public

MAX_SIZE: Final = 64 * 2**20
MAX_REDIRECTS: Final = 3
_CHUNK: Final = 64 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30)
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HEADERS: Final = {"User-Agent": "vanthu", "Accept-Encoding": "identity"}


class DownloadError(Exception):
    """Nothing came that could be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """What came, and by what the server will know it again."""

    data: bytes
    etag: str
    modified: str


class Web:
    """A pool of connections, used as an async context manager."""

    def __init__(self, hosts: Hosts, *, most: int = MAX_SIZE) -> None:
        self._hosts = hosts
        self._most = most
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_GuardedResolver(self._hosts), limit=4),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_TIMEOUT,
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    async def get(self, address: str, *, etag: str = "", modified: str = "") -> Downloaded | None:
        """Fetch what is at an address; None if it is still what `etag` and `modified` name.

        Raises:
            DownloadError: nothing usable came.

        """
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        return await self._follow("GET", address, {name: text for name, text in headers.items() if text})

    async def post(self, address: str, body: bytes) -> Downloaded | None:
        """Put a question to an OCSP responder (RFC 6960 appendix A).

        Raises:
            DownloadError: nothing usable came.

        """
        return await self._follow("POST", address, {"Content-Type": "application/ocsp-request"}, body)

    async def _follow(
        self, method: str, address: str, headers: dict[str, str], body: bytes | None = None
    ) -> Downloaded | None:
        try:
            url = URL(address)
            for _ in range(MAX_REDIRECTS + 1):
                if not self._hosts.allows(url):
                    raise DownloadError(f"{url.host} is not a host that may be called")
                answer = await self._call(method, url, headers, body)
                if not isinstance(answer, URL):
                    return answer
                url = answer
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise DownloadError(str(error) or type(error).__name__) from error
        raise DownloadError("too many redirects")

    async def _call(
        self, method: str, url: URL, headers: dict[str, str], body: bytes | None
    ) -> Downloaded | URL | None:
        """Make one call; an address means that it has to be made there."""
        if self._session is None:
            raise AssertionError("used inside `async with`")
        async with self._session.request(
            method, url, headers=headers, data=body, allow_redirects=False
        ) as response:
            if response.status in _REDIRECTS and "Location" in response.headers:
                return url.join(URL(response.headers["Location"]))
            if response.status == _NOT_MODIFIED:
                return None
            if response.status != _OK:
                raise DownloadError(f"HTTP {response.status}")
            return Downloaded(
                data=await self._read(response),
                etag=response.headers.get("ETag", ""),
                modified=response.headers.get("Last-Modified", ""),
            )

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        pieces = bytearray()
        too_large = DownloadError(f"it is larger than {self._most} octets")
        if (response.content_length or 0) > self._most:
            raise too_large
        async for chunk in response.content.iter_chunked(_CHUNK):
            pieces += chunk
            if len(pieces) > self._most:
                raise too_large
        return bytes(pieces)


class _GuardedResolver(AbstractResolver):
    """Leaves out addresses inside networks of one's own, but for hosts that are listed by name."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host that may be called."""
        found = await self._resolver.resolve(host, port, family)
        allowed = [each for each in found if self._hosts.lists(host) or is_public(each["host"])]
        if not allowed:
            raise OSError(f"{host} is inside a network of one's own")
        return allowed

    async def close(self) -> None:
        """Release the resolver."""
        await self._resolver.close()
