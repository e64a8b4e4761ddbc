"""Who may call what: every route states it, and nothing of a request is read before it is checked.

Invariant: a route without a stated access cannot be built, so nothing is open by oversight. Denials are the same for what does
not exist and for what belongs to somebody else (404), see the handlers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final, TypeAlias

from aiohttp import hdrs, web

from gateway.api.context import CALLER, CONTEXT, Context, note
from gateway.errors import TokenInvalidError
from gateway.flow.access import Caller, Role, authenticate
from routing.errors_snapshot import FollowsUpstreamError

OpenHandler: TypeAlias = Callable[[web.Request, Context], Awaitable[web.StreamResponse]]
CallerHandler: TypeAlias = Callable[[web.Request, Context, Caller], Awaitable[web.StreamResponse]]
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Access(Enum):
    """Who may call a route; `ANY` is anyone with a good token, and the handler shows only what is theirs."""

    ANY = "any"
    MEMBER = "member"
    ADMIN = Role.ADMIN
    REGISTRY = Role.REGISTRY
    AUDITOR = Role.AUDITOR
    OVERSIGHT = (Role.ADMIN, Role.AUDITOR)
    """Those who may change something, and those who look at what was done."""
    KEEPERS = (Role.ADMIN, Role.REGISTRY, Role.AUDITOR)
    """All who have a role."""


_SCHEME: Final = "bearer"


def open_to_all(handler: OpenHandler) -> Handler:
    """Make a route that needs no token."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request, request.app[CONTEXT])

    return handle


def only_for(access: Access, handler: CallerHandler) -> Handler:
    """Make a route that is called only with a good token that has this access.

    The route raises TokenMissingError, TokenInvalidError, TokenExpiredError or RoleMissingError for all others.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        caller = await authenticate(_token(request), store=context.store, at=context.clock())
        request[CALLER] = caller
        note(request, caller=caller.credential_id, member=caller.member.id if caller.member else None)
        if isinstance(access.value, Role):
            caller.require_role(access.value)
        elif isinstance(access.value, tuple):
            caller.require_role(*access.value)
        elif access is Access.MEMBER:
            caller.require_member()
        return await handler(request, context, caller)

    return handle


def kept_here(handler: CallerHandler) -> CallerHandler:
    """Make a handler that changes agencies or registrations refuse while the registry is an upstream's."""

    async def handle(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
        if context.follower is not None:
            raise FollowsUpstreamError(upstream=str(context.follower.upstream.url.origin()))
        return await handler(request, context, caller)

    return handle


def _token(request: web.Request) -> str | None:
    """Return the bearer token (RFC 6750 §2.1); None where there is none."""
    headers = request.headers.getall(hdrs.AUTHORIZATION, [])
    if len(headers) > 1:
        raise TokenInvalidError
    scheme, _, token = (headers[0] if headers else "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME else None
