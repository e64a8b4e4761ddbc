"""Looking agencies up: searching the registry, and everything that is known of one code.

Agency codes are public data; what is shown here is shown to anyone with a token. A search never decides anything: documents are
routed by their codes alone.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.api import wire, wire_agencies
from gateway.api.context import Context
from gateway.api.parameters import Parameters
from gateway.api.problems import ProblemError
from gateway.distribution.search import AgencySearch
from gateway.errors import BadParameterError
from gateway.flow.access import Caller
from routing.errors import Listing, UnknownCode, printable
from routing.search import Criteria
from routing.status import Status
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

SEARCH: Final = web.AppKey("search", AgencySearch)
MOST: Final = 200
LONGEST: Final = 200

_NOT_FOUND: Final = 404
_ANY: Final = "any"
_KNOWN: Final = ("q", "prefix", "kind", "status", "at", "limit", "after")


async def list_agencies(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Find agencies by name or code."""
    asked = Parameters(request, *_KNOWN)
    at = asked.instant("at") or context.clock()
    criteria = Criteria(
        at=at,
        text=_text(asked, "q"),
        prefix=_text(asked, "prefix"),
        kind=_text(asked, "kind"),
        after=_text(asked, "after"),
        limit=asked.integer("limit", default=50, low=1, high=MOST),
        **_statuses(asked),
    )
    directory = await context.store.registry.directory()
    found = await request.app[SEARCH].page(directory, criteria)
    return wire.answer(wire_agencies.page(found, directory, at=at))


async def show_history(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show everything that is known of a code, also of one that was closed or is yet to come."""
    at = Parameters(request, "at").instant("at") or context.clock()
    directory = await context.store.registry.directory()
    as_sent = request.match_info["code"]
    try:
        code = directory.canonical(AgencyCode.parse(as_sent))
    except BadAgencyCode:
        code = None
    if code is None:
        similar = Listing(directory.nearest(as_sent, at=at))
        raise ProblemError(UnknownCode(code=as_sent, nearest=similar), status=_NOT_FOUND)
    return wire.answer(wire_agencies.history(code, directory, as_sent=as_sent, at=at))


def _text(asked: Parameters, name: str) -> str:
    text = asked.text(name) or ""
    if len(text) > LONGEST:
        raise BadParameterError(name=name, found=printable(text), expected=f"≤ {LONGEST}")
    return text


def _statuses(asked: Parameters) -> dict[str, frozenset[Status]]:
    """Return the statuses asked for, divided by commas; without any, the usual ones."""
    text = asked.text("status")
    if text is None:
        return {}
    if text == _ANY:
        return {"statuses": frozenset()}
    known = {each.value for each in Status}
    if not set(text.split(",")) <= known:
        expected = ", ".join([_ANY, *sorted(known)])
        raise BadParameterError(name="status", found=printable(text), expected=expected)
    return {"statuses": frozenset(map(Status, text.split(",")))}
