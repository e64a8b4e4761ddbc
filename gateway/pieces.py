"""A document in pieces, as it crosses the axis between gateways that share no payload store.

Invariant: how a document is cut follows from its size alone, so pieces of different attempts to send it fit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SEGMENT: Final = 128 * 1024
"""Bytes in every piece but the last: part of the protocol between gateways."""


def length_of(size: int, index: int) -> int:
    """Return how many bytes piece `index` of a document of `size` bytes has."""
    return min(SEGMENT, size - index * SEGMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A document as one gateway announces it. What two gateways announce is kept apart, so that neither can spoil the other's."""

    gateway: str
    sha256: str
    size: int

    @property
    def count(self) -> int:
        """The number of its pieces."""
        return -(-self.size // SEGMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The bytes at `index` times `SEGMENT`."""

    index: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """How much is kept of documents that are not all here yet."""

    documents: int
    size: int
