"""HTTP by hand, for what no well-behaved client sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An open connection to a gateway."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        """Send bytes now."""
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read a status line and headers."""
        async with asyncio.timeout(SECONDS):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), headers

    async def problem(self) -> tuple[int, str]:
        """Read an answer that is a problem document; return status and code."""
        status, headers = await self.head()
        async with asyncio.timeout(SECONDS):
            body = await self.reader.readexactly(int(headers["content-length"]))
        return status, msgspec.json.decode(body)["code"]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Open a connection."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Connection(reader=reader, writer=writer)
    finally:
        writer.close()


def request(
    path: str,
    *,
    token: str,
    length: int | None,
    extra: str = "",
    method: str = "POST",
    media_type: str = "application/xml",
) -> bytes:
    """Write the head of a request to send a document."""
    announced = "" if length is None else f"Content-Length: {length}\r\n"
    return (
        f"{method} {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {media_type}\r\n{announced}{extra}\r\n"
    ).encode()
