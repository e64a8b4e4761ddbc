"""The routing log for auditors: entries as they were hashed, and proofs that they are in the signed tree.

The checkpoint is for everyone, because the more hands it is in, the less it can be taken back. Whoever reads entries leaves an
entry (`log_query`) themselves.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import pybase64
from aiohttp import hdrs, web

from gateway.api import wire
from gateway.api.context import Context
from gateway.api.parameters import Parameters
from gateway.errors import NotFoundError
from gateway.flow.access import Caller
from gateway.flow.notifying import LOG
from gateway.ports.log import LogRow
from gateway.records import Event, Json
from routing.checkpoint import open_checkpoint
from routing.errors import printable
from routing.errors_log import ProofRange
from routing.log import Kind
from routing.merkle import inclusion_proof
from routing.note import parse_verifier_key

LIMIT: Final = 1000
LARGEST: Final = 10**15 - 1
_DIGITS: Final = 15
_NOTHING: Final = bytes(32)


async def get_checkpoint(_request: web.Request, context: Context) -> web.StreamResponse:
    """Send the latest signed checkpoint (C2SP note)."""
    note = await context.store.log.checkpoint()
    if note is None:
        raise NotFoundError(what="checkpoint")
    return web.Response(text=note, content_type="text/plain", headers={hdrs.CACHE_CONTROL: "no-cache"})


async def get_entries(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """List entries by their place in the tree."""
    parameters = Parameters(request, "start", "limit")
    start = parameters.integer("start", default=0, low=0, high=LARGEST)
    limit = parameters.integer("limit", default=100, low=1, high=LIMIT)
    await _record_query(context, caller, start=start, limit=limit)
    rows = await context.store.log.entries(start=start, limit=limit)
    entries = await asyncio.to_thread(lambda: [_entry(row) for row in rows])
    following = start + len(rows) if len(rows) == limit else None
    return wire.answer({"entries": entries, "next": following})


async def get_proof(request: web.Request, context: Context, caller: Caller) -> web.StreamResponse:
    """Prove that an entry is in the tree of the latest checkpoint (RFC 6962 §2.1.1)."""
    text = request.match_info["index"]
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise NotFoundError(what=f"“{printable(text)}”")
    index = int(text)
    await _record_query(context, caller, proof=index)
    note = await context.store.log.checkpoint()
    if note is None:
        raise NotFoundError(what="checkpoint")
    key = context.keys.log
    checkpoint = open_checkpoint(note, origin=key.name, verifiers=[parse_verifier_key(key.verifier)])
    if index >= checkpoint.size:
        raise ProofRange(first=index, size=checkpoint.size)
    path, leaf = await asyncio.gather(
        _proof(context, index, checkpoint.size), context.store.log.node(0, index)
    )
    return wire.answer(
        {
            "index": index,
            "leaf_sha256": leaf.hex(),
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "proof": [node.hex() for node in path],
            "checkpoint": note,
        }
    )


async def _proof(context: Context, index: int, size: int) -> tuple[bytes, ...]:
    """Find out which nodes the proof needs, fetch them, and make it."""
    needed: list[tuple[int, int]] = []

    def take_down(level: int, position: int) -> bytes:
        needed.append((level, position))
        return _NOTHING

    inclusion_proof(index, size, take_down)
    hashes = await asyncio.gather(*(context.store.log.node(*place) for place in needed))
    nodes = dict(zip(needed, hashes, strict=True))
    return inclusion_proof(index, size, lambda level, position: nodes[level, position])


async def _record_query(context: Context, caller: Caller, **query: Json) -> None:
    fields = {"actor": caller.credential_id, "query": query}
    await context.store.log.append([Event(kind=Kind.LOG_QUERY, fields=fields)])
    context.bell.ring(LOG)


def _entry(row: LogRow) -> dict[str, Json]:
    return {
        "index": row.index,
        "leaf_sha256": row.leaf_sha256,
        "leaf": msgspec.Raw(row.leaf),
        "leaf_base64": pybase64.b64encode(row.leaf).decode("ascii"),
    }
