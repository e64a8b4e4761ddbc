"""Receiving a body: hashed while it streams, in memory while small, in a private spool file when big.

Nothing here is durable; `Payloads.adopt` makes a spooled file so. A spool file that a crash leaves behind is only litter and is
removed at the next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import BodyTooLargeError

SMALL = 16 * 1024
"""Bodies up to this size live in a database row and travel inside the axis envelope (docs/adr/0005)."""

MEMORY = 256 * 1024
"""A body up to this size is examined from memory; a bigger one from its spool file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A completely received body: in `memory` or, when that is None, at `path`."""

    sha256: str
    size: int
    memory: bytes | None
    path: Path | None

    @property
    def source(self) -> bytes | Path:
        """What `schemas.xml_parser.parse_tree` reads."""
        if self.memory is not None:
            return self.memory
        if self.path is None:
            raise AssertionError("a body is in memory or on disk")
        return self.path

    async def discard(self) -> None:
        """Remove the spool file if it is still there."""
        if self.path is not None:
            await asyncio.to_thread(self.path.unlink, missing_ok=True)


async def spool(chunks: AsyncIterator[bytes], *, folder: Path, limit: int, memory: int = MEMORY) -> Spooled:
    """Receive a body chunk by chunk, hashing it on the way; `limit` is in bytes, and over `memory` bytes it goes to a file.

    Raises:
        BodyTooLargeError: more than `limit` bytes came; nothing is left behind.

    """
    digest = hashlib.sha256()
    size = 0
    held: list[bytes] = []
    file: _SpoolFile | None = None
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise BodyTooLargeError(limit=limit)  # noqa: TRY301 - the clean-up below is for this too
            digest.update(chunk)
            held.append(chunk)
            if size > memory:
                if file is None:
                    file = await asyncio.to_thread(_SpoolFile, folder)
                if sum(map(len, held)) >= MEMORY:
                    await asyncio.to_thread(file.write, held)
                    held = []
        if file is None:
            return Spooled(sha256=digest.hexdigest(), size=size, memory=b"".join(held), path=None)
        await asyncio.to_thread(file.write, held)
        await asyncio.to_thread(file.close)
    except BaseException:
        if file is not None:
            await asyncio.to_thread(file.abandon)
        raise
    return Spooled(sha256=digest.hexdigest(), size=size, memory=None, path=file.path)


class _SpoolFile:
    """A private file for one body."""

    def __init__(self, folder: Path) -> None:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix="body-")
        self.path = Path(name)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")

    def write(self, chunks: list[bytes]) -> None:
        self._file.write(b"".join(chunks))

    def close(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)
