"""The web server of a certification authority, in this process: the outside world, as tests want it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True, kw_only=True)
class Served:
    """What is at a path: octets with their ETag, a redirect, or another status."""

    body: bytes = b""
    status: int = 200
    location: str = ""
    etag: str = ""
    is_chunked: bool = False


@dataclass(slots=True, kw_only=True)
class AuthorityServer:
    """Serves what is put into `pages` and keeps what was asked for."""

    port: int
    pages: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        """Return the address of a path."""
        return f"http://{host}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append((request.method, request.path, await request.read()))
        page = self.pages.get(request.path, Served(status=404))
        if page.location:
            return web.Response(status=page.status, headers={"Location": page.location})
        if page.etag and request.headers.get("If-None-Match") == page.etag:
            return web.Response(status=304)
        headers = {"ETag": page.etag} if page.etag else {}
        response = web.Response(status=page.status, body=page.body, headers=headers)
        if page.is_chunked:
            response.enable_chunked_encoding()
        return response

    def count(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(asked == path for _, asked, _ in self.asked)


@asynccontextmanager
async def authority_server() -> AsyncIterator[AuthorityServer]:
    """Run a server on a free port."""
    server = AuthorityServer(port=0)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
