"""The loss ledger for operators and auditors: GET /v1/ledger, and POST /v1/ledger/recount to have everything counted now."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.api import wire, wire_ledger
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters
from gateway.flow.access import Caller

DAYS: Final = 31
MOST_DAYS: Final = 4000


async def get_ledger(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show the equation, by day and in total, and every gap."""
    days = Parameters(request, "days").integer("days", default=DAYS, low=0, high=MOST_DAYS)
    report = context.reckoning.report
    note(request, outcome=report.outcome, gaps=report.found)
    return wire.answer(wire_ledger.report(report, days=days))


async def recount(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Have everything counted, beginning in a few seconds at the latest; how far it is stands in the report."""
    Parameters(request)
    context.reckoning.want_recount()
    return wire.answer(wire_ledger.report(context.reckoning.report, days=0), status=202)
