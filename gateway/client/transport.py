"""One HTTP call to a gateway: what is safe to repeat is repeated, and every failure becomes a `ClientError`.

Invariants: a call is repeated only where its caller says that a second arrival changes nothing; the pauses grow, are jittered and
respect Retry-After; a token goes to the gateway's own address only, because redirects are not followed.
"""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import aiohttp
import msgspec

from gateway.client.errors import ClientError, ProblemError, UnexpectedAnswerError, UnreachableError

NOT_NOW = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""Longest silence of a gateway that does not wait on purpose."""

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How often a safe call is tried and how long the pauses are, in seconds."""

    tries: int = 5
    first: float = 0.25
    longest: float = 10.0

    def pause(self, failures: int, *, asked: float | None) -> float:
        """Return the pause after this many failures: doubling, jittered, at least what the gateway asked for within reason."""
        drawn = random.uniform(0.5, 1.0) * self.first * 2.0 ** (failures - 1)  # noqa: S311 - no secret depends on it
        return min(self.longest, max(drawn, asked or 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A successful answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Request:
    """One try of a call."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    data: BinaryIO | None
    silence: float


class Transport:
    """A connection pool to one gateway, used as an async context manager."""

    def __init__(self, url: str, *, token: str | None, language: str, backoff: Backoff) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Accept-Language": language, "User-Agent": "vanthu"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._backoff = backoff
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the pool."""
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Path | None = None,
        out: BinaryIO | None = None,
        repeatable: bool = False,
        silence: float = READ_SECONDS,
    ) -> Answer:
        """Call until an answer comes that settles it; `silence` is how long the gateway may say nothing, in seconds.

        A file given as `body` is opened again for each try and read while it is sent. With `out`, a file that can seek, the body
        of a good answer is written there from where it stands, and the answer has none.

        Raises:
            OSError: the file to be sent cannot be opened.
            ProblemError: the gateway refused, or still could not decide at the last try.
            UnreachableError: no answer came.
            UnexpectedAnswerError: the answer is not a gateway's.

        """
        tries = self._backoff.tries if repeatable else 1
        for failures in range(1, tries + 1):
            try:
                async with _readable(body) as data:
                    request = _Request(method, path, parameters or {}, headers or {}, data, silence)
                    return await self._once(request, out)
            except ClientError as error:
                if failures == tries or not _may_pass(error):
                    raise
                asked = error.retry_after if isinstance(error, ProblemError) else None
                await asyncio.sleep(self._backoff.pause(failures, asked=asked))
        raise AssertionError("a call is tried at least once")

    async def _once(self, request: _Request, out: BinaryIO | None) -> Answer:
        if self._session is None:
            raise AssertionError("a client is used inside `async with`")
        url = self.url + request.path
        start = 0 if out is None else out.tell()
        try:
            async with self._session.request(
                request.method,
                url,
                params=request.parameters,
                headers=request.headers,
                data=request.data,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=request.silence
                ),
                allow_redirects=False,
            ) as response:
                is_good = response.ok and response.status < 300  # noqa: PLR2004 - 2xx
                if is_good and out is not None:
                    await _write(response, out)
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            if out is not None:
                # The next try begins anew.
                out.seek(start)
                out.truncate()
            raise UnreachableError(url, str(error) or type(error).__name__) from error
        answer = Answer(status=response.status, headers=response.headers, body=body)
        if is_good:
            return answer
        raise _failure(url, answer, response.content_type)


@asynccontextmanager
async def _readable(body: bytes | Path | None) -> AsyncIterator[BinaryIO | None]:
    """Give a body as a stream, because aiohttp rightly warns of writing megabytes in one go."""
    if body is None:
        yield None
        return
    stream: BinaryIO = (
        io.BytesIO(body) if isinstance(body, bytes) else await asyncio.to_thread(body.open, "rb")
    )
    try:
        yield stream
    finally:
        await asyncio.to_thread(stream.close)


async def _write(response: aiohttp.ClientResponse, out: BinaryIO) -> None:
    async for chunk in response.content.iter_chunked(CHUNK):
        await asyncio.to_thread(out.write, chunk)


def decode(url: str, answer: Answer, kind: Any) -> Any:  # noqa: ANN401 - msgspec's own signature; callers name the type twice
    """Read a JSON answer as `kind`; members that it does not know are passed over, so that a gateway may add some.

    Raises:
        UnexpectedAnswerError: the answer is not of that kind.

    """
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.MsgspecError as error:
        raise UnexpectedAnswerError(url, answer.status, str(error)) from error


def _may_pass(error: ClientError) -> bool:
    """Whether the same call may succeed a little later."""
    if isinstance(error, ProblemError | UnexpectedAnswerError):
        return error.status in NOT_NOW
    return True


def _failure(url: str, answer: Answer, content_type: str) -> ClientError:
    if content_type == "application/problem+json":
        try:
            document = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            return UnexpectedAnswerError(url, answer.status, str(error))
        return ProblemError(answer.status, document, retry_after=_seconds(answer.headers.get("Retry-After")))
    return UnexpectedAnswerError(url, answer.status, f"content type {content_type}")


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None
