"""Revocation lists and OCSP answers: what is held and how old it is, and handing in what cannot be fetched.

Administrators hand in, auditors may look too. What is handed in is verified as everything is, stored beside what was fetched, and
written in the routing log; every process of the gateway takes it over within seconds.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from aiohttp import web

from certs.errors import BadTrustBundleError
from certs.ocsp import OcspAnswer
from certs.revocation import current_lists
from certs.revocation_list import RevocationList
from certs.trust import Trust
from gateway.api import wire
from gateway.api.bodies import received
from gateway.api.context import Context, note
from gateway.api.problems import ProblemError
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from gateway.flow.spool import Spooled
from gateway.ports.revocation import Kept, Origin
from gateway.records import Event, Json
from routing.log import Kind

MEDIA_TYPES: Final = (
    "application/pkix-crl",
    "application/ocsp-response",
    "application/x-pem-file",
    "application/octet-stream",
)
LIMIT: Final = 64 * 2**20
IMPORTED: Final = "import"

_UNPROCESSABLE: Final = 422
_MOST_ANSWERS: Final = 1000


async def show(_request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show every list and answer that is held, and how fetching goes."""
    trust, now = context.trust.trust(), context.clock()
    sources = await context.stock.sources()
    origins = await context.stock.origins()
    current = {each.sha256 for each in current_lists(trust.lists, at=now)}
    return wire.answer(
        {
            "at": wire.moment(now),
            "required": (trust.policy.revocation or trust.revocation).value,
            "hosts": [each.strip() for each in context.settings.revocation_hosts.split(",") if each.strip()],
            "lists": [
                {**_list(each, now=now, sources=sources), "is_current": each.sha256 in current}
                for each in sorted(trust.lists, key=lambda each: (each.issuer, each.this_update))
            ],
            "answers": [_answer(each, now=now, sources=sources) for each in _newest(trust)],
            "answers_omitted": max(len(trust.responses) - _MOST_ANSWERS, 0),
            "origins": [_origin(each) for each in sorted(origins, key=lambda each: each.key)],
        }
    )


async def import_list(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Take revocation lists (DER, PEM) or an OCSP answer, if everything in it is good and nothing newer is held."""
    async with received(request, context, media_types=MEDIA_TYPES, limit=LIMIT) as body:
        data = await asyncio.to_thread(_octets, body)
    try:
        kept = await context.stock.keep(data, trust=context.trust.trust(), source=IMPORTED)
    except BadTrustBundleError as error:
        raise ProblemError(error, status=_UNPROCESSABLE) from error
    changed = [each for each in kept if each.changed]
    await context.store.log.append([_event(each, actor=caller.credential_id) for each in changed])
    if changed:
        context.bell.ring(LOG)
    note(request, lists=len(kept), changed=len(changed))
    return wire.answer({"taken": [_kept(each) for each in kept]}, status=201 if changed else 200)


def _octets(body: Spooled) -> bytes:
    source = body.source
    return source if isinstance(source, bytes) else source.read_bytes()


def _event(kept: Kept, *, actor: str) -> Event:
    fields: dict[str, Json] = {
        "type": kept.kind,
        "issuer": kept.issuer,
        "number": None if kept.number is None else str(kept.number),
        "serial_number": None if kept.serial_number is None else f"{kept.serial_number:x}",
        "this_update": wire.moment(kept.this_update),
        "next_update": wire.moment(kept.next_update),
        "sha256": kept.sha256,
        "actor": actor,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return Event(kind=Kind.REVOCATION_LIST_IMPORTED, fields=known)


def _kept(kept: Kept) -> dict[str, Json]:
    return {
        "type": kept.kind,
        "issuer": kept.issuer,
        # A number may have 160 bits, which JSON does not promise to keep.
        "number": None if kept.number is None else str(kept.number),
        "serial": None if kept.serial_number is None else f"{kept.serial_number:x}",
        "sha256": kept.sha256,
        "this_update": wire.moment(kept.this_update),
        "next_update": wire.moment(kept.next_update),
        "changed": kept.changed,
    }


def _list(each: RevocationList, *, now: datetime, sources: dict[str, str]) -> dict[str, Json]:
    return {
        "issuer": each.issuer,
        "number": None if each.number is None else str(each.number),
        "is_delta": each.base is not None,
        "this_update": wire.moment(each.this_update),
        "next_update": wire.moment(each.next_update),
        "age_s": int((now - each.this_update).total_seconds()),
        "is_stale": each.next_update < now,
        "entries": len(each.entries),
        "sha256": each.sha256,
        "source": sources.get(each.sha256, "file"),
    }


def _answer(each: OcspAnswer, *, now: datetime, sources: dict[str, str]) -> dict[str, Json]:
    status = "revoked" if each.entry is not None else "good" if each.is_known else "unknown"
    return {
        "issuer": each.issuer,
        "serial": f"{each.serial_number:x}",
        "status": status,
        "this_update": wire.moment(each.this_update),
        "next_update": wire.moment(each.next_update),
        "age_s": int((now - each.this_update).total_seconds()),
        "is_stale": each.next_update < now,
        "sha256": each.sha256,
        "source": sources.get(each.sha256, "file"),
    }


def _newest(trust: Trust) -> list[OcspAnswer]:
    ordered = sorted(trust.responses, key=lambda each: each.this_update, reverse=True)
    return ordered[:_MOST_ANSWERS]


def _origin(each: Origin) -> dict[str, Json]:
    return {
        "url": each.url,
        "type": "ocsp" if each.question else "crl",
        "sha256": each.sha256 or None,
        "tried_at": wire.moment(each.tried_at),
        "fetched_at": wire.moment(each.fetched_at),
        "due_at": wire.moment(each.due_at),
        "failures": each.failures,
        "last_error": each.error or None,
    }
