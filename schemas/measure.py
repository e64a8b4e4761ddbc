"""What is known of an attachment after its octets went by once: size, SHA-256, how it begins and how it ends.

The octets come in pieces and are forgotten, so an attachment of any size costs the same memory. Whether it was decoded from a
tree or piece by piece from a file makes no difference to what is measured here.
"""

import hashlib
import struct
from collections import deque
from typing import Final, Self

SAMPLE: Final = 65_536
"""Octets kept from the beginning: enough to tell the type of most files."""
TAIL: Final = 1 << 20
"""Octets kept from the end, where a ZIP file has its directory; other files need none."""

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE_DIRECTORY: Final = 4_096
"""Octets kept of the directory of an OLE compound file (MS-CFB §2.6), which may stand anywhere in it."""

_ZIP: Final = b"PK"
_OLE_HEADER: Final = 512
_SECTOR_SHIFTS: Final = (9, 12)


class Measurement:
    """Grows with each piece; read it when all pieces have gone by."""

    __slots__ = ("_digest", "_directory_at", "_last", "_last_size", "directory", "head", "size")

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._directory_at: int | None = None
        self._last: deque[bytes] = deque()
        self._last_size = 0
        self.size = 0
        self.head = b""
        self.directory = b""

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Measure content that is here as a whole."""
        measured = cls()
        measured.update(content)
        return measured

    def update(self, piece: bytes) -> None:
        """Take the next octets."""
        self._digest.update(piece)
        start, self.size = self.size, self.size + len(piece)
        if len(self.head) < SAMPLE:
            self.head += piece[: SAMPLE - len(self.head)]
        if self.head[: len(_ZIP)] == _ZIP[: len(self.head)]:
            self._keep(piece)
        if start < _OLE_HEADER <= self.size:
            self._directory_at = _ole_directory_at(self.head)
        if self._directory_at is not None:
            wanted = self._directory_at + len(self.directory) - start
            self.directory += piece[wanted : self._directory_at + OLE_DIRECTORY - start]

    def _keep(self, piece: bytes) -> None:
        self._last.append(piece)
        self._last_size += len(piece)
        while self._last_size - len(self._last[0]) >= TAIL:
            self._last_size -= len(self._last.popleft())

    @property
    def tail(self) -> bytes:
        """The last `TAIL` octets of what begins like a ZIP file; nothing of any other."""
        return b"".join(self._last)[-TAIL:]

    @property
    def sha256(self) -> str:
        """The SHA-256 of all octets so far (hex)."""
        return self._digest.hexdigest()


def _ole_directory_at(head: bytes) -> int | None:
    """Return where the directory of an OLE compound file begins, by its header (MS-CFB §2.2)."""
    if not head.startswith(OLE):
        return None
    (shift,) = struct.unpack_from("<H", head, 30)
    (sector,) = struct.unpack_from("<I", head, 48)
    return (sector + 1) << shift if shift in _SECTOR_SHIFTS else None
