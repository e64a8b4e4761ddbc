"""The registry as a whole: the version in force and what is to come, every earlier version, and officers' keys."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import msgspec
from aiohttp import web

from gateway.api import wire, wire_changes
from gateway.api.bodies import received_json
from gateway.api.change_files import CSV, JSON, XLSX
from gateway.api.context import Context
from gateway.api.parameters import Parameters, path_identifier
from gateway.change_templates import TEMPLATES
from gateway.errors import BadParameterError, NotFoundError
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from routing.errors import printable
from routing.errors_log import VerifierKeyMalformed
from routing.note import parse_verifier_key

_VERSIONS: Final = 2**31 - 1
_MEDIA: Final = {"csv": CSV, "xlsx": XLSX, "json": JSON}


class NewOfficerKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/tokens/{credential_id}/officer-key."""

    verifier_key: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


async def show_registry(_request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Show the version in force, what is under way, and when something takes effect next."""
    directory = await context.store.registry.directory()
    newest = await context.store.changes.versions(before=directory.version + 1, limit=1)
    sizes = {
        "version": directory.version,
        "sha256": directory.sha256,
        "agencies": len(directory),
        "members": len(directory.members),
    }
    pending = await context.store.changes.pending()
    shown = wire_changes.registry(newest[0] if newest else None, sizes, pending, at=context.clock())
    return wire.answer(shown)


async def list_versions(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List versions, the newest first."""
    parameters = Parameters(request, "before", "limit")
    limit = parameters.integer("limit", default=50, low=1, high=200)
    before = parameters.integer("before", default=_VERSIONS, low=1, high=_VERSIONS)
    found = await context.store.changes.versions(before=before, limit=limit)
    items = [wire_changes.registry_version(each) for each in found]
    return wire.answer({"items": items, "next": found[-1].version if len(found) == limit else None})


async def get_template(request: web.Request, _context: Context, _caller: Caller) -> web.StreamResponse:
    """Give a file to fill in."""
    name = request.match_info["name"]
    make = TEMPLATES.get(name)
    if make is None:
        raise NotFoundError(what=f"“{printable(name)}”")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    media = _MEDIA[name.rpartition(".")[2]]
    return web.Response(body=await asyncio.to_thread(make), content_type=media, headers=headers)


async def list_officers(_request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List the keys of all officers, also those that do not count any more."""
    keys = await context.store.changes.officer_keys()
    return wire.answer({"items": [wire_changes.officer_key(each) for each in keys]})


async def register_officer_key(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Make this the key under which the holder of a token signs changes of the registry."""
    credential_id = path_identifier(request, "credential_id")
    stated = await received_json(request, context, NewOfficerKey)
    try:
        verifier = parse_verifier_key(stated.verifier_key)
    except VerifierKeyMalformed:
        shown = printable(stated.verifier_key)
        raise BadParameterError(name="verifier_key", found=shown, expected="name+id+key") from None
    credential = await context.store.accounts.credential(credential_id)
    if credential is None or credential.revoked_at is not None:
        raise NotFoundError(what=f"“{credential_id}”")
    key = await context.store.changes.register_key(credential_id, str(verifier), actor=caller.credential_id)
    context.bell.ring(LOG)
    return wire.answer(wire_changes.officer_key(key), status=201)
