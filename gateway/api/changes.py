"""Changes of the registry: handing one in, looking at what it does, and the steps that officers take with it.

Every step is answered with the change set as it is then. What takes long (making the version) is answered with 202 and goes on by
itself; GET shows how far it is.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from gateway.api import wire, wire_changes
from gateway.api.bodies import received, received_json
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters, instant, path_identifier
from gateway.change_sets import ChangeSet, Source, SourceType, unpack
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.notifying import CHANGES, LOG
from gateway.flow.spool import Spooled
from routing.change_state import ChangeState
from routing.errors import printable

FILE_LIMIT: Final = 32 * 2**20
"""Octets of a file of changes; the one of 1 July 2025 has 0.9 MB."""

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES: Final = {
    ("changes", "text/csv"): SourceType.CHANGES_CSV,
    ("changes", "application/json"): SourceType.CHANGES_JSON,
    ("changes", XLSX): SourceType.CHANGES_XLSX,
    ("agencies", "text/csv"): SourceType.AGENCIES_CSV,
    ("agencies", XLSX): SourceType.AGENCIES_XLSX,
}
_MEDIA: Final = ("text/csv", "application/json", XLSX)
_MEDIA_OF: Final = {kind: media for (_, media), kind in _TYPES.items()}
_UPLOAD: Final = ("of", "name", "retroactive", "at")
_FLAGS: Final = {"true": True, "false": False}

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


async def draft(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Keep a new change set, with all its faults or with what it would do."""
    parameters = Parameters(request, "title", "legal_basis", "held", *_UPLOAD)
    title = _printed(parameters, "title", most=200)
    legal_basis = _printed(parameters, "legal_basis", most=500)
    if not title.strip():
        raise BadParameterError(name="title", found="", expected="1–200")
    held = _flag(parameters, "held")
    retroactive = _flag(parameters, "retroactive")
    source = await _uploaded(request, context, parameters)
    change = await context.registrar.draft(
        title=title,
        legal_basis=legal_basis,
        source=source,
        retroactive=retroactive,
        held=held,
        actor=caller.credential_id,
    )
    return _answer(request, context, change, status=201)


async def replace(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Put another file in the place of the one that is there."""
    change_id = path_identifier(request, "id")
    parameters = Parameters(request, *_UPLOAD)
    retroactive = _flag(parameters, "retroactive")
    await context.registrar.existing(change_id)
    source = await _uploaded(request, context, parameters)
    return _answer(
        request, context, await context.registrar.replace(change_id, source, retroactive=retroactive)
    )


async def show(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show a change set."""
    return _answer(request, context, await context.registrar.existing(path_identifier(request, "id")))


async def show_source(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Give the file back as it came."""
    change = await context.registrar.existing(path_identifier(request, "id"))
    content = (await context.store.changes.content(change.id)).source
    if content is None:
        raise NotFoundError(what=f"“{change.id}/source”")
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, content_type=_MEDIA_OF[change.source_type], headers=headers)


async def show_lines(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Give the text whose SHA-256 officers sign."""
    change = await context.registrar.existing(path_identifier(request, "id"))
    packed = (await context.store.changes.content(change.id)).lines
    return web.Response(body=await asyncio.to_thread(unpack, packed), content_type="application/x-ndjson")


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


async def look_again(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Validate it against the version of the registry that is in force."""
    return _answer(request, context, await context.registrar.look_again(path_identifier(request, "id")))


async def propose(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take the proposer's signature."""
    change_id = path_identifier(request, "id")
    signed = await received_json(request, context, Signed)
    return _answer(
        request,
        context,
        await context.registrar.propose(change_id, signed.as_statement(), actor=caller.credential_id),
    )


async def approve(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take the approver's signature; the gateway goes on by itself."""
    change_id = path_identifier(request, "id")
    signed = await received_json(request, context, Signed)
    change = await context.registrar.approve(change_id, signed.as_statement(), actor=caller.credential_id)
    return _answer(request, context, change, status=202)


async def declare_emergency(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take one officer's signature for both, for a limited time."""
    change_id = path_identifier(request, "id")
    stated = await received_json(request, context, Emergency)
    if not 0 < stated.hours <= 24 * 365:
        raise BadParameterError(name="hours", found=str(stated.hours), expected="0–72")
    change = await context.registrar.declare_emergency(
        change_id,
        stated.statement.as_statement(),
        reason=_text("reason", stated.reason),
        within=timedelta(hours=stated.hours),
        actor=caller.credential_id,
    )
    return _answer(request, context, change, status=202)


async def release(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Let go on what was approved beforehand and held."""
    change = await context.registrar.release(path_identifier(request, "id"), actor=caller.credential_id)
    return _answer(request, context, change, status=202)


async def withdraw(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """End it before it is scheduled."""
    change_id = path_identifier(request, "id")
    stated = await received_json(request, context, Withdrawal)
    reason = _text("reason", stated.reason)
    return _answer(
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
        title=_text("title", stated.title),
        legal_basis=_text("legal_basis", stated.legal_basis),
        held=stated.held,
        actor=caller.credential_id,
    )
    return _answer(request, context, change, status=201)


def _answer(
    request: web.Request, context: Context, change: ChangeSet, *, status: int = 200
) -> web.StreamResponse:
    note(request, change=change.id, state=change.state.value)
    context.bell.ring(CHANGES)
    context.bell.ring(LOG)
    return wire.answer(wire_changes.change_set(change, at=context.clock()), status=status)


async def _uploaded(request: web.Request, context: Context, parameters: Parameters) -> Source:
    """Receive a file of changes."""
    of = parameters.text("of") or "changes"
    name = _printed(parameters, "name", most=200)
    if of not in {"changes", "agencies"}:
        raise BadParameterError(name="of", found=printable(of), expected="changes, agencies")
    at = parameters.instant("at")
    if (of == "agencies") != (at is not None):
        raise BadParameterError(
            name="at", found=str(at), expected="of=agencies&at=2025-07-01T00:00:00%2B07:00"
        )
    media = request.content_type.lower()
    if media in _MEDIA and (of, media) not in _TYPES:
        raise BadParameterError(name="of", found=of, expected="text/csv, xlsx")
    async with received(request, context, media_types=_MEDIA, limit=FILE_LIMIT) as body:
        content = await asyncio.to_thread(_content, body)
    return Source(
        name=name,
        type=_TYPES[of, media],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        effective_at=at,
    )


def _content(body: Spooled) -> bytes:
    source = body.source
    return source if isinstance(source, bytes) else source.read_bytes()


def _state(text: str) -> ChangeState:
    stored = [state for state in ChangeState if state is not ChangeState.ACTIVE]
    try:
        state = ChangeState(text)
    except ValueError:
        state = ChangeState.ACTIVE
    if state not in stored:
        raise BadParameterError(name="state", found=printable(text), expected=", ".join(stored))
    return state


def _flag(parameters: Parameters, name: str) -> bool:
    text = parameters.text(name) or "false"
    if text not in _FLAGS:
        raise BadParameterError(name=name, found=printable(text), expected="true, false")
    return _FLAGS[text]


def _printed(parameters: Parameters, name: str, *, most: int) -> str:
    text = _text(name, parameters.text(name) or "")
    if len(text) > most:
        raise BadParameterError(name=name, found=printable(text), expected=f"0–{most}")
    return text


def _text(name: str, value: str) -> str:
    if not value.isprintable():
        raise BadParameterError(name=name, found=printable(value), expected="0–500")
    return value
