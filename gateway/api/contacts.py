"""Whom to call at a connected system or at an agency: personal data, shown to those who look after things and to its own system.

Nothing of it goes into the log or telemetry, and no answer may be kept by a cache.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from aiohttp import hdrs, web

from gateway.api import wire
from gateway.api.agencies import look_up
from gateway.api.bodies import received_json
from gateway.api.context import Context
from gateway.api.parameters import Parameters
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller, Role
from gateway.ports.contacts import Contact, Subject, SubjectKind
from routing.errors import printable

_PHONE: Final = re.compile(r"\+?[0-9][0-9 ().-]{1,29}")
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")
_UNCACHED: Final[dict[str, str]] = {hdrs.CACHE_CONTROL: "no-store"}

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=200)]


class _Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name
    role: _Text = ""
    phone: _Text = ""
    email: _Text = ""


class NewContacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PUT …/contacts."""

    contacts: Annotated[tuple[_Stated, ...], msgspec.Meta(max_length=20)]


async def get_member_contacts(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show whom to call at a connected system."""
    Parameters(request)
    # Rights first: whoever has none does not learn which systems there are.
    if caller.member is None or caller.member.id != request.match_info["id"]:
        caller.require_role(*Role)
    return await _answer(context, await _member(request, context))


async def put_member_contacts(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Replace whom to call at a connected system."""
    return await _replace(request, context, await _member(request, context))


async def get_agency_contacts(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Show whom to call at an agency."""
    Parameters(request)
    subject, served_by = await _agency(request, context)
    if caller.member is None or caller.member.id != served_by:
        caller.require_role(*Role)
    return await _answer(context, subject)


async def put_agency_contacts(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Replace whom to call at an agency."""
    subject, _ = await _agency(request, context)
    return await _replace(request, context, subject)


async def _member(request: web.Request, context: Context) -> Subject:
    member_id = request.match_info["id"]
    directory = await context.store.registry.directory()
    if all(member.id != member_id for member in directory.members):
        raise NotFoundError(what=f"“{printable(member_id)}”")
    return Subject(kind=SubjectKind.MEMBER, id=member_id)


async def _agency(request: web.Request, context: Context) -> tuple[Subject, str | None]:
    directory, at = await context.store.registry.directory(), context.clock()
    agency = look_up(request, directory, at).agency
    member = directory.member_for(agency.code, at)
    subject = Subject(kind=SubjectKind.AGENCY, id=agency.entity_id)
    return subject, None if member is None else member.id


async def _replace(request: web.Request, context: Context, subject: Subject) -> web.StreamResponse:
    stated = await received_json(request, context, NewContacts)
    contacts = [_contact(place, each) for place, each in enumerate(stated.contacts)]
    await context.store.contacts.replace(subject, contacts)
    return await _answer(context, subject)


def _contact(place: int, stated: _Stated) -> Contact:
    where = f"contacts[{place}]"
    for name, text in (("name", stated.name), ("role", stated.role)):
        if not text.isprintable() or (name == "name" and not text.strip()):
            raise BadParameterError(name=f"{where}.{name}", found=printable(text), expected="1–200")
    if stated.phone and not _PHONE.fullmatch(stated.phone):
        raise BadParameterError(name=f"{where}.phone", found="?", expected="+84 24 3804 3100")
    if stated.email and not (_EMAIL.fullmatch(stated.email) and stated.email.isprintable()):
        raise BadParameterError(name=f"{where}.email", found="?", expected="ten@coquan.gov.vn")
    if not stated.phone and not stated.email:
        raise BadParameterError(name=where, found="–", expected="phone, email")
    return Contact(name=stated.name, role=stated.role, phone=stated.phone, email=stated.email)


async def _answer(context: Context, subject: Subject) -> web.StreamResponse:
    found = await context.store.contacts.of(subject)
    contacts = [
        {"name": each.name, "role": each.role, "phone": each.phone, "email": each.email} for each in found
    ]
    return wire.answer({"contacts": contacts}, headers=_UNCACHED)
