"""Asking beforehand: POST /v1/documents:check.

The examination is the one that decides when a message is sent; here it decides nothing. Nothing is sent, stored or written to the
routing log, and a refusal is a normal answer (200) that holds every finding at once.
"""

from __future__ import annotations

from aiohttp import web

from gateway.api import wire
from gateway.api.bodies import received
from gateway.api.context import Context, note
from gateway.api.submissions import MEDIA_TYPES
from gateway.flow.access import Caller
from gateway.flow.examination import Examination, kind_of
from gateway.flow.outline import outline
from gateway.flow.preview import preview
from gateway.flow.spool import Spooled
from gateway.records import Json
from routing.agencies import Directory
from routing.errors import RoutingError
from routing.resolve import Resolved, resolve_recipient


async def check_message(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Examine a document or status message as if it were sent, and tell all that was found."""
    member = caller.require_member()
    limit = context.settings.max_body
    async with received(request, context, media_types=MEDIA_TYPES, limit=limit) as body:
        note(request, sha256=body.sha256, size=body.size)
        examination = await preview(context.intake, context.store, body, caller=member)
    decisive = examination.decisive
    note(request, outcome=examination.outcome.value, code=decisive.code if decisive else None)
    directory = await context.store.registry.directory()
    return wire.answer(_checked(body, examination, directory))


def _checked(body: Spooled, examination: Examination, directory: Directory) -> dict[str, Json]:
    message, binding = examination.message, examination.binding
    decisive = examination.decisive
    return {
        "outcome": examination.outcome.value,
        "code": decisive.code if decisive else None,
        "kind": kind_of(message).value if message else None,
        "at": wire.moment(examination.at),
        "sha256": body.sha256,
        "size": body.size,
        "document": outline(message) if message else None,
        "sender": _sender(examination),
        "recipients": [
            _party(code, _resolved(code, examination, directory))
            for code in (examination.parties.recipient_codes if examination.parties else ())
        ],
        "verdict": examination.verdict.facts() if examination.verdict is not None else {},
        "binding": {"rule": binding.rule.value, "evidence": binding.evidence} if binding else None,
        "deliveries": [
            {"code": each.code, "as_sent": each.as_sent, "member": each.member}
            for each in examination.deliveries
        ],
        "findings": [finding.as_json() for finding in examination.findings],
        "registry_version": examination.registry_version,
        "trust_version": examination.trust_version,
    }


def _sender(examination: Examination) -> dict[str, Json] | None:
    parties = examination.parties
    return _party(parties.sender_code, examination.sender) if parties and parties.sender_code else None


def _resolved(code: str, examination: Examination, directory: Directory) -> Resolved | None:
    """Find whom a code names; why it names nobody is among the findings."""
    try:
        is_answer = examination.parties is not None and not examination.parties.is_document
        return resolve_recipient(code, directory=directory, at=examination.codes_at, is_answer=is_answer)
    except RoutingError:
        return None


def _party(as_sent: str, found: Resolved | None) -> dict[str, Json]:
    return {
        "code": found.agency.code if found else None,
        "as_sent": as_sent,
        "name": found.agency.name if found else None,
    }
