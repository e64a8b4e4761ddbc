"""Composing for those who have no edXML of their own: POST /v1/documents:compose.

The gateway has no agency's key, so what it composes is unsigned, and the answer says so: it is for its caller to sign and send.
Nothing is kept: neither the files nor the result nor an entry in the routing log.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from gateway.api import content, problems
from gateway.api.context import Context, note
from gateway.api.forms import Form, received_form
from gateway.errors import BodyTooLargeError
from gateway.flow.access import Caller
from gateway.flow.composing import Supplied, opener_of, write_message
from gateway.flow.spool import Spooled
from routing.errors import printable
from schemas.attachment_name import safe_name
from schemas.document import Document
from schemas.errors import MetadataUnreadable, SchemaErrors
from schemas.parse import Parsed

SIGNATURE: Final = "Vanthu-Signature"
WARNINGS: Final = "Vanthu-Warnings"


async def compose_message(request: web.Request, context: Context, _caller: Caller) -> web.StreamResponse:
    """Make an edXML file from metadata and plain files, and hand it out."""
    limit = context.settings.max_body
    async with received_form(request, context, limit=limit) as form, _private_file(context.spool) as target:
        note(request, files=len(form.files))
        try:
            composed, size, sha256 = await asyncio.to_thread(_compose, form, target, context)
        except SchemaErrors as refused:
            note(request, code=refused.errors[0].code)
            return problems.of_fault(request, refused.errors[0], parts=refused.errors)
        if size > limit:
            raise BodyTooLargeError(limit=limit)
        file = await content.opened(target)
    # All files are gone by now; the open one goes when it was sent.
    note(request, sha256=sha256, size=size)
    return await content.stream(request, file, size=size, headers=_headers(composed, sha256))


@asynccontextmanager
async def _private_file(folder: Path) -> AsyncIterator[Path]:
    def make() -> Path:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix="body-")
        os.close(descriptor)
        return Path(name)

    path = await asyncio.to_thread(make)
    try:
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _compose(form: Form, target: Path, context: Context) -> tuple[Parsed, int, str]:
    files = [Supplied(name=each.name, open=_opener(each.body)) for each in form.files]
    composed = write_message(
        _metadata(form.metadata), files, target, at=context.clock(), scratch=context.spool
    )
    with target.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
        return composed, written.tell(), sha256


def _opener(body: Spooled) -> Callable[[], BinaryIO]:
    source = body.source
    return opener_of(source) if isinstance(source, Path) else lambda: io.BytesIO(source)


def _metadata(text: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SchemaErrors((MetadataUnreadable(form="JSON", reason=printable(str(error))),)) from error


def _headers(composed: Parsed, sha256: str) -> dict[str, str]:
    message = composed.message
    number = f"{message.code.number}-{message.code.notation}" if isinstance(message, Document) else "status"
    name = quote(safe_name(f"{number.replace('/', '-')}.edxml"))
    return {
        hdrs.CONTENT_TYPE: content.MEDIA_TYPE,
        hdrs.CONTENT_DISPOSITION: f"attachment; filename=\"document.edxml\"; filename*=UTF-8''{name}",
        SIGNATURE: "none",
        WARNINGS: ", ".join(sorted({each.code for each in composed.warnings})),
        **content.digest_headers(sha256),
    }
