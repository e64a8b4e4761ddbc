"""Dead letters and deliveries that keep failing: what there is by cause, and what is to be done about it.

Administrators and auditors see causes, times and hashes; nobody is shown a body, which belongs to its sender and its addressee.
Only administrators order anything, and never without a reason.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web

from gateway.api import wire, wire_dead_letters
from gateway.api.bodies import received_json
from gateway.api.context import Context, note
from gateway.api.parameters import IDENTIFIER, Parameters, path_identifier
from gateway.dead_letters import Decision, LetterState, Selection
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.errors_dead_letters import NothingDeadError, NothingStuckError
from gateway.flow.notifying import DEAD, LOG
from routing.errors import printable

ORDERS_SHOWN: Final = 20

_Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_Cause = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
_Rate = Annotated[int, msgspec.Meta(ge=1, le=100)]


class DeadLetterOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done and why: about one letter (`id`), those of one `cause`, or `all`; at most `rate` each second."""

    reason: _Words
    id: str | None = None
    cause: _Cause | None = None
    all: bool = False
    rate: _Rate = 10


async def show_causes(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show what waits by cause, what keeps failing, and what was ordered last."""
    Parameters(request)
    letters = context.store.dead_letters
    groups, stuck = await letters.causes(), await letters.stuck()
    orders = await letters.orders(limit=ORDERS_SHOWN)
    note(request, causes=len(groups), stuck=len(stuck))
    return wire.answer(
        {
            "causes": [wire_dead_letters.group(each) for each in groups],
            "stuck": [wire_dead_letters.stuck(each) for each in stuck],
            "orders": [wire_dead_letters.order(each) for each in orders],
        }
    )


async def list_letters(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List letters in one state, and of one cause if it is named."""
    parameters = Parameters(request, "state", "cause", "after", "limit")
    limit = parameters.integer("limit", default=50, low=1, high=200)
    found = await context.store.dead_letters.letters(
        state=_state(parameters.text("state")),
        cause=parameters.text("cause"),
        after=parameters.identifier("after"),
        limit=limit,
    )
    note(request, items=len(found))
    following = found[-1].id if len(found) == limit else None
    return wire.answer({"items": [wire_dead_letters.letter(each) for each in found], "next": following})


async def show_letter(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show one letter, with what its envelope claims to be."""
    letter_id = path_identifier(request, "id")
    found = await context.store.dead_letters.letter(letter_id)
    if found is None:
        raise NotFoundError(what=f"“{letter_id}”")
    letter, body = found
    return wire.answer({**wire_dead_letters.letter(letter), "claims": wire_dead_letters.claims(body)})


async def resend(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Order that letters be examined again."""
    stated = await received_json(request, context, DeadLetterOrder)
    given = await context.store.dead_letters.resend(_selection(stated), _decision(stated, caller))
    if given is None:
        raise NothingDeadError
    context.bell.ring(DEAD)
    context.bell.ring(LOG)
    note(request, order=given.id, letters=given.total)
    return wire.answer(wire_dead_letters.order(given), status=202)


async def discard(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Give letters up, and their bodies with them."""
    stated = await received_json(request, context, DeadLetterOrder)
    count = await context.store.dead_letters.discard(_selection(stated), _decision(stated, caller))
    if not count:
        raise NothingDeadError
    context.bell.ring(LOG)
    note(request, letters=count)
    return wire.answer({"discarded": count})


async def retry(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Order that deliveries which keep failing be tried now."""
    stated = await received_json(request, context, DeadLetterOrder)
    if stated.id is not None:
        raise BadParameterError(name="id", found=printable(stated.id), expected="cause | all: true")
    given = await context.store.dead_letters.retry(_selection(stated), _decision(stated, caller))
    if given is None:
        raise NothingStuckError
    context.bell.ring(DEAD)
    context.bell.ring(LOG)
    note(request, order=given.id, deliveries=given.total)
    return wire.answer(wire_dead_letters.order(given), status=202)


def _selection(stated: DeadLetterOrder) -> Selection:
    chosen = [stated.id is not None, stated.cause is not None, stated.all]
    if sum(chosen) != 1:
        raise BadParameterError(name="body", found="id, cause, all", expected="id | cause | all: true")
    if stated.id is not None and not IDENTIFIER.fullmatch(stated.id):
        raise BadParameterError(name="id", found=printable(stated.id), expected="UUID")
    return Selection(letter_id=stated.id, cause=stated.cause)


def _decision(stated: DeadLetterOrder, caller: Caller) -> Decision:
    if not stated.reason.isprintable() or not stated.reason.strip():
        raise BadParameterError(name="reason", found=printable(stated.reason), expected="1–500")
    return Decision(actor=caller.credential_id, reason=stated.reason, rate=stated.rate)


def _state(text: str | None) -> LetterState:
    try:
        return LetterState.WAITING if text is None else LetterState(text)
    except ValueError:
        expected = ", ".join(LetterState)
        raise BadParameterError(name="state", found=printable(text or ""), expected=expected) from None
