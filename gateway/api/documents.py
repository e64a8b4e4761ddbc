"""Looking after a document: GET /v1/documents/{id} and its content; of one that is or was parked, what became of it.

Only who has a part in it sees it: the system that sent it, a system in whose inbox it arrived, and auditors, who see no body. For
everyone else it does not exist (404), so ids reveal nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from gateway.api import content, wire, wire_parked, wire_progress
from gateway.api.context import Context, note
from gateway.api.parameters import path_identifier
from gateway.errors import NotFoundError
from gateway.flow.access import Caller, Role
from gateway.flow.progress import courses, stand_ins
from gateway.parked import Parked, ParkedState
from gateway.ports.log import LogRow
from gateway.records import Json, Message
from routing.log import Kind, LogEntry, read_leaf

_TO_INBOX: Final = frozenset({Kind.ARRIVED, Kind.HANDED_OVER})
_PRIVATE: Final = frozenset({"credential", "instance"})
"""Fields of log entries that are nobody's business but the auditor's."""


async def get_document(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show what is known of a document, how far it is at each recipient, what speaks of it, and all that was decided about it."""
    # The deliveries first: whatever state they show, the timeline explains it.
    message_id = path_identifier(request, "id")
    deliveries = await context.store.documents.deliveries(message_id)
    parked = await context.store.parked.document(message_id)
    if parked is not None and parked.state is not ParkedState.ACCEPTED:
        return await _parked(request, context, caller, parked)
    message, timeline = await visible(request, context, caller, to_auditors=True)
    events = _events(timeline, caller)
    mentions = (await context.store.documents.mentions([message.id])).get(message.id, ())
    directory = await context.store.registry.directory()
    same = stand_ins(mentions, [each.code for each in deliveries], directory) if deliveries else {}
    found = courses(mentions, same=same)
    member_id = caller.member.id if caller.member else None
    spoken_of = await context.store.documents.spoken_of(message.id)
    correspondence = {
        "references": wire_progress.references(message, spoken_of),
        "referred_by": wire_progress.referred_by(mentions, member_id=member_id),
        "statuses": wire_progress.statuses(mentions, found, member_id=member_id, same=same),
    }
    states = [wire.delivery(each, wire_progress.progress(found.get(each.code))) for each in deliveries]
    note(request, id=message.id)
    return wire.answer(wire.document(message, states, events, correspondence))


async def _parked(
    request: web.Request, context: Context, caller: Caller, parked: Parked
) -> web.StreamResponse:
    """Show a document that nobody was sent: to its sender's system and to auditors."""
    is_its_own = caller.member is not None and caller.member.id == parked.member_id
    if not (is_its_own or Role.AUDITOR in caller.roles):
        raise NotFoundError(what=f"“{parked.id}”")
    timeline = await _timeline(context, parked.id)
    note(request, id=parked.id)
    return wire.answer({**wire_parked.parked(parked), "timeline": _events(timeline, caller)})


async def get_content(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Send the exact bytes of a document to its sender's or an addressee's system."""
    message, _ = await visible(request, context, caller, to_auditors=False)
    return await content.send(request, context, message)


async def visible(
    request: web.Request, context: Context, caller: Caller, *, to_auditors: bool
) -> tuple[Message, list[tuple[LogRow, LogEntry]]]:
    """Return a document and its timeline, for who has a part in it and perhaps for auditors.

    Raises:
        NotFoundError: there is none, or it is not the caller's to see.

    """
    message_id = path_identifier(request, "id")
    message = await context.store.documents.message(message_id)
    if message is None:
        raise NotFoundError(what=f"“{message_id}”")
    timeline = await _timeline(context, message_id)
    if not (_has_part(message, timeline, caller) or (to_auditors and Role.AUDITOR in caller.roles)):
        raise NotFoundError(what=f"“{message_id}”")
    return message, timeline


async def _timeline(context: Context, message_id: str) -> list[tuple[LogRow, LogEntry]]:
    rows = await context.store.log.timeline(message_id)
    return await asyncio.to_thread(lambda: [(row, read_leaf(row.leaf)) for row in rows])


def _events(timeline: list[tuple[LogRow, LogEntry]], caller: Caller) -> list[Json]:
    hide = frozenset[str]() if Role.AUDITOR in caller.roles else _PRIVATE
    return [wire.event(row, entry, hide=hide) for row, entry in timeline]


def _has_part(message: Message, timeline: list[tuple[LogRow, LogEntry]], caller: Caller) -> bool:
    """Say whether the caller's system sent this message, or got it into its inbox and was not to hand it over."""
    if caller.member is None:
        return False
    holders = {
        entry.fields.get("delivery"): entry.fields.get("member")
        for _, entry in timeline
        if entry.kind in _TO_INBOX
    }
    return caller.member.id in {message.member_id, *holders.values()}
