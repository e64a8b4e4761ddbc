"""Writing attachments to a folder: under harmless names, without their ZIP wrapping, and never over what is there.

Invariants: every file is written directly into the folder and is new; a file that could not be written whole is removed again;
what is written has the SHA-256 that the examination found, or came out of a ZIP that has it.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.cli.output import UnreadableFileError, plain
from schemas.attachments import attachment_bytes
from schemas.document import Attachment
from schemas.errors import SchemaError
from schemas.wrapping import is_wrapped, unwrap_into
from schemas.xml_parser import parse_tree


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
    tree = parse_tree(file)
    for attachment, target in zip(attachments, targets, strict=True):
        content = attachment_bytes(tree, attachment.content_id)
        if hashlib.sha256(content).hexdigest() != attachment.sha256:
            raise UnreadableFileError(vi=f"{file} vừa bị thay đổi", en=f"{file} was changed meanwhile")
        with _new_file(target) as out:
            _write(out, content, attachment)
    return tuple(
        Extracted(attachment=attachment, path=path)
        for attachment, path in zip(attachments, targets, strict=True)
    )


def _write(out: BinaryIO, content: bytes, attachment: Attachment) -> None:
    if not is_wrapped(attachment):
        out.write(content)
        return
    try:
        unwrap_into(out, io.BytesIO(content), attachment)
    except SchemaError as error:
        vi = error.vi.format(**error.facts)
        raise UnreadableFileError(vi=plain(vi), en=plain(error)) from error


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
        name = safe_name(attachment.name)
        stem, dot, extension = name.rpartition(".") if "." in name[1:] else (name, "", "")
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem} ({number}){dot}{extension}"
        taken.add(name.casefold())
        names.append(name)
    return names


def safe_name(name: str) -> str:
    """Make a name harmless."""
    return (
        "".join(c if c.isalnum() or c in "._- " else "_" for c in name.rpartition("/")[2]).strip(". ")
        or "tep"
    )
