"""Receiving: a system looks into its inbox, fetches, and acknowledges what it has taken over.

Nothing leaves an inbox before it is acknowledged, so a system that crashes after fetching gets the document again. An
acknowledgement goes back to the sender as a receipt that this gateway signs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from aiohttp import hdrs, web

from gateway.api import content, wire, wire_progress
from gateway.api.connections import STOPPING
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters, path_identifier
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.envelope import seal_receipt
from gateway.flow.notifying import LOG, OUTBOX, inbox_of, wait
from gateway.flow.progress import courses
from gateway.flow.stated import Receipt, Stage
from gateway.mentions import Mention
from gateway.records import InboxItem, Json, MessageKind
from routing.errors import printable
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

LONGEST_WAIT: Final = 60
SLICE: Final = 1.0
"""Seconds after which a waiting request looks again: news may come from another process, and the service may stop."""

"""Set when the service stops, so that nobody is kept waiting."""


async def get_inbox(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """List what waits for this system, oldest first; with `wait`, not before something is there or the time is over."""
    member = caller.require_member()
    parameters = Parameters(request, "wait", "code", "urgent", "after", "limit")
    seconds = parameters.integer("wait", default=0, low=0, high=LONGEST_WAIT)
    limit = parameters.integer("limit", default=50, low=1, high=200)
    after, urgent = parameters.identifier("after"), parameters.flag("urgent")
    code = await _canonical(context, parameters.text("code"))
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        rung = context.bell.listen(inbox_of(member.id))
        items = await context.store.documents.inbox(
            member_id=member.id, code=code, urgent=urgent, after=after, limit=limit
        )
        left = deadline - loop.time()
        if items or left <= 0 or is_over(request):
            break
        await wait(rung, min(SLICE, left))
    note(request, items=len(items))
    following = items[-1].id if len(items) == limit else None
    return wire.answer({"items": await _shown(context, items), "next": following})


async def get_item(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show one message of this system's inbox, acknowledged or not."""
    [shown] = await _shown(context, [await _item(request, context, caller)])
    return wire.answer(shown)


async def get_item_content(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Send the exact bytes of a message; that they were fetched is recorded before the first byte goes out."""
    item = await _item(request, context, caller)
    if request.method != hdrs.METH_HEAD and not content.is_known(request, item.message):
        if not await context.store.documents.mark_fetched(item):
            raise NotFoundError(what=f"“{item.id}”")
        context.bell.ring(LOG)
    return await content.send(request, context, item.message)


async def acknowledge(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take a message out of the inbox for good, and tell its sender; once is as good as many times."""
    item = await _item(request, context, caller)
    receipt = Receipt(
        gateway=context.settings.name,
        delivery_id=item.recipient.delivery_id,
        message_id=item.message.id,
        sha256=item.message.sha256,
        stage=Stage.ACKNOWLEDGED,
        reason=None,
        at=context.clock(),
    )
    sealed = seal_receipt(receipt, key=context.keys.axis)
    taken = await context.store.documents.acknowledge(item, receipt=sealed)
    if taken:
        context.bell.ring(OUTBOX)
        context.bell.ring(LOG)
    stored = await _item(request, context, caller)
    return wire.answer(
        {"id": item.id, "acknowledged_at": wire.moment(stored.acknowledged_at), "already": not taken}
    )


async def _item(request: web.Request, context: Context, caller: Caller) -> InboxItem:
    item_id = path_identifier(request, "id")
    member = caller.require_member()
    item = await context.store.documents.inbox_item(member_id=member.id, item_id=item_id)
    if item is None:
        raise NotFoundError(what=f"“{item_id}”")
    note(request, id=item.message.id, item=item.id)
    return item


async def _shown(context: Context, items: Sequence[InboxItem]) -> list[Json]:
    """Write items with what speaks of them, so that a receiver sees that what still waits was recalled."""
    about = [item.message.id for item in items if item.message.kind is MessageKind.EDOC]
    speakers = {item.recipient.code for item in items}
    mentions = await context.store.documents.mentions(about, speakers=speakers)
    return [wire.inbox_item(item, _correspondence(item, mentions.get(item.message.id, ()))) for item in items]


def _correspondence(item: InboxItem, mentions: Sequence[Mention]) -> dict[str, Json]:
    is_document = item.message.kind is MessageKind.EDOC
    course = courses(mentions).get(item.recipient.code)
    return {
        "progress": wire_progress.progress(course) if is_document else None,
        "referred_by": wire_progress.referred_by(mentions, member_id=item.recipient.member_id),
    }


async def _canonical(context: Context, text: str | None) -> str | None:
    """Return the canonical form of the code to filter by, whether it is still in force or not."""
    if text is None:
        return None
    directory = await context.store.registry.directory()
    try:
        code = directory.canonical(AgencyCode.parse(text))
    except BadAgencyCode:
        code = None
    if code is None:
        expected = ", ".join(directory.nearest(text)) or "QĐ 20/2020"
        raise BadParameterError(name="code", found=printable(text), expected=expected)
    return code


def is_over(request: web.Request) -> bool:
    """Say whether waiting makes no sense any more: the caller went away or the service stops."""
    return request.transport is None or request.transport.is_closing() or request.app[STOPPING].is_set()
