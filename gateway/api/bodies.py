"""Receiving a request's body: announced, limited, paced, hashed and spooled, and gone again at the end.

All checks that need no body come before the first byte is read; a client that asks first (`Expect: 100-continue`, RFC 9110
§10.1.1) is told to send only then. aiohttp itself waits for a body for ever, so `Pace` sets the least speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import msgspec
from aiohttp import ClientError, HttpVersion11, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.api.context import Context, Pace
from gateway.errors import (
    BadParameterError,
    BodyIncompleteError,
    BodyTooLargeError,
    LengthMissingError,
    OverloadedError,
    UnsupportedMediaTypeError,
)
from gateway.flow.spool import Spooled, spool
from routing.errors import printable

JSON: Final = ("application/json",)
JSON_LIMIT: Final = 64 * 1024
AT_ONCE: Final = 200
"""Bodies received at the same time; each may hold 256 KiB of memory."""

BODIES: Final = web.AppKey("bodies", asyncio.Semaphore)
"""Counts the bodies on their way in."""

T = TypeVar("T")


async def defer_continue(request: web.Request) -> None:
    """Leave the answer to `Expect: 100-continue` to `received`, which gives it after its checks."""


@asynccontextmanager
async def received(
    request: web.Request, context: Context, *, media_types: tuple[str, ...], limit: int
) -> AsyncIterator[Spooled]:
    """Receive the body, and discard what is left of it at the end.

    Raises:
        GatewayError: as `arriving`.

    """
    async with arriving(request, context, media_types=media_types, limit=limit) as progress:
        body = await spool(progress.chunks(), folder=context.spool, limit=progress.length)
    try:
        yield body
    finally:
        await body.discard()


@asynccontextmanager
async def arriving(
    request: web.Request, context: Context, *, media_types: tuple[str, ...], limit: int
) -> AsyncIterator[Progress]:
    """Let the body of a request come in while the block runs, after all checks that need none of it.

    Raises:
        UnsupportedMediaTypeError: the content type is none of `media_types`.
        BadParameterError: the content is encoded, or something else than 100-continue is expected.
        LengthMissingError: no length is announced.
        BodyTooLargeError: it is over `limit` bytes.
        BodyIncompleteError: it ended early or came too slowly.
        OverloadedError: too many bodies are on their way in.

    """
    length = _announced(request, media_types=media_types, limit=limit)
    places = request.app[BODIES]
    if places.locked():
        raise OverloadedError(reason=f"≥ {AT_ONCE}")
    async with places:
        await _tell_to_send(request)
        progress = Progress(request, context.pace, length)
        async with _in_time(request, progress, context.pace):
            yield progress


async def received_json(request: web.Request, context: Context, kind: type[T]) -> T:
    """Receive a small JSON body as a value of `kind`.

    Raises:
        BadParameterError: it is no JSON, or not of this kind.

    """
    async with received(request, context, media_types=JSON, limit=JSON_LIMIT) as body:
        try:
            return msgspec.json.decode(body.memory or b"", type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            expected = ", ".join(kind.__annotations__)
            found = printable(str(error))
            raise BadParameterError(name="body", found=found, expected=f"JSON: {expected}") from None


def _announced(request: web.Request, *, media_types: tuple[str, ...], limit: int) -> int:
    found = request.headers.get(hdrs.CONTENT_TYPE, "")
    if found.partition(";")[0].strip().lower() not in media_types:
        raise UnsupportedMediaTypeError(found=printable(found), expected=" / ".join(media_types))
    coding = request.headers.get(hdrs.CONTENT_ENCODING, "identity")
    if coding.lower() != "identity":
        raise BadParameterError(name=hdrs.CONTENT_ENCODING, found=printable(coding), expected="identity")
    expectation = request.headers.get(hdrs.EXPECT, "100-continue")
    if expectation.lower() != "100-continue":
        raise BadParameterError(name=hdrs.EXPECT, found=printable(expectation), expected="100-continue")
    length = request.content_length
    if length is None:
        raise LengthMissingError
    if length > limit:
        raise BodyTooLargeError(limit=limit)
    return length


async def _tell_to_send(request: web.Request) -> None:
    if hdrs.EXPECT in request.headers and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # What was written so far is not yet part of the answer.
        request.writer.output_size = 0


@asynccontextmanager
async def _in_time(request: web.Request, progress: Progress, pace: Pace) -> AsyncIterator[None]:
    """Say of whatever ends a body early that it is incomplete."""
    try:
        async with asyncio.timeout(pace.grace) as progress.deadline:
            yield
    except asyncio.CancelledError:
        if request.transport is not None:
            raise
        # The client went away, and the server cancels what worked for it. That is a refusal like any other and is recorded.
        if (task := asyncio.current_task()) is not None:
            task.uncancel()
        raise BodyIncompleteError(received=progress.size) from None
    except (TimeoutError, ClientError, HttpProcessingError, ConnectionError):
        raise BodyIncompleteError(received=progress.size) from None


class Progress:
    """A body of `length` bytes on its way in, of which `size` were received; every byte that came moves the deadline on."""

    def __init__(self, request: web.Request, pace: Pace, length: int) -> None:
        self._content = request.content
        self._pace = pace
        self._begun = asyncio.get_running_loop().time() + pace.grace
        self.deadline: asyncio.Timeout
        self.length = length
        self.size = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        async for chunk in self._content.iter_any():
            self.came(len(chunk))
            yield chunk

    def came(self, size: int) -> None:
        """Move the deadline on."""
        self.size += size
        self.deadline.reschedule(self._begun + self.size / self._pace.bytes_per_second)
