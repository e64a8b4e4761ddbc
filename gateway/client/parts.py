"""Small parts of calls: segments of paths, and the hash of what was fetched."""

from __future__ import annotations

import hashlib
from typing import BinaryIO
from urllib.parse import quote

from gateway.client.transport import CHUNK


def digest(out: BinaryIO, start: int) -> str:
    """Read back what stands in a file from `start` on; it is left at its end."""
    out.flush()
    out.seek(start)
    found = hashlib.sha256()
    while piece := out.read(CHUNK):
        found.update(piece)
    return found.hexdigest()


def part(text: str) -> str:
    """Write an id or code as one segment of a path."""
    return quote(text, safe="")
