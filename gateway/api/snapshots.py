"""The registry as a signed file for whoever keeps a copy: other gateways and document-management systems.

It says what is in force, what was, and what is yet to come; whoever has a token may have it. It holds no contacts. The answer to
`since` is a delta, and where nothing changed an empty one, which is how a reader learns that what it has is still good.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from typing import Final

from aiohttp import hdrs, web

from gateway.api.context import Context, note
from gateway.api.parameters import Parameters
from gateway.api.problems import ProblemError
from gateway.distribution.snapshots import Issued
from gateway.flow.access import Caller
from routing.errors_snapshot import SnapshotVersionGoneError

MEDIA_TYPE: Final = "application/jsonl"
CHUNK: Final = 256 * 1024

_GONE: Final = 410
_LATEST: Final = 2**31 - 1


async def get_snapshot(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Send the whole registry, or what changed since a version."""
    asked = Parameters(request, "since")
    if asked.text("since") is not None:
        since = asked.integer("since", default=0, low=0, high=_LATEST)
        return await _send_delta(request, context, since)
    issued = await context.snapshots.current()
    note(request, registry_version=issued.known.version)
    # The same content may have been signed anew, so that the tag is a weak one.
    headers: dict[str, str] = {
        hdrs.ETAG: f'W/"{issued.etag}"',
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if any(tag.value in {issued.etag, "*"} for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return await _send_file(request, issued, headers)


async def _send_delta(request: web.Request, context: Context, since: int) -> web.StreamResponse:
    try:
        data = await context.snapshots.delta(since)
    except SnapshotVersionGoneError as error:
        raise ProblemError(error, status=_GONE) from error
    note(request, since=since, size=len(data))
    headers = {
        hdrs.ETAG: f'W/"{hashlib.sha256(data).hexdigest()}"',
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    if _takes_gzip(request):
        data = await asyncio.to_thread(gzip.compress, data)
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return web.Response(body=data, content_type=MEDIA_TYPE, headers=headers)


async def _send_file(request: web.Request, issued: Issued, headers: dict[str, str]) -> web.StreamResponse:
    headers = {**headers, hdrs.CONTENT_TYPE: MEDIA_TYPE}
    is_compressed = _takes_gzip(request)
    if is_compressed:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    if request.method == hdrs.METH_HEAD:
        return web.Response(headers=headers)
    # Some megabytes for a whole country; inflated it is ten times as much, and goes out in pieces.
    data = await asyncio.to_thread(issued.path.read_bytes)
    if is_compressed:
        return web.Response(body=data, headers=headers)
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    inflate = zlib.decompressobj(31)
    while data:
        await response.write(await asyncio.to_thread(inflate.decompress, data, CHUNK))
        data = inflate.unconsumed_tail
    await response.write(inflate.flush())
    await response.write_eof()
    return response


def _takes_gzip(request: web.Request) -> bool:
    """Tell whether the caller asked for gzip (RFC 9110 §12.5.3)."""
    for part in request.headers.get(hdrs.ACCEPT_ENCODING, "").split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip().lower() in {"gzip", "x-gzip"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
