"""Receiving a form: metadata and files in one body (RFC 7578), each part in memory while small and in a private file when not.

The guards of all bodies hold for the form as a whole (`gateway.api.bodies`); besides, the number of parts and the size of their
headers are limited, and nothing is decoded: a part is the bytes that stand there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.api.bodies import JSON, Progress, arriving
from gateway.api.context import Context
from gateway.errors import BadParameterError, UnsupportedMediaTypeError
from gateway.flow.spool import SMALL, Spooled, spool
from routing.errors import printable

MEDIA_TYPES: Final = ("multipart/form-data",)
PARTS: Final = 100
HEADERS: Final = 8
"""Headers of one part."""
HEADER_SIZE: Final = 4096
METADATA_SIZE: Final = 4 * 2**20
"""Octets of the metadata: a circular may go to all ten thousand communes of before July 2025, each with name and address."""
METADATA: Final = "metadata"
FILE: Final = "file"

_CHUNK: Final = 64 * 1024
_AS_IT_IS: Final = frozenset({"binary", "8bit", "7bit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file, and what the form calls it, without any path."""

    name: str
    body: Spooled


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The metadata as it came, and the files in their order."""

    metadata: bytes
    files: tuple[FilePart, ...]


@asynccontextmanager
async def received_form(request: web.Request, context: Context, *, limit: int) -> AsyncIterator[Form]:
    """Receive a form of one part `metadata` (JSON) and any number of parts `file`, and discard its files at the end.

    Raises:
        GatewayError: as `bodies.arriving`, or the form is not of this kind.

    """
    files: list[FilePart] = []
    try:
        async with arriving(request, context, media_types=MEDIA_TYPES, limit=limit) as progress:
            try:
                metadata = await _parts(request, context, progress, files)
            except (ValueError, RuntimeError, HttpProcessingError) as fault:
                # aiohttp's ways to say that the form is malformed.
                raise _bad("body", str(fault), "multipart/form-data (RFC 7578)") from fault
        yield Form(metadata=metadata, files=tuple(files))
    finally:
        for file in files:
            await file.body.discard()


async def _parts(request: web.Request, context: Context, progress: Progress, files: list[FilePart]) -> bytes:
    reader = MultipartReader(
        request.headers, request.content, max_field_size=HEADER_SIZE, max_headers=HEADERS
    )
    metadata: bytes | None = None
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise _bad("body", "multipart", f"{METADATA}, {FILE}")
        coding = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary")
        if coding.lower() not in _AS_IT_IS:
            raise _bad(hdrs.CONTENT_TRANSFER_ENCODING, coding, "binary")
        if part.name == METADATA and metadata is None:
            metadata = await _metadata(part, context, progress)
        elif part.name == FILE and len(files) < PARTS:
            name = _file_name(part)
            chunks = _chunks(part, progress)
            body = await spool(chunks, folder=context.spool, limit=progress.length, memory=SMALL)
            files.append(FilePart(name=name, body=body))
        else:
            raise _bad("body", str(part.name), f"1 × {METADATA}, ≤ {PARTS} × {FILE}")
    if metadata is None:
        raise _bad(METADATA, "–", "JSON")
    return metadata


async def _metadata(part: BodyPartReader, context: Context, progress: Progress) -> bytes:
    found = part.headers.get(hdrs.CONTENT_TYPE, "")
    if found.partition(";")[0].strip().lower() not in JSON:
        raise UnsupportedMediaTypeError(found=printable(found), expected=f"{METADATA}: {' / '.join(JSON)}")
    chunks = _chunks(part, progress)
    body = await spool(chunks, folder=context.spool, limit=METADATA_SIZE, memory=METADATA_SIZE)
    return body.memory or b""


async def _chunks(part: BodyPartReader, progress: Progress) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK):
        progress.came(len(chunk))
        yield chunk
        # What is buffered already is handed out without a pause, and others want their turn.
        await asyncio.sleep(0)


def _file_name(part: BodyPartReader) -> str:
    """Return the last step of the name: some browsers send a whole path."""
    name = (part.filename or "").replace("\\", "/").rpartition("/")[2].strip()
    if not name:
        raise _bad(FILE, "–", 'filename="…"')
    return name


def _bad(name: str, found: str, expected: str) -> BadParameterError:
    return BadParameterError(name=name, found=printable(found), expected=expected)
