"""One HTTP call to a gateway: what is safe to repeat is repeated, and every failure becomes a `ClientError`.

Invariants: a call is repeated only where its caller says that a second arrival changes nothing; the pauses grow, are jittered and
respect Retry-After; a token goes to the gateway's own address only, because redirects are not followed.
"""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from gateway.client.errors import ClientError, ProblemError, UnexpectedAnswerError, UnreachableError

NOT_NOW = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""Longest silence of a gateway that does not wait on purpose."""


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
        body: bytes | None = None,
        repeatable: bool = False,
        silence: float = READ_SECONDS,
    ) -> Answer:
        """Call until an answer comes that settles it; `silence` is how long the gateway may say nothing, in seconds.

        Raises:
            ProblemError: the gateway refused, or still could not decide at the last try.
            UnreachableError: no answer came.
            UnexpectedAnswerError: the answer is not a gateway's.

        """
        tries = self._backoff.tries if repeatable else 1
        for failures in range(1, tries + 1):
            try:
                return await self._once(method, path, parameters or {}, headers or {}, body, silence)
            except ClientError as error:
                if failures == tries or not _may_pass(error):
                    raise
                asked = error.retry_after if isinstance(error, ProblemError) else None
                await asyncio.sleep(self._backoff.pause(failures, asked=asked))
        raise AssertionError("a call is tried at least once")

    async def _once(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
        silence: float,
    ) -> Answer:
        if self._session is None:
            raise AssertionError("a client is used inside `async with`")
        url = self.url + path
        try:
            async with self._session.request(
                method,
                url,
                params=parameters,
                headers=headers,
                # A stream, because aiohttp rightly warns of writing megabytes in one go.
                data=None if body is None else io.BytesIO(body),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence),
                allow_redirects=False,
            ) as response:
                answer = Answer(status=response.status, headers=response.headers, body=await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(url, str(error) or type(error).__name__) from error
        if response.ok and response.status < 300:  # noqa: PLR2004 - 2xx
            return answer
        raise _failure(url, answer, response.content_type)


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
