"""Files of changes: handing one in for a new change set or in the place of another, and getting it back as it came."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final

from aiohttp import web

from gateway.api import wire, wire_changes
from gateway.api.bodies import received
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters, path_identifier
from gateway.change_sets import ChangeSet, Source, SourceType
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.notifying import CHANGES, LOG
from gateway.flow.spool import Spooled
from routing.errors import printable

FILE_LIMIT: Final = 32 * 2**20
"""Octets of a file of changes; the one of 1 July 2025 has 0.9 MB."""

CSV: Final = "text/csv"
JSON: Final = "application/json"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES: Final = {
    ("changes", CSV): SourceType.CHANGES_CSV,
    ("changes", JSON): SourceType.CHANGES_JSON,
    ("changes", XLSX): SourceType.CHANGES_XLSX,
    ("agencies", CSV): SourceType.AGENCIES_CSV,
    ("agencies", XLSX): SourceType.AGENCIES_XLSX,
}
_MEDIA: Final = (CSV, JSON, XLSX)
_MEDIA_OF: Final = {kind: media for (_, media), kind in _TYPES.items()}
_UPLOAD: Final = ("of", "name", "retroactive", "at")
_FLAGS: Final = {"true": True, "false": False}


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
    return answer_with(request, context, change, status=201)


async def replace(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Put another file in the place of the one that is there."""
    change_id = path_identifier(request, "id")
    parameters = Parameters(request, *_UPLOAD)
    retroactive = _flag(parameters, "retroactive")
    await context.registrar.existing(change_id)
    source = await _uploaded(request, context, parameters)
    return answer_with(
        request, context, await context.registrar.replace(change_id, source, retroactive=retroactive)
    )


async def show_source(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Give the file back as it came."""
    change = await context.registrar.existing(path_identifier(request, "id"))
    content = (await context.store.changes.content(change.id)).source
    if content is None:
        raise NotFoundError(what=f"“{change.id}/source”")
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=content, content_type=_MEDIA_OF[change.source_type], headers=headers)


def answer_with(
    request: web.Request, context: Context, change: ChangeSet, *, status: int = 200
) -> web.StreamResponse:
    """Answer with a change set as it is now, and wake whoever goes on with it."""
    note(request, change=change.id, state=change.state.value)
    context.bell.ring(CHANGES)
    context.bell.ring(LOG)
    return wire.answer(wire_changes.change_set(change, at=context.clock()), status=status)


def printed(name: str, value: str) -> str:
    """Return a text that can be shown.

    Raises:
        BadParameterError: it holds what cannot be seen.

    """
    if not value.isprintable():
        raise BadParameterError(name=name, found=printable(value), expected="0–500")
    return value


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


def _flag(parameters: Parameters, name: str) -> bool:
    text = parameters.text(name) or "false"
    if text not in _FLAGS:
        raise BadParameterError(name=name, found=printable(text), expected="true, false")
    return _FLAGS[text]


def _printed(parameters: Parameters, name: str, *, most: int) -> str:
    text = printed(name, parameters.text(name) or "")
    if len(text) > most:
        raise BadParameterError(name=name, found=printable(text), expected=f"0–{most}")
    return text
