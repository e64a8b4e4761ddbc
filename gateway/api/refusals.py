"""Requests that are refused before anything could be examined are entries of the routing log, like every other decision.

Whoever has a good token is recorded without limit: they can be asked. Anyone else could fill the log by knocking, so their
refusals are recorded at a bounded rate; those over it are counted, and the next entry carries the count.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from aiohttp import web

from gateway.api.context import CALLER, CONTEXT
from gateway.errors import (
    GatewayError,
    RoleMissingError,
    TokenExpiredError,
    TokenInvalidError,
    TokenMissingError,
)
from gateway.flow.entries import request_refused
from gateway.flow.findings import Fault
from gateway.flow.notifying import LOG

RATE: Final = 20.0
BURST: Final = 100.0
UNMATCHED: Final = "unmatched"

_DENIALS: Final = (TokenMissingError, TokenInvalidError, TokenExpiredError, RoleMissingError)
_SAFE: Final = frozenset({"GET", "HEAD"})
_ASKS_ONLY: Final = frozenset({"/v1/documents:check", "/v1/documents:compose"})
"""Resources that take a body and keep nothing of it."""


class Allowance:
    """A token bucket for entries about unknown callers, and the number of those that found it empty."""

    def __init__(self, *, rate: float = RATE, burst: float = BURST) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = 0.0
        self._suppressed = 0

    def take(self, now: float) -> int | None:
        """Return how many were suppressed since the last one that passed; None if this one is suppressed too.

        `now` is in seconds of a clock that never goes back.
        """
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            self._suppressed += 1
            return None
        self._level -= 1
        suppressed, self._suppressed = self._suppressed, 0
        return suppressed


ALLOWANCE: Final = web.AppKey("allowance", Allowance)


async def record(request: web.Request, fault: Fault) -> None:
    """Write a refusal to the routing log: every denial of access, and whatever was refused of a request that brings something.

    What could not be decided (`retry`), and requests for what does not exist here at all, are no decisions.
    """
    if fault.retry or resource_of(request) == UNMATCHED:
        return
    brings_nothing = request.method in _SAFE or resource_of(request) in _ASKS_ONLY
    if brings_nothing and not isinstance(fault, _DENIALS):
        return
    context = request.app[CONTEXT]
    caller = request.get(CALLER)
    suppressed: int | None = 0
    if caller is None:
        suppressed = request.app[ALLOWANCE].take(asyncio.get_running_loop().time())
    if suppressed is None:
        context.metrics.unlogged_refusals.inc()
        return
    known = caller.credential_id if caller else fault.facts.get("credential_id")
    entry = request_refused(
        cast("GatewayError", fault),
        resource=resource_of(request),
        credential_id=str(known) if known else None,
        suppressed=suppressed,
    )
    await context.store.log.append([entry])
    context.bell.ring(LOG)


def resource_of(request: web.Request) -> str:
    """Name the resource by its route, so that telemetry has few names and the log no foreign text."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNMATCHED
