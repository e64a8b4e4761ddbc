"""Writing a message from metadata and files: what `vanthu compose` and POST /v1/documents:compose do.

Files other than PDF, Word and ZIP are wrapped in a ZIP on the way, as the axis's own software does. No content is ever in memory
as a whole.
Invariant: the written file was read back with the gateway's own reader and holds exactly the message that was composed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from schemas.composition import compose, content_ids, place_in_metadata
from schemas.document import Attachment, Document, StatusMessage
from schemas.errors import SchemaError, SchemaErrors
from schemas.parse import Parsed, parse
from schemas.serialize import status_xml, write_document
from schemas.splice import open_file
from schemas.wrapping import content_type_for, entry_name_for, must_wrap, wrap_into
from schemas.write import Source, describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """A file to be attached: what it shall be called, and what opens it."""

    name: str
    open: Callable[[], BinaryIO]


def opener_of(path: Path) -> Callable[[], BinaryIO]:
    """Return what opens a file for reading."""
    return lambda: path.open("rb")


def write_message(
    metadata: Mapping[str, Any],
    files: Sequence[Supplied],
    target: Path,
    *,
    at: datetime,
    scratch: Path | None,
) -> Parsed:
    """Compose a message and write it to `target`; `scratch` is the folder for what is wrapped, None the system's.

    Raises:
        SchemaErrors: metadata or files do not make a message that would be read; `target` is then of no use.
        OSError: a file cannot be read, or nothing can be written.

    """
    with ExitStack() as stack:
        attachments, sources = [], {}
        for content_id, file in zip(content_ids(len(files)), files, strict=True):
            attachment, sources[content_id] = _attach(stack, file, content_id, scratch)
            attachments.append(attachment)
        composed = compose(metadata, attachments, at=at)
        with target.open("wb") as out:
            _write(composed.message, sources, out)
    return Parsed(message=composed.message, warnings=_read_back(target, composed.message, at=at))


def _attach(
    stack: ExitStack, file: Supplied, content_id: str, scratch: Path | None
) -> tuple[Attachment, Source]:
    """Describe a file as it will travel, and say where its content comes from."""
    facts = {"content_id": content_id, "name": file.name, "content_type": content_type_for(file.name)}
    with file.open() as source:
        if not must_wrap(file.name):
            return describe(source, **facts), file.open
        descriptor, name = tempfile.mkstemp(dir=scratch, prefix="body-")
        path = Path(name)
        stack.callback(path.unlink)
        with os.fdopen(descriptor, "w+b") as wrapped:
            wrap_into(wrapped, source, entry_name=entry_name_for(file.name, unique=str(uuid4())))
            wrapped.seek(0)
            return describe(wrapped, **facts), opener_of(path)


def _write(message: Document | StatusMessage, sources: Mapping[str, Source], out: BinaryIO) -> None:
    if isinstance(message, Document):
        write_document(message, sources, out)
    else:
        out.write(status_xml(message))


def _read_back(target: Path, message: Document | StatusMessage, *, at: datetime) -> tuple[SchemaError, ...]:
    """Read what was written, attachments included; there is no other judge of what a receiver would refuse."""
    try:
        opened = open_file(target)
        read = parse(opened.tree, at=at, contents=opened.contents)
    except SchemaErrors as refused:
        place_in_metadata((*refused.errors, *refused.warnings), message)
        raise
    except SchemaError as refused:
        raise SchemaErrors((refused,)) from refused
    if read.message != message:
        raise AssertionError("what was written is not what was composed")
    place_in_metadata(read.warnings, message)
    return read.warnings
