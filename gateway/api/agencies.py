"""Agency codes: looking one up, and loading the list.

A look-up follows the same road as a document's codes (`routing.resolve`), so what it finds is what a document would find.
A list is taken whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from aiohttp import web

from gateway.api import wire, wire_agencies
from gateway.api.bodies import received
from gateway.api.context import Context, note
from gateway.api.parameters import Parameters
from gateway.api.problems import ProblemError
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from gateway.flow.spool import Spooled
from routing.agencies import Agency, Directory
from routing.agency import agency_content
from routing.agency_csv import parse_agencies
from routing.errors import CodeClosed, CodeError
from routing.errors_change_sets import RegistryNotEmptyError
from routing.resolve import Resolved, resolve

CSV: Final = ("text/csv",)
LIST_LIMIT: Final = 32 * 2**20
"""Octets of a list of agencies, which is in memory as a whole; the largest one known has 10 MB."""

_VERSIONS: Final = 2**31 - 1
_GONE: Final = 410
_NOT_FOUND: Final = 404


async def get_agency(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show what a code names now, or at another moment, as it is known now, or was then or in another version."""
    parameters = Parameters(request, "at", "known_at", "version")
    at = parameters.instant("at") or context.clock()
    directory = await _known(context, parameters)
    found = look_up(request, directory, at)
    code = found.agency.code
    return wire.answer(
        wire.agency(
            found.agency,
            as_sent=found.as_sent,
            member=directory.member_for(code, at),
            version=directory.version,
            at=at,
            background=wire_agencies.background(code, directory, at=at),
        )
    )


async def _known(context: Context, parameters: Parameters) -> Directory:
    """Return the version of the registry that is asked about: the newest, a certain one, or what was the newest once."""
    known_at = parameters.instant("known_at")
    if parameters.text("version") is None:
        asked: int | datetime | None = known_at
    elif known_at is None:
        asked = parameters.integer("version", default=0, low=0, high=_VERSIONS)
    else:
        raise BadParameterError(name="known_at", found="version", expected="known_at / version")
    if asked is None:
        return await context.store.registry.directory()
    try:
        found = await context.store.registry.directory_at(asked)
    except KeyError:
        raise NotFoundError(what=f"“{asked}”") from None
    if not len(found):
        # Nothing was known then, which is an answer and no reason to ask again.
        raise NotFoundError(what=f"“{asked}”")
    return found


async def load_agencies(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Put the agencies of a CSV file in force as one new version of the registry."""
    before = await context.store.registry.directory()
    async with received(request, context, media_types=CSV, limit=LIST_LIMIT) as body:
        agencies = await asyncio.to_thread(_read, body)
        if len(before) and not await asyncio.to_thread(_is_same, before, agencies):
            # One person may begin a registry, and nobody replaces one alone.
            raise RegistryNotEmptyError(version=before.version, agencies=len(before))
        if any(agency.certificates for agency in agencies):
            # Only a whole certificate can be registered, so that it can be checked later; its hash alone will not do.
            raise BadParameterError(
                name="certificate_sha256", found="CSV", expected="POST /v1/agencies/{code}/certificates"
            )
        after = await context.store.registry.load_agencies(
            agencies, actor=caller.credential_id, source_sha256=body.sha256
        )
    context.bell.ring(LOG)
    note(request, registry_version=after.version, agencies=len(agencies))
    return wire.answer(
        {
            "version": after.version,
            "sha256": after.sha256,
            "agencies": len(agencies),
            "changed": after.version != before.version,
        }
    )


def look_up(request: web.Request, directory: Directory, at: datetime) -> Resolved:
    """Resolve the code in the path; here a code that names nothing is not found rather than refused."""
    try:
        return resolve(request.match_info["code"], directory=directory, at=at)
    except CodeClosed as error:
        raise ProblemError(error, status=_GONE) from error
    except CodeError as error:
        if error.retry:
            raise
        raise ProblemError(error, status=_NOT_FOUND) from error


def _is_same(directory: Directory, agencies: Iterable[Agency]) -> bool:
    return {agency_content(each) for each in directory.agencies()} == {
        agency_content(each) for each in agencies
    }


def _read(body: Spooled) -> tuple[Agency, ...]:
    source = body.source
    return parse_agencies(source if isinstance(source, bytes) else source.read_bytes())
