"""What is known of an attachment after its octets went by once: size, SHA-256, how it begins and how it ends.

The octets come in pieces and are forgotten, so an attachment of any size costs the same memory. Whether it was decoded from a
tree or piece by piece from a file makes no difference to what is measured here.
"""

import hashlib
from typing import Final

SAMPLE: Final = 65_536
"""Octets kept from the beginning: enough to tell the type of a file."""
TAIL: Final = 1 << 20
"""Octets kept from the end, where a ZIP file has its directory; other files need none."""

_ZIP: Final = b"PK"


class Measurement:
    """Grows with each piece; read it when all pieces have gone by."""

    __slots__ = ("_digest", "head", "size", "tail")

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""
        self.tail = b""

    def update(self, piece: bytes) -> None:
        """Take the next octets; but for the last, a piece has at least `SAMPLE` of them."""
        self._digest.update(piece)
        if not self.size:
            self.head = piece[:SAMPLE]
        self.size += len(piece)
        if self.head.startswith(_ZIP):
            self.tail = (self.tail + piece)[-TAIL:]

    @property
    def sha256(self) -> str:
        """The SHA-256 of all octets so far (hex)."""
        return self._digest.hexdigest()
