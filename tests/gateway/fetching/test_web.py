"""Calling an authority's web server, with limits on everything."""

from __future__ import annotations

import gzip

import pytest

from gateway.fetching.hosts import Hosts
from gateway.fetching.web import MAX_REDIRECTS, DownloadError, Web
from tests.support.web import AuthorityServer, Served, authority_server


def _hosts(server: AuthorityServer) -> Hosts:
    return Hosts.parse(f"127.0.0.1:{server.port}")


async def test_what_is_there() -> None:
    """Octets come with what the server will know them by, and do not come again while they are the same."""
    async with authority_server() as server, Web(_hosts(server)) as web:
        server.pages["/a"] = Served(body=b"octets", etag='"1"')
        came = await web.get(server.url("/a"))
        assert came is not None
        assert (came.data, came.etag) == (b"octets", '"1"')
        assert await web.get(server.url("/a"), etag=came.etag) is None
        await web.post(server.url("/a"), b"question")
        assert server.asked[-1] == ("POST", "/a", b"question")


async def test_not_there() -> None:
    """Whatever else the server says, and a server that is not there, is an error that says why."""
    async with authority_server() as server:
        hosts = _hosts(server)
        async with Web(hosts) as web:
            with pytest.raises(DownloadError, match="HTTP 404"):
                await web.get(server.url("/missing"))
            server.pages["/busy"] = Served(status=503)
            with pytest.raises(DownloadError, match="HTTP 503"):
                await web.get(server.url("/busy"))
        address = server.url("/a")
    async with Web(hosts) as web:
        with pytest.raises(DownloadError):
            await web.get(address)


@pytest.mark.parametrize("where", ["http://evil.vn/a", "ftp://127.0.0.1/a", "//evil.vn/a"])
async def test_redirect_off_the_list(where: str) -> None:
    """A redirect leads nowhere but to listed hosts."""
    async with authority_server() as server, Web(_hosts(server)) as web:
        server.pages["/a"] = Served(status=302, location=where)
        with pytest.raises(DownloadError, match="not a host that may be called"):
            await web.get(server.url("/a"))


async def test_redirects() -> None:
    """A few redirects on listed hosts are followed, and a ring of them is left."""
    async with authority_server() as server, Web(_hosts(server)) as web:
        server.pages["/a"] = Served(status=301, location="/b")
        server.pages["/b"] = Served(body=b"octets")
        came = await web.get(server.url("/a"))
        assert came is not None
        assert came.data == b"octets"
        server.pages["/ring"] = Served(status=307, location="/ring")
        with pytest.raises(DownloadError, match="too many redirects"):
            await web.get(server.url("/ring"))
        assert server.count("/ring") == MAX_REDIRECTS + 1


async def test_name_that_leads_inside() -> None:
    """A name below a listed one that resolves to an address of one's own network is not called; one listed itself is."""
    async with authority_server() as server:
        server.pages["/a"] = Served(body=b"octets")
        async with Web(Hosts.parse(f"localhost:{server.port}")) as web:
            assert await web.get(server.url("/a", host="localhost")) is not None
        async with Web(Hosts.parse(f"*.localhost:{server.port}")) as web:
            with pytest.raises(DownloadError):
                await web.get(server.url("/a", host="x.localhost"))
        assert server.count("/a") == 1


async def test_size() -> None:
    """What is larger than the limit is left, announced or not; what is compressed is not unpacked."""
    async with authority_server() as server, Web(_hosts(server), most=1000) as web:
        for page in (Served(body=b"x" * 1001), Served(body=b"x" * 1001, is_chunked=True)):
            server.pages["/large"] = page
            with pytest.raises(DownloadError, match="larger than 1000"):
                await web.get(server.url("/large"))
        server.pages["/packed"] = Served(body=gzip.compress(b"x" * 100_000))
        came = await web.get(server.url("/packed"))
        assert came is not None
        assert len(came.data) < 1000
