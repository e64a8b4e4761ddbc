"""The trust store: which certification authorities are relied upon, on what terms, since when and until when.

Administrators change it, auditors may read it. What is answered with 201 or 200 is in force in this process, and in every other
one seconds later.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Final

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives import hashes

from certs.admission import read_authority
from certs.anchor import EVERY_USAGE, Usage
from certs.revocation import Revocation
from gateway.api import wire, wire_trust
from gateway.api.bodies import received_json
from gateway.api.context import Context
from gateway.api.parameters import Parameters, instant
from gateway.errors import BadParameterError, NotFoundError
from gateway.errors_trust import UnknownTrustError
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from gateway.trusted import Terms
from routing.errors import printable
from schemas.codes import AgencyCode
from schemas.errors import BadAgencyCode

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_VERSIONS: Final = 2**31 - 1

_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Words = Annotated[str, msgspec.Meta(max_length=500)]


class NewTrust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/trust/certificates."""

    pem: str
    usages: Annotated[tuple[Usage, ...], msgspec.Meta(min_length=1)] | None = None
    trusted_from: str | None = None
    trusted_until: str | None = None
    revocation: Revocation | None = None
    codes: Annotated[tuple[_Code, ...], msgspec.Meta(max_length=1000)] = ()
    note: _Words = ""
    replace: bool = False


class Retirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/trust/certificates/{sha256}:retire."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    at: str | None = None


async def list_certificates(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show what is relied upon now, or was at a version of the trust store."""
    parameters = Parameters(request, "all", "version")
    everything = parameters.text("all") or "false"
    if everything not in {"true", "false"}:
        raise BadParameterError(name="all", found=printable(everything), expected="true, false")
    if parameters.text("version") is None:
        held = await context.store.trust.current()
    else:
        number = parameters.integer("version", default=0, low=0, high=_VERSIONS)
        try:
            held = await context.store.trust.at_version(number)
        except KeyError:
            raise NotFoundError(what=f"“{number}”") from None
    shown = await asyncio.to_thread(
        wire_trust.version, held, at=context.clock(), everything=everything == "true"
    )
    return wire.answer(shown)


async def add_certificate(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Rely on a certification authority from now on."""
    stated = await received_json(request, context, NewTrust)
    certificate = read_authority(stated.pem.encode())
    before = await context.store.trust.current()
    made = await context.store.trust.add(
        certificate, _terms(stated), actor=caller.credential_id, replace=stated.replace
    )
    await _in_force(context)
    sha256 = certificate.fingerprint(hashes.SHA256()).hex()
    changed = made.version != before.version
    return wire.answer(wire_trust.change(made, sha256, changed=changed, at=context.clock()), status=201)


async def retire_certificate(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Stop relying on a certification authority, now or at another moment."""
    sha256 = request.match_info["sha256"]
    if not _SHA256.fullmatch(sha256):
        raise UnknownTrustError(sha256=printable(sha256))
    stated = await received_json(request, context, Retirement)
    at = None if stated.at is None else instant(stated.at, name="at")
    made = await context.store.trust.retire(
        sha256, at=at, reason=_printed("reason", stated.reason), actor=caller.credential_id
    )
    await _in_force(context)
    return wire.answer(wire_trust.change(made, sha256, changed=True, at=context.clock()))


async def _in_force(context: Context) -> None:
    """Put a change in force here before it is answered."""
    await context.trust.refresh()
    context.bell.ring(LOG)


def _terms(stated: NewTrust) -> Terms:
    start, end = stated.trusted_from, stated.trusted_until
    return Terms(
        usages=EVERY_USAGE if stated.usages is None else frozenset(stated.usages),
        trusted_from=None if start is None else instant(start, name="trusted_from"),
        trusted_until=None if end is None else instant(end, name="trusted_until"),
        revocation=stated.revocation,
        codes=tuple(dict.fromkeys(map(_agency_code, stated.codes))),
        note=_printed("note", stated.note),
    )


def _agency_code(text: str) -> str:
    """Return a code that could be an agency's; which agencies there are may change later."""
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode:
        code = None
    if code is None or code.value != text:
        raise BadParameterError(name="codes", found=printable(text), expected="QĐ 20/2020, H26.1")
    return text


def _printed(name: str, value: str) -> str:
    if not value.isprintable():
        raise BadParameterError(name=name, found=printable(value), expected="0–500")
    return value
