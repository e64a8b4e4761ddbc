"""Handing out a document: the exact bytes that were sent (design promise 1), from the database row or streamed from the file.

The answer is marked as an attachment without any rights, because what is inside was written by others.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import pybase64
from aiohttp import hdrs, web

from gateway.api.context import Context, note
from gateway.errors import PayloadMissingError
from gateway.records import Message

MEDIA_TYPE: Final = "application/edxml+xml"
CHUNK: Final = 256 * 1024


def is_known(request: web.Request, message: Message) -> bool:
    """Say whether the caller has these bytes already (If-None-Match, RFC 9110 §13.1.2)."""
    tags = request.if_none_match or ()
    return any(tag.value in {message.sha256, "*"} for tag in tags)


async def send(request: web.Request, context: Context, message: Message) -> web.StreamResponse:
    """Send the bytes of a message, or only their headers where that is what was asked for.

    Raises:
        PayloadMissingError: the payload store does not hold them.

    """
    note(request, id=message.id, size=message.size)
    headers = _headers(message)
    if is_known(request, message):
        return web.Response(status=304, headers=headers)
    bodies = await context.store.documents.bodies([message.sha256])
    body = bodies.get(message.sha256)
    path = await asyncio.to_thread(_path, context, message) if body is None else None
    if request.method == hdrs.METH_HEAD:
        return web.Response(headers={**headers, hdrs.CONTENT_LENGTH: str(message.size)})
    if path is None:
        return web.Response(body=body, headers=headers)
    return await stream(request, await opened(path), size=message.size, headers=headers)


def _path(context: Context, message: Message) -> Path:
    try:
        return context.payloads.path(message.sha256)
    except FileNotFoundError:
        raise PayloadMissingError(sha256=message.sha256) from None


async def opened(path: Path) -> BinaryIO:
    """Open a file for reading in a thread; if the caller goes away meanwhile, it is closed again."""
    opening = asyncio.get_running_loop().run_in_executor(None, path.open, "rb")
    try:
        return cast("BinaryIO", await asyncio.shield(opening))
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[Any]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def stream(
    request: web.Request, file: BinaryIO, *, size: int, headers: dict[str, str]
) -> web.StreamResponse:
    """Send an open file piece by piece, and close it."""
    response = web.StreamResponse(headers=headers)
    response.content_length = size
    try:
        await response.prepare(request)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            await response.write(chunk)
        await response.write_eof()
    finally:
        # Not in a thread: whoever is cancelled once may be cancelled again, and then the file would stay open.
        file.close()
    return response


def _headers(message: Message) -> dict[str, str]:
    return {
        hdrs.CONTENT_TYPE: MEDIA_TYPE,
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{message.id}.edxml"',
        hdrs.ETAG: f'"{message.sha256}"',
        hdrs.CACHE_CONTROL: "private, no-cache",
        **digest_headers(message.sha256),
    }


def digest_headers(sha256: str) -> dict[str, str]:
    """Name the hash of what is sent: RFC 3230 calls it Digest, RFC 9530 replaced that by Repr-Digest."""
    encoded = pybase64.b64encode(bytes.fromhex(sha256)).decode("ascii")
    return {"Digest": f"sha-256={encoded}", "Repr-Digest": f"sha-256=:{encoded}:"}
