"""The port for bodies that are too big for a row."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Payloads(Protocol):
    """Bodies too big for a row, by SHA-256, immutable."""

    async def adopt(self, path: Path, sha256: str) -> None:
        """Make a spooled file durable (fsync of file and folder) under its hash; consumes `path`; a repeat is harmless."""

    async def put(self, body: bytes, sha256: str) -> None:
        """Make a body in memory durable under its hash."""

    def path(self, sha256: str) -> Path:
        """Return the file that holds a body.

        Raises:
            FileNotFoundError: it is not there.

        """
