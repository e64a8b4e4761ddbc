"""Other gateways that this one believes when it meets them on the broker.

Whoever holds a peer's key can send in the name of its systems, so only the role `admin` changes peers; each change is an entry of
the routing log. Invariant: the receiving side reads peers for each batch, so that a change counts at once in every process.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from gateway.api import wire, wire_agencies
from gateway.api.bodies import received_json
from gateway.api.context import Context
from gateway.api.parameters import Parameters
from gateway.errors import NotFoundError
from gateway.errors_peers import (
    GatewayUnknownError,
    OwnGatewayError,
    PeerKeyForeignError,
    PeerKeyUnreadableError,
)
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from gateway.peers import PeerGateway
from routing.errors import printable
from routing.errors_log import VerifierKeyMalformed
from routing.note import parse_verifier_key

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]


class NewPeer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v1/peers."""

    name: _Text
    verifier_key: _Key
    shares_payloads: bool = False


async def list_peers(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """List the gateways that are believed, this one first among them."""
    Parameters(request)
    items = [
        wire_agencies.peer(each, own=context.settings.name) for each in await context.store.registry.peers()
    ]
    return wire.answer({"items": items})


async def put_peer(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Believe a gateway from now on, or change its key or terms."""
    stated = await received_json(request, context, NewPeer)
    _not_own(stated.name, context)
    try:
        verifier = parse_verifier_key(stated.verifier_key)
    except VerifierKeyMalformed as error:
        raise PeerKeyUnreadableError(reason=error.facts["reason"]) from error
    if verifier.name != (expected := f"{stated.name}/axis"):
        raise PeerKeyForeignError(found=printable(verifier.name), expected=printable(expected))
    peer = PeerGateway(name=stated.name, verifier_key=str(verifier), shares_payloads=stated.shares_payloads)
    await context.store.registry.put_peer(peer, actor=caller.credential_id)
    context.bell.ring(LOG)
    return wire.answer(wire_agencies.peer(peer, own=context.settings.name), status=201)


async def end_peer(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Believe nothing of a gateway any more, and tell which systems are still given to it."""
    name = request.match_info["name"]
    _not_own(name, context)
    if not await context.store.registry.end_peer(name, actor=caller.credential_id):
        raise NotFoundError(what=f"“{printable(name)}”")
    context.bell.ring(LOG)
    directory = await context.store.registry.directory()
    left = sorted(member.id for member in directory.members if member.gateway == name)
    return wire.answer({"name": name, "members": left})


async def require_known(gateway: str, context: Context) -> None:
    """Let only this gateway and those that are believed host a system.

    Raises:
        GatewayUnknownError: it is none of them.

    """
    known = [each.name for each in await context.store.registry.peers()]
    if gateway != context.settings.name and gateway not in known:
        raise GatewayUnknownError(gateway=printable(gateway), known=", ".join(known))


def _not_own(name: str, context: Context) -> None:
    if name == context.settings.name:
        raise OwnGatewayError(gateway=name)
