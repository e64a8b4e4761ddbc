"""What surrounds every handler: one telemetry line, every error as a problem document, and headers that give nothing away.

Invariants: each request ends in exactly one line `request`, whatever happened; nothing that a handler raises reaches the caller
in its own words unless it is in the table of `problems`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import hdrs, web
from uuid_utils import uuid7

from gateway.api import problems
from gateway.api.auth import Handler
from gateway.api.connections import SILENCE, STOPPING, UNDER_WAY
from gateway.api.context import CONTEXT, LINE, REQUEST_ID, note
from gateway.api.excuses import excused
from gateway.api.refusals import record, resource_of
from gateway.errors import BadParameterError, InternalError, MethodNotAllowedError, NotFoundError
from gateway.flow.accepting import NotAcceptedError
from gateway.flow.errors_pressure import StorageFullError
from gateway.flow.findings import Fault
from gateway.flow.fullness import is_full
from gateway.keys.errors import CannotSignError
from gateway.records import Json
from routing.errors import RegistryFileErrors, printable

_log = structlog.get_logger()

CLIENT_GONE: Final = 499
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Complete the headers of any response, and do not say what serves it."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop(hdrs.SERVER, None)
    if request.app[STOPPING].is_set():
        response.force_close()
        response.headers[hdrs.CONNECTION] = "close"


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Measure a request and write the one line about it."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    request.app[SILENCE].spoke(request.protocol)
    request[REQUEST_ID] = str(uuid7())
    request[LINE] = {}
    status = CLIENT_GONE
    try:
        with request.app[UNDER_WAY].one_more():
            response = await handler(request)
        status = response.status
        return response
    finally:
        _report(request, status=status, seconds=loop.time() - begun)


def _report(request: web.Request, *, status: int, seconds: float) -> None:
    resource = resource_of(request)
    method = request.method if request.method in _METHODS else "other"
    metrics = request.app[CONTEXT].metrics
    metrics.requests.labels(method, resource, str(status)).inc()
    metrics.request_seconds.labels(resource).observe(seconds)
    facts = {name: value for name, value in request[LINE].items() if value is not None}
    _log.info(
        "request",
        request_id=request[REQUEST_ID],
        method=method,
        resource=resource,
        status=status,
        duration_ms=round(seconds * 1000, 3),
        **facts,
    )


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a problem document."""
    try:
        return await handler(request)
    except Exception as error:  # noqa: BLE001 - the outermost place: whatever it is, the caller gets a document and no traceback
        try:
            response = await _explained(request, error)
        except Exception as worse:  # noqa: BLE001 - as above: what cannot be recorded was not decided
            fault = _shown(request, worse)
            note(request, code=fault.code)
            response = problems.of_fault(request, fault)
    if not request.content.is_eof():
        # What is left of the body must not be taken for the next request.
        response.force_close()
    return response


async def _explained(request: web.Request, error: Exception) -> web.Response:
    if isinstance(error, NotAcceptedError):
        receipt = await _receipt(request, error)
        _note_examination(request, error)
        return problems.of_examination(request, error.examination, receipt=receipt)
    if isinstance(error, problems.ProblemError):
        return await _refuse(request, error.fault, status=error.status)
    if isinstance(error, web.HTTPException):
        return await _refuse(request, _shown(request, _of_aiohttp(request, error)))
    return await _refuse(request, _shown(request, error))


async def _refuse(request: web.Request, fault: Fault, *, status: int | None = None) -> web.Response:
    note(request, code=fault.code)
    await record(request, fault)
    parts = fault.faults if isinstance(fault, RegistryFileErrors) else ()
    return problems.of_fault(request, fault, status=status, parts=parts)


def _shown(request: web.Request, error: Exception) -> Fault:
    """Return what the caller may know of an error; the rest goes to telemetry under the same reference."""
    reference = request[REQUEST_ID]
    if is_full(error):
        _log.error(
            "storage_full", request_id=reference, resource=resource_of(request), error=repr(error)[:500]
        )
        return StorageFullError(reference=reference)
    excuse = excused(error, store=request.app[CONTEXT].store)
    fault = problems.as_fault(excuse)
    if fault is not None:
        if excuse is not error:
            _log.warning("not_available", resource=resource_of(request), error=repr(error)[:500])
        return fault
    _log.error("request_failed", request_id=reference, resource=resource_of(request), exc_info=error)
    return InternalError(reference=reference)


def _of_aiohttp(request: web.Request, answer: web.HTTPException) -> Exception:
    """Say in our own words what aiohttp's router or parser refused."""
    if isinstance(answer, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(answer.allowed_methods))
        return MethodNotAllowedError(method=printable(answer.method), allowed=allowed)
    if isinstance(answer, web.HTTPNotFound):
        return NotFoundError(what=f"“{printable(request.path)}”")
    if web.HTTPBadRequest.status_code <= answer.status < web.HTTPInternalServerError.status_code:
        return BadParameterError(name="HTTP", found=printable(answer.reason), expected="RFC 9110")
    return answer


async def _receipt(request: web.Request, refusal: NotAcceptedError) -> Json:
    """Return the signed receipt of a refusal; None if nothing was decided, or it cannot be signed now."""
    if refusal.document_id is None:
        return None
    context = request.app[CONTEXT]
    rows = await context.store.log.timeline(refusal.document_id)
    with suppress(CannotSignError):
        for receipt in await context.receipts.of_history(rows):
            return receipt
    return None


def _note_examination(request: web.Request, refusal: NotAcceptedError) -> None:
    examination = refusal.examination
    decisive = examination.decisive
    note(
        request,
        outcome=examination.outcome.value,
        code=decisive.code if decisive else None,
        sender=examination.sender.agency.code if examination.sender else None,
        recipients=len(examination.deliveries) or None,
    )
