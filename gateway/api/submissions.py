"""Sending: POST /v1/documents and POST /v1/statuses.

A 201 is answered only after the commit that holds body, deliveries, keys and log entry (design promise 2), a 202 only after that
which holds the parked document. The answer is made from stored facts, so a retry gets the same again.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Final

from aiohttp import web

from gateway.api import wire, wire_parked
from gateway.api.bodies import received
from gateway.api.context import Context, note
from gateway.api.parameters import instant
from gateway.api.rates import RATES
from gateway.errors import BadParameterError
from gateway.flow.accepting import Submission
from gateway.flow.access import Caller
from gateway.parked import Parked
from gateway.records import Accepted, MessageKind
from routing.errors import printable

MEDIA_TYPES: Final = (
    "application/xml",
    "text/xml",
    "application/edxml+xml",
    "application/octet-stream",
)
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
DELIVER_BY: Final = "Vanthu-Deliver-By"
REPLAYED: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r"[!-~]{1,200}")


async def post_document(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take an edXML document."""
    return await _submit(request, context, caller, kind=MessageKind.EDOC)


async def post_status(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take an edXML status message about a document."""
    return await _submit(request, context, caller, kind=MessageKind.STATUS)


async def _submit(
    request: web.Request, context: Context, caller: Caller, *, kind: MessageKind
) -> web.StreamResponse:
    member = caller.require_member()
    key, deliver_by = _idempotency_key(request), _deliver_by(request)
    request.app[RATES].take(caller.credential_id, asyncio.get_running_loop().time())
    context.pressure.require_room(request.content_length or 0)
    limit = context.settings.max_body
    async with received(request, context, media_types=MEDIA_TYPES, limit=limit) as body:
        note(request, sha256=body.sha256, size=body.size)
        result = await context.intake.submit(
            Submission(
                body=body,
                kind=kind,
                caller=member,
                credential_id=caller.credential_id,
                key=key,
                deliver_by=deliver_by,
            )
        )
    if isinstance(result, Parked):
        return _parked(request, result)
    _note_acceptance(request, result)
    message = result.message
    if not result.replayed:
        context.pressure.took(deliveries=len(result.recipients), size=message.size)
    headers = {"Location": f"/v1/documents/{message.id}"}
    if result.replayed:
        headers[REPLAYED] = "true"
    receipt = await context.receipts.of_acceptance(result)
    return wire.answer(wire.accepted(result, receipt=receipt), status=201, headers=headers)


def _parked(request: web.Request, parked: Parked) -> web.StreamResponse:
    """Answer that a document is safe here although it is not accepted, and when it is examined again."""
    note(request, id=parked.id, sender=parked.sender_code, outcome="parked", code=str(parked.reason["code"]))
    return wire.answer(
        wire_parked.parked(parked), status=202, headers={"Location": f"/v1/documents/{parked.id}"}
    )


def _idempotency_key(request: web.Request) -> str | None:
    keys = request.headers.getall(IDEMPOTENCY_KEY, [])
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise BadParameterError(
            name=IDEMPOTENCY_KEY, found=printable(" | ".join(keys)), expected="1–200 × ASCII 0x21–0x7E"
        )
    return keys[0]


def _deliver_by(request: web.Request) -> datetime | None:
    """Return until when the message is to be delivered, if the caller says so."""
    stated = request.headers.getall(DELIVER_BY, [])
    if not stated:
        return None
    if len(stated) > 1:
        raise BadParameterError(name=DELIVER_BY, found=printable(" | ".join(stated)), expected="1×")
    moment = instant(stated[0], name=DELIVER_BY)
    # As the log can say it.
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _note_acceptance(request: web.Request, result: Accepted) -> None:
    note(
        request,
        id=result.message.id,
        sender=result.message.sender_code,
        recipients=len(result.recipients),
        outcome="accepted",
        replayed=result.replayed,
    )
