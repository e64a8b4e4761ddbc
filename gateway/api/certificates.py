"""Agencies' certificates: registering them, what becomes of them, and when they end.

The code in the path is resolved as everywhere; a registration belongs to the body that bears the code now. Whoever keeps the
registry writes; administrators, auditors and the system that serves the agency read.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web
from cryptography.x509 import Certificate, load_pem_x509_certificates

from certs.unreadable import UNREADABLE
from gateway.api import wire, wire_certificates
from gateway.api.agencies import look_up
from gateway.api.bodies import received, received_json
from gateway.api.context import Context
from gateway.api.parameters import Parameters, instant
from gateway.errors import BadParameterError, NotFoundError, RoleMissingError
from gateway.flow.access import Caller, Role
from gateway.flow.notifying import LOG
from routing.agencies import Agency, Directory
from routing.errors import printable
from routing.registering import NEEDED, Wish, named_by, registration_from
from routing.registration_changes import Resume, Revoke, StatusChange, Suspend
from routing.registrations import ATTRIBUTES, IssuerBy, RegisteredBy
from routing.renewal import endings, still_old

PEM: Final = ("application/x-pem-file", "application/pem-certificate-chain", "text/plain")
PEM_LIMIT: Final = 64 * 1024
MAX_DAYS: Final = 3660
WARN_DAYS: Final = (7, 30, 60)

_READERS: Final = frozenset({Role.ADMIN, Role.REGISTRY, Role.AUDITOR})
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_PARAMETERS: Final = ("by", "profile", "issuer", "attributes", "from", "until", "replaces")

_Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_E = TypeVar("_E", bound=StrEnum)


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of …/suspend and …/resume."""

    reason: _Reason


class RevocationReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of …/revoke."""

    reason: _Reason
    since: str | None = None
    compromised: bool = False


async def list_registrations(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show what is registered for an agency, what became of it, and when each certificate was last seen."""
    Parameters(request)
    directory = await context.store.registry.directory()
    agency = look_up(request, directory, context.clock()).agency
    _require_reader(caller, directory, agency, at=context.clock())
    seen = await _seen(context)
    shown = wire_certificates.registrations(agency, at=context.clock(), seen=seen)
    return wire.answer({**shown, "at": wire.moment(context.clock()), "registry_version": directory.version})


