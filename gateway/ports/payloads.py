"""The port for bodies that are too big for a row."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol


class Payloads(Protocol):
    """Bodies too big for a row, by SHA-256, immutable; and beside them what is kept only until it is decided."""

    async def adopt(self, path: Path, sha256: str) -> None:
        """Make a spooled file durable (fsync of file and folder) under its hash; consumes `path`; a repeat is harmless."""

    async def put(self, body: bytes, sha256: str) -> None:
        """Make a body in memory durable under its hash."""

    def path(self, sha256: str) -> Path:
        """Return the file that holds a body.

        Raises:
            FileNotFoundError: it is not there.

        """

    def has(self, sha256: str) -> bool:
        """Say whether a body is there, without fetching it; call it in a thread."""

    async def set_aside(self, source: bytes | Path, name: str) -> None:
        """Make a body durable under an identifier of its own, from which it can be removed again; a file is consumed."""

    def aside(self, name: str) -> Path:
        """Return the file of a body that was set aside."""

    async def promote(self, name: str, sha256: str) -> None:
        """Make what was set aside durable under its hash, too; it stays aside until it is dropped.

        Raises:
            FileNotFoundError: nothing is set aside under this name.

        """

    async def drop(self, name: str) -> None:
        """Remove what was set aside; once is as good as many times."""

    async def left_aside(self, *, before: datetime) -> tuple[str, ...]:
        """Return the names of what was set aside before a moment and not dropped since."""
