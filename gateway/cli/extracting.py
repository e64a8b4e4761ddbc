"""Writing attachments to a folder: under harmless names, without their ZIP wrapping, and never over what is there.

Invariants: every file is written directly into the folder and is new; a file that could not be written whole is removed again;
what is written has the SHA-256 that the examination found, or came out of a ZIP that has it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.cli.output import UnreadableFileError, plain
from schemas.attachments import read_content
from schemas.document import Attachment
from schemas.errors import SchemaError
from schemas.splice import Opened, open_file
from schemas.wrapping import is_wrapped, unwrap_into


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """An attachment and the file that holds it now."""

    attachment: Attachment
    path: Path


def extract_to(folder: Path, file: Path, attachments: Sequence[Attachment]) -> tuple[Extracted, ...]:
    """Write the attachments of an examined file into a folder, which is made if it is not there.

    Raises:
        UnreadableFileError: a file of that name is there already, or an attachment cannot be written.

    """
    targets = [folder / name for name in _names(attachments)]
    for target in targets:
        if os.path.lexists(target):
            raise UnreadableFileError(vi=f"Đã có {target}, không ghi đè", en=f"{target} is there already")
    folder.mkdir(parents=True, exist_ok=True)
    found = [
        Extracted(attachment=attachment, path=path)
        for attachment, path in zip(attachments, targets, strict=True)
    ]
    try:
        opened = open_file(file)
        for each in found:
            with _new_file(each.path) as out:
                _write(out, opened, each.attachment)
    except SchemaError as error:
        vi = error.vi.format(**error.facts)
        raise UnreadableFileError(vi=plain(vi), en=plain(error)) from error
    return tuple(found)


def _write(out: BinaryIO, opened: Opened, attachment: Attachment) -> None:
    if not is_wrapped(attachment):
        _copy(out, opened, attachment)
        return
    with tempfile.TemporaryFile() as wrapped:
        _copy(wrapped, opened, attachment)
        wrapped.seek(0)
        unwrap_into(out, wrapped, attachment)


def _copy(out: BinaryIO, opened: Opened, attachment: Attachment) -> None:
    digest = hashlib.sha256()
    for piece in read_content(opened, attachment.content_id):
        digest.update(piece)
        out.write(piece)
    if digest.hexdigest() != attachment.sha256:
        name = plain(attachment.name)
        raise UnreadableFileError(vi=f"{name} vừa bị thay đổi", en=f"{name} was changed meanwhile")


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Make a file that was not there, and remove it again if it does not get its content."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _names(attachments: Sequence[Attachment]) -> list[str]:
    """Give each attachment a name of its own; capitals alone make no difference on some systems."""
    taken: set[str] = set()
    names = []
    for attachment in attachments:
        name = attachment.safe_name
        stem, dot, extension = name.rpartition(".") if "." in name[1:] else (name, "", "")
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem} ({number}){dot}{extension}"
        taken.add(name.casefold())
        names.append(name)
    return names