async def list_all(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show what is registered for every agency in force."""
    _require_reader(caller, None, None, at=context.clock())
    Parameters(request)
    directory, seen = await context.store.registry.directory(), await _seen(context)
    return wire.answer(
        await asyncio.to_thread(wire_certificates.all_registrations, directory, at=context.clock(), seen=seen)
    )


async def register(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Register a certificate for the agency that bears a code now."""
    wish = _wish(Parameters(request, *_PARAMETERS))
    directory = await context.store.registry.directory()
    agency = look_up(request, directory, context.clock()).agency
    async with received(request, context, media_types=PEM, limit=PEM_LIMIT) as body:
        pem = body.memory or b""
    certificates = read_certificates(pem, NEEDED[wish.by])
    registration = registration_from(certificates, wish, among=agency.certificates)
    # Only the agency's own is kept: that of its authority stands in the profile by its hash.
    try:
        after = await context.store.registry.register_certificate(
            agency.code, registration, pem=_first(pem), actor=caller.credential_id
        )
    except KeyError:
        raise NotFoundError(what=f"“{agency.code}”") from None
    context.bell.ring(LOG)
    return await _answer(context, after, agency.code, registration.id, status=201)


async def suspend(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Let a registration not count until it is resumed."""
    stated = await received_json(request, context, Reason)
    return await _change(request, context, caller, Suspend(reason=_printed(stated.reason)))


async def resume(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Let a suspended registration count again."""
    stated = await received_json(request, context, Reason)
    return await _change(request, context, caller, Resume(reason=_printed(stated.reason)))


async def revoke(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """End a registration for good."""
    stated = await received_json(request, context, RevocationReason)
    since = None if stated.since is None else _whole(instant(stated.since, name="since"))
    if since is not None and since > context.clock():
        raise BadParameterError(name="since", found=str(stated.since), expected="≤ now")
    change = Revoke(reason=_printed(stated.reason), since=since, compromised=stated.compromised)
    return await _change(request, context, caller, change)


async def show_calendar(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show which registrations end soon, and who still signs with an old certificate."""
    _require_reader(caller, None, None, at=context.clock())
    days = Parameters(request, "days").integer("days", default=90, low=0, high=MAX_DAYS)
    directory, seen, now = await context.store.registry.directory(), await _seen(context), context.clock()
    return wire.answer(
        await asyncio.to_thread(wire_certificates.calendar, directory, at=now, days=days, seen=seen)
    )


async def count_certificates(context: Context) -> None:
    """Set the numbers that tell an operator of certificates that end, and of old ones that are still in use."""
    directory, seen, now = await context.store.registry.directory(), await _seen(context), context.clock()
    last = {key: each.last_seen for key, each in seen.items()}
    longest = timedelta(days=max(WARN_DAYS))
    found = await asyncio.to_thread(endings, directory, at=now, within=longest)
    for days in WARN_DAYS:
        due = [each for each in found if not each.successors and each.at <= now + timedelta(days=days)]
        context.metrics.certificates_ending.labels(str(days)).set(len(due))
    old = await asyncio.to_thread(still_old, directory, at=now, seen=last)
    context.metrics.certificates_old.set(len(old))


async def _change(
    request: web.Request, context: Context, caller: Caller, change: StatusChange
) -> web.StreamResponse:
    Parameters(request)
    directory = await context.store.registry.directory()
    agency = look_up(request, directory, context.clock()).agency
    reference = request.match_info["registration"]
    known = named_by(reference, agency.certificates)
    if known is None:
        raise NotFoundError(what=f"“{printable(reference)}”")
    try:
        after = await context.store.registry.change_registration(
            agency.code, known.id, change, actor=caller.credential_id
        )
    except KeyError:
        raise NotFoundError(what=f"“{printable(reference)}”") from None
    context.bell.ring(LOG)
    return await _answer(context, after, agency.code, known.id, status=200)


async def _answer(
    context: Context, directory: Directory, code: str, registration_id: str, *, status: int
) -> web.StreamResponse:
    """Show a registration as it is now, with the others of its agency that are in force beside it."""
    now = context.clock()
    agency = directory.agency(code, now)
    found = named_by(registration_id, agency.certificates) if agency else None
    if agency is None or found is None:
        raise NotFoundError(what=f"“{registration_id}”")
    beside = [each.id for each in agency.certificates if each.id != found.id and each.in_force(now)]
    return wire.answer(
        {
            "code": agency.code,
            "entity_id": agency.entity_id,
            "certificate_sha256": found.certificate_sha256,
            "registration": wire_certificates.registration(found, agency, at=now, seen=await _seen(context)),
            "others_in_force": beside,
            "registry_version": directory.version,
        },
        status=status,
    )


async def _seen(context: Context) -> wire_certificates.Seen:
    sightings = await context.store.registry.sightings()
    return {(each.entity_id, each.certificate_sha256): each for each in sightings}


def _require_reader(
    caller: Caller, directory: Directory | None, agency: Agency | None, *, at: datetime
) -> None:
    """Let pass who keeps or audits the registry, and the system that serves the agency.

    Raises:
        RoleMissingError: it is neither.

    """
    if _READERS & caller.roles:
        return
    if directory is not None and agency is not None and caller.member is not None:
        serving = directory.member_for(agency.code, at)
        if serving is not None and serving.id == caller.member.id:
            return
    raise RoleMissingError(role=Role.AUDITOR.value)


def _wish(parameters: Parameters) -> Wish:
    by = _one_of(parameters, "by", RegisteredBy) or RegisteredBy.CERTIFICATE
    profile = parameters.text("profile")
    issuer_by = _one_of(parameters, "issuer", IssuerBy)
    attributes = tuple(each for each in (parameters.text("attributes") or "").split(",") if each)
    if by is not RegisteredBy.PROFILE and (profile is not None or issuer_by is not None or attributes):
        raise BadParameterError(name="by", found=by.value, expected=RegisteredBy.PROFILE.value)
    if by is RegisteredBy.PROFILE and (profile is None or not _NAME.fullmatch(profile)):
        raise BadParameterError(name="profile", found=printable(profile or "–"), expected=_NAME.pattern)
    unknown = [each for each in attributes if each not in ATTRIBUTES]
    if unknown:
        raise BadParameterError(
            name="attributes", found=printable(unknown[0]), expected=", ".join(ATTRIBUTES)
        )
    return Wish(
        by=by,
        profile=profile or "",
        issuer_by=issuer_by or IssuerBy.CERTIFICATE,
        attributes=attributes,
        valid_from=_whole(parameters.instant("from")),
        valid_to=_whole(parameters.instant("until")),
        replaces=parameters.text("replaces"),
    )


def _one_of(parameters: Parameters, name: str, kind: type[_E]) -> _E | None:
    text = parameters.text(name)
    if text is None:
        return None
    with suppress(ValueError):
        return kind(text)
    raise BadParameterError(name=name, found=printable(text), expected=", ".join(kind))


def _whole(moment: datetime | None) -> datetime | None:
    """Cut a moment to the milliseconds in which answers tell it."""
    return None if moment is None else moment - timedelta(microseconds=moment.microsecond % 1000)


def _printed(reason: str) -> str:
    if not reason.isprintable() or not reason.strip():
        raise BadParameterError(name="reason", found=printable(reason), expected="1–200")
    return reason


def read_certificates(pem: bytes, needed: int) -> list[Certificate]:
    """Return the certificates of a body, exactly as many as are needed.

    Raises:
        BadParameterError: there are more or less of them that can be read.

    """
    certificates: list[Certificate] = []
    # What is no PEM at all holds no certificate; the library's own words say less.
    with suppress(*UNREADABLE):
        certificates = load_pem_x509_certificates(pem)
    if len(certificates) != needed:
        found = f"{len(certificates)} × CERTIFICATE"
        expected = f"{needed} × CERTIFICATE (PEM, RFC 7468)"
        raise BadParameterError(name="body", found=found, expected=expected)
    return certificates


def _first(pem: bytes) -> bytes:
    """Return the first certificate of a bundle, as it was written."""
    end = b"-----END CERTIFICATE-----"
    return pem[: pem.index(end) + len(end)] + b"\n" if pem.count(end) > 1 else pem
