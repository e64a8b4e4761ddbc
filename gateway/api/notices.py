"""What a sender is told besides the answers to its own calls: its deliveries are held, go to a successor, or come back.

Ids grow with time, so whoever gives the last id that it saw as `after` misses nothing.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from gateway.api import wire, wire_under_way
from gateway.api.context import Context, note
from gateway.api.inbox import LONGEST_WAIT, SLICE, is_over
from gateway.api.parameters import Parameters
from gateway.flow.access import Caller


async def get_notices(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """List what this system is told, oldest first; with `wait`, not before something is there or the time is over."""
    member = caller.require_member()
    parameters = Parameters(request, "wait", "after", "limit")
    seconds = parameters.integer("wait", default=0, low=0, high=LONGEST_WAIT)
    limit = parameters.integer("limit", default=50, low=1, high=200)
    after = parameters.identifier("after")
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        found = await context.store.under_way.notices(member_id=member.id, after=after, limit=limit)
        left = deadline - loop.time()
        if found or left <= 0 or is_over(request):
            break
        await asyncio.sleep(min(SLICE, left))
    note(request, items=len(found))
    signed = await context.receipts.of_notices(found)
    items = [wire_under_way.notice(each, receipt) for each, receipt in zip(found, signed, strict=True)]
    return wire.answer({"items": items, "next": found[-1].id if len(found) == limit else None})
