"""Changes of the registry: handing one in, looking at what it does, and the steps that officers take with it.

Every step is answered with the change set as it is then. What takes long (making the version) is answered with 202 and goes on by
itself; GET shows how far it is.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from aiohttp import web

from gateway.api import wire, wire_changes
from gateway.api.bodies import received_json
from gateway.api.change_files import answer_with, printed
from gateway.api.context import Context
from gateway.api.parameters import Parameters, instant, path_identifier
from gateway.change_sets import unpack
from gateway.errors import BadParameterError
from gateway.flow.access import Caller
from gateway.flow.change_impact import impact_of
from routing.change_state import ChangeState
from routing.errors import printable

_Words = Annotated[str, msgspec.Meta(max_length=500)]
_Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed statement, as in `routing.change_approval`."""

    registry_approval: dict[str, Any]
    key: str
    signature: str

    def as_statement(self) -> dict[str, object]:
        """Return it as `routing.statement` opens it."""
        return {"registry_approval": self.registry_approval, "key": self.key, "signature": self.signature}


class Emergency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST …/emergency."""

    statement: Signed
    reason: _Reason
    hours: float


class Withdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST …/withdraw."""

    reason: _Words = ""


class Rollback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST …/rollback."""

    at: str | None = None
    title: Annotated[str, msgspec.Meta(max_length=200)] = ""
    legal_basis: _Words = ""
    held: bool = False


async def list_changes(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List change sets, the newest first."""
    parameters = Parameters(request, "state", "before", "limit")
    state = parameters.text("state")
    limit = parameters.integer("limit", default=50, low=1, high=200)
    found = await context.store.changes.page(
        state=None if state is None else _state(state), before=parameters.identifier("before"), limit=limit
    )
    now = context.clock()
    items = [wire_changes.summary(each, at=now) for each in found]
    return wire.answer({"items": items, "next": found[-1].id if len(found) == limit else None})


async def show(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show a change set."""
    return answer_with(request, context, await context.registrar.existing(path_identifier(request, "id")))


async def show_lines(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Give the text whose SHA-256 officers sign."""
    change = await context.registrar.existing(path_identifier(request, "id"))
    packed = (await context.store.changes.content(change.id)).lines
    return web.Response(body=await asyncio.to_thread(unpack, packed), content_type="application/jsonl")


async def show_diff(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show a part of what it does, code by code."""
    parameters = Parameters(request, "after", "limit")
    after = parameters.integer("after", default=0, low=0, high=10**9)
    limit = parameters.integer("limit", default=100, low=1, high=1000)
    change = await context.registrar.existing(path_identifier(request, "id"))
    packed = (await context.store.changes.content(change.id)).diff
    items = await asyncio.to_thread(lambda: msgspec.json.decode(unpack(packed), type=list[Any]))
    following = after + limit if after + limit < len(items) else None
    return wire.answer(
        {
            "id": change.id,
            "base_version": change.base_version,
            "diff_sha256": change.diff_sha256,
            "counts": dict(change.counts),
            "total": len(items),
            "items": items[after : after + limit],
            "next": following,
        }
    )


async def show_impact(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show which documents, systems and certificates it touches."""
    change = await context.registrar.existing(path_identifier(request, "id"))
    return wire.answer(dict(await impact_of(context.store, change, clock=context.clock)))


async def look_again(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Validate it against the version of the registry that is in force."""
    return answer_with(request, context, await context.registrar.look_again(path_identifier(request, "id")))


async def propose(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take the proposer's signature."""
    change_id = path_identifier(request, "id")
    signed = await received_json(request, context, Signed)
    return answer_with(
        request,
        context,
        await context.registrar.propose(change_id, signed.as_statement(), actor=caller.credential_id),
    )


async def approve(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take the approver's signature; the gateway goes on by itself."""
    change_id = path_identifier(request, "id")
    signed = await received_json(request, context, Signed)
    change = await context.registrar.approve(change_id, signed.as_statement(), actor=caller.credential_id)
    return answer_with(request, context, change, status=202)


async def declare_emergency(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take one officer's signature for both, for a limited time."""
    change_id = path_identifier(request, "id")
    stated = await received_json(request, context, Emergency)
    if not 0 < stated.hours <= 24 * 365:
        raise BadParameterError(name="hours", found=str(stated.hours), expected="0–72")
    change = await context.registrar.declare_emergency(
        change_id,
        stated.statement.as_statement(),
        reason=printed("reason", stated.reason),
        within=timedelta(hours=stated.hours),
        actor=caller.credential_id,
    )
    return answer_with(request, context, change, status=202)


async def release(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Let go on what was approved beforehand and held."""
    change = await context.registrar.release(path_identifier(request, "id"), actor=caller.credential_id)
    return answer_with(request, context, change, status=202)


async def withdraw(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """End it before it is scheduled."""
    change_id = path_identifier(request, "id")
    stated = await received_json(request, context, Withdrawal)
    reason = printed("reason", stated.reason)
    return answer_with(
        request,
        context,
        await context.registrar.withdraw(change_id, actor=caller.credential_id, reason=reason),
    )


async def roll_back(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Make a change set that takes this one back."""
    change_id = path_identifier(request, "id")
    stated = await received_json(request, context, Rollback)
    change = await context.registrar.roll_back(
        change_id,
        at=None if stated.at is None else instant(stated.at, name="at"),
        title=printed("title", stated.title),
        legal_basis=printed("legal_basis", stated.legal_basis),
        held=stated.held,
        actor=caller.credential_id,
    )
    return answer_with(request, context, change, status=201)


def _state(text: str) -> ChangeState:
    stored = [state for state in ChangeState if state is not ChangeState.ACTIVE]
    try:
        state = ChangeState(text)
    except ValueError:
        state = ChangeState.ACTIVE
    if state not in stored:
        raise BadParameterError(name="state", found=printable(text), expected=", ".join(stored))
    return state
