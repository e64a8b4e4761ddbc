"""What is known of an attachment after its octets went by once: size, SHA-256, how it begins and how it ends.

The octets come in pieces and are forgotten, so an attachment of any size costs the same memory. Whether it was decoded from a
tree or piece by piece from a file makes no difference to what is measured here.
"""

import hashlib
from collections import deque
from typing import Final

SAMPLE: Final = 65_536
"""Octets kept from the beginning: enough to tell the type of a file."""
TAIL: Final = 1 << 20
"""Octets kept from the end, where a ZIP file has its directory; other files need none."""

_ZIP: Final = b"PK"


class Measurement:
    """Grows with each piece; read it when all pieces have gone by."""

    __slots__ = ("_digest", "_last", "_last_size", "head", "size")

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._last: deque[bytes] = deque()
        self._last_size = 0
        self.size = 0
        self.head = b""

    def update(self, piece: bytes) -> None:
        """Take the next octets."""
        self._digest.update(piece)
        self.size += len(piece)
        if len(self.head) < SAMPLE:
            self.head += piece[: SAMPLE - len(self.head)]
        if self.head[: len(_ZIP)] == _ZIP[: len(self.head)]:
            self._keep(piece)

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
