"""Connected systems and the tokens that speak for them.

A system serves its prefixes for the bodies that bear them (`routing.serving`): when a code passes to another body, the old body's
system keeps its token but not the code, unless it is connected for the new body, too (`since`).

A token is shown once, in the answer that made it. Tokens of members send and receive; tokens with roles administer or audit; none
does both, so that whoever looks after the registry cannot speak for an agency.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Final

import msgspec
import structlog
from aiohttp import web

from gateway.api import wire, wire_agencies
from gateway.api.bodies import received_json
from gateway.api.context import Context
from gateway.api.parameters import Parameters, instant, path_identifier
from gateway.api.peers import require_known
from gateway.dead_letters import QUEUE_SUFFIX
from gateway.errors import BadParameterError, NotFoundError
from gateway.errors_members import QueueReservedError
from gateway.flow.access import Caller, Role, new_token
from gateway.flow.notifying import LOG, MEMBERS
from routing.agencies import Member
from routing.errors import printable
from routing.serving import services_for

DECLARE_SECONDS: Final = 5.0

_log = structlog.get_logger()
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_QUEUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_GATEWAY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class NewMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/members."""

    id: _Text
    name: _Text
    prefixes: Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1, max_length=1000)]
    queue: _Text | None = None
    gateway: _Text | None = None
    since: str | None = None


class NewMemberToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/members/{id}/tokens."""

    label: _Text | None = None
    expires_at: str | None = None


class NewRoleToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/tokens."""

    label: _Text
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]
    expires_at: str | None = None


async def put_member(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Connect a system, or change its name, prefixes or queue."""
    stated = await received_json(request, context, NewMember)
    since = None if stated.since is None else instant(stated.since, name="since")
    directory = await context.store.registry.directory()
    prefixes, entities = services_for(
        stated.prefixes,
        known=next((each for each in directory.members if each.id == stated.id), None),
        directory=directory,
        at=await context.store.documents.now(),
        since=since,
    )
    gateway = _fitting("gateway", stated.gateway or context.settings.name, _GATEWAY)
    await require_known(gateway, context)
    member = Member(
        id=_unreserved(_fitting("id", stated.id, _ID)),
        name=_printed("name", stated.name),
        prefixes=prefixes,
        entities=entities,
        queue=_unreserved(_fitting("queue", stated.queue or f"member.{stated.id}", _QUEUE)),
        gateway=gateway,
    )
    await _declare(context, member.queue)
    directory = await context.store.registry.put_member(member, actor=caller.credential_id)
    context.bell.ring(MEMBERS)
    context.bell.ring(LOG)
    return wire.answer(wire.member(member, version=directory.version), status=201)


async def list_members(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List the connected systems."""
    Parameters(request)
    return wire.answer(wire_agencies.members(await context.store.registry.directory()))


async def issue_member_token(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Make a token that sends and receives for a member."""
    member_id = request.match_info["id"]
    directory = await context.store.registry.directory()
    if all(member.id != member_id for member in directory.members):
        raise NotFoundError(what=f"“{printable(member_id)}”")
    stated = await received_json(request, context, NewMemberToken)
    return await _issue(
        context,
        caller,
        label=stated.label or member_id,
        member_id=member_id,
        roles=frozenset(),
        expires_at=stated.expires_at,
    )


async def issue_role_token(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Make a token for an administrator, a registrar or an auditor."""
    stated = await received_json(request, context, NewRoleToken)
    return await _issue(
        context,
        caller,
        label=stated.label,
        member_id=None,
        roles=frozenset(role.value for role in stated.roles),
        expires_at=stated.expires_at,
    )


async def revoke_token(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Revoke a token at once."""
    credential_id = path_identifier(request, "credential_id")
    if not await context.store.accounts.revoke(credential_id, actor=caller.credential_id):
        raise NotFoundError(what=f"“{credential_id}”")
    context.bell.ring(LOG)
    return web.Response(status=204)


async def _declare(context: Context, queue: str) -> None:
    """Make the queue before anything can be routed to it; without a broker the receiving loop makes it later."""
    try:
        async with asyncio.timeout(DECLARE_SECONDS):
            await context.link.declare(frozenset({queue}))
    except Exception as error:  # noqa: BLE001 - whatever a link raises, a member can be connected while the axis is down
        _log.warning("queue_not_declared", queue=queue, error=repr(error)[:500])


async def _issue(
    context: Context,
    caller: Caller,
    *,
    label: str,
    member_id: str | None,
    roles: frozenset[str],
    expires_at: str | None,
) -> web.StreamResponse:
    until = None if expires_at is None else instant(expires_at, name="expires_at")
    token, credential = new_token(
        label=_printed("label", label), member_id=member_id, roles=roles, at=context.clock(), expires_at=until
    )
    await context.store.accounts.issue(credential, actor=caller.credential_id)
    context.bell.ring(LOG)
    return wire.answer(
        {
            "token": token,
            "credential_id": credential.id,
            "label": credential.label,
            "member": member_id,
            "roles": sorted(roles),
            "expires_at": wire.moment(until),
        },
        status=201,
    )


def _fitting(name: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(value):
        raise BadParameterError(name=name, found=printable(value), expected=pattern.pattern)
    return value


def _unreserved(name: str) -> str:
    if name.endswith(QUEUE_SUFFIX):
        raise QueueReservedError(found=name, suffix=QUEUE_SUFFIX)
    return name


def _printed(name: str, value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise BadParameterError(name=name, found=printable(value), expected="1–200")
    return value
