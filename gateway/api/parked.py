"""Looking after what could not be decided: GET /v1/documents lists it by what became of it, and its sender may withdraw it.

One list tells a system all it has to know: what still waits, what was refused in the end, what was accepted. Ids grow with time,
so whoever gives the oldest id that it waits for as `after` misses nothing.
"""

from __future__ import annotations

from aiohttp import web

from gateway.api import wire, wire_parked
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters, path_identifier
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow import entries_parking
from gateway.flow.access import Caller
from gateway.flow.errors_parking import NotParkedError
from gateway.flow.notifying import LOG
from gateway.parked import ParkedState
from routing.errors import printable


async def list_documents(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """List this system's documents that are or were parked, by what became of them, oldest first."""
    member = caller.require_member()
    parameters = Parameters(request, "state", "after", "limit")
    state = _state(parameters.text("state"))
    limit = parameters.integer("limit", default=50, low=1, high=200)
    after = parameters.identifier("after")
    found = await context.store.parked.documents(member_id=member.id, state=state, after=after, limit=limit)
    note(request, items=len(found))
    following = found[-1].id if len(found) == limit else None
    return wire.answer({"items": [wire_parked.parked(each) for each in found], "next": following})


async def withdraw(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take back a document that waits to be decided; nobody was sent it, and nobody will be."""
    member = caller.require_member()
    document_id = path_identifier(request, "id")
    parked = await context.store.parked.document(document_id)
    if parked is None or parked.member_id != member.id:
        raise NotFoundError(what=f"“{document_id}”")
    note(request, id=document_id)
    event = entries_parking.withdrawn(parked, credential_id=caller.credential_id)
    if await context.store.parked.withdraw(document_id, member_id=member.id, event=event):
        await context.payloads.drop(document_id)
        context.bell.ring(LOG)
    now = await context.store.parked.document(document_id)
    if now is None or now.state is not ParkedState.WITHDRAWN:
        raise NotParkedError(message_id=document_id, state=now.state.value if now else "")
    return wire.answer(wire_parked.parked(now))


def _state(text: str | None) -> ParkedState:
    try:
        return ParkedState.PARKED if text is None else ParkedState(text)
    except ValueError:
        expected = ", ".join(ParkedState)
        raise BadParameterError(name="state", found=printable(text or ""), expected=expected) from None
