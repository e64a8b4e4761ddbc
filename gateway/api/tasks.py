"""What waits for the code administrators: documents whose addressee's code ended and nobody can say by rule who took over."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from aiohttp import web

from gateway.api import wire, wire_under_way
from gateway.api.bodies import received_json
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters
from gateway.errors import BadParameterError
from gateway.flow.access import Caller
from gateway.flow.errors_under_way import NothingHeldError
from gateway.flow.notifying import LOG, OUTBOX
from gateway.flow.tasks import resolve, task_of
from gateway.under_way import Choice
from routing.agencies import Directory
from routing.errors import printable
from routing.heading import Course, Patience
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

_LONGEST: Final = 500

_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Words = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST)]


class Resolution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"back": "return"}):
    """The body of POST /v1/registry/tasks/{code}/resolve: `to` a code, or `return` to the senders, and why."""

    reason: _Words
    to: _Code | None = None
    back: bool = False


async def list_tasks(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List the codes for which deliveries are held, with what may be chosen and until when."""
    Parameters(request)
    course = await _course(context)
    now = context.clock()
    found = [task_of(held, course, now=now) for held in await context.store.under_way.held()]
    note(request, items=len(found))
    return wire.answer({"items": [wire_under_way.task(each) for each in found]})


async def resolve_task(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Send what is held for one code to another, or back to its senders."""
    text = request.match_info["code"]
    stated = await received_json(request, context, Resolution)
    course = await _course(context)
    code = _canonical(text, course.directory)
    if code is None:
        raise NothingHeldError(code=printable(text))
    choice = Choice(
        code=code,
        to=_chosen(stated, course.directory),
        actor=caller.credential_id,
        explanation=_printed(stated.reason),
    )
    done = await resolve(context.store.under_way, choice, course, now=context.clock())
    context.bell.ring(OUTBOX)
    context.bell.ring(LOG)
    note(request, code=code, deliveries=done)
    return wire.answer({"code": code, "to": choice.to, "deliveries": done})


async def _course(context: Context) -> Course:
    settings = context.settings
    patience = Patience(queue=timedelta(seconds=settings.queue_grace), hold=timedelta(hours=settings.hold))
    return Course(directory=await context.store.registry.directory(), patience=patience)


def _chosen(stated: Resolution, directory: Directory) -> str | None:
    if (stated.to is None) != stated.back:
        raise BadParameterError(name="body", found="to, return", expected="to | return: true")
    if stated.to is None:
        return None
    # What the registry does not know is refused with the other codes that cannot take over.
    return _canonical(stated.to, directory) or printable(stated.to)


def _canonical(text: str, directory: Directory) -> str | None:
    """Return the canonical form of a code, or the code itself where a list left it out; None if it is none."""
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode:
        return None
    return directory.canonical(code) or code.value


def _printed(text: str) -> str:
    if not text.isprintable():
        raise BadParameterError(name="reason", found=printable(text), expected=f"1–{_LONGEST}")
    return text
