"""What octets say of their markup before there is a tree: how much of it there can be.

Every element begins with “<”, and every attribute and namespace declaration has a “=”, so counting the two bounds what a parser
makes of a file (XML 1.0 productions 40, 41, 44). Invariant: what is said here is never less than what the tree holds.
"""

from dataclasses import dataclass
from typing import Final

from schemas.errors import TooComplex
from schemas.prolog import PROLOG_BYTES

_FEW: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one file may ask of the gateway."""

    max_file: int = 200 * 2**20
    """Octets of the whole file."""
    max_bytes: int = 20 * 2**20
    """Octets of what becomes a tree: the file without the base64 that `schemas.splice` leaves where it is."""
    max_markup: int = 100_000
    """Characters “<” in the file, and as many “=”: they bound elements and attributes before parsing."""
    max_depth: int = 64
    """Levels of nested elements."""
    max_attributes: int = 64
    """Attributes of one element, and as many namespace declarations."""
    max_name: int = 512
    """Characters of an element or attribute name, and of a namespace name."""


LIMITS: Final = Limits()


class Markup:
    """Counts markup, piece by piece, and refuses too much of it."""

    __slots__ = ("_are_tags_short", "_attributes", "_elements", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._elements = 0
        self._attributes = 0
        self._are_tags_short: bool | None = None

    @property
    def is_slight(self) -> bool:
        """Whether no element can have too many attributes or namespaces or, in a small file, a name that is too long."""
        return bool(self._are_tags_short) and self._attributes <= self._limits.max_attributes

    def count(self, chunk: bytes) -> None:
        """Take the next octets.

        Raises: TooComplex.
        """
        is_first = self._are_tags_short is None
        if len(chunk) < PROLOG_BYTES:
            pieces = chunk.split(b"<")
            self._elements += len(pieces) - 1
            # A tag may go on in the next chunk, so only of a file that is one of them can this be said.
            self._are_tags_short = is_first and self._has_short_tags(pieces)
        else:
            self._elements += _count(chunk, b"<")
            self._are_tags_short = False
        self._attributes += _count(chunk, b"=")
        if max(self._elements, self._attributes) > self._limits.max_markup:
            raise TooComplex(limit="markup", allowed=self._limits.max_markup)

    def _has_short_tags(self, pieces: list[bytes]) -> bool:
        """Tell whether no tag is longer than a name may be, and so none of its names and namespace names.

        A tag reaches from one “<” to some “>” before the next, because no attribute may hold a “<” (production 10).
        """
        longest = self._limits.max_name
        return all(piece.rfind(b">") <= longest for piece in pieces if len(piece) > longest)


def _count(chunk: bytes, character: bytes) -> int:
    """Count a character; bytes.find skips over base64 some twenty times faster than bytes.count."""
    if len(chunk) < PROLOG_BYTES:
        return chunk.count(character)
    found, at = 0, chunk.find(character)
    while at >= 0 and found < _FEW:
        found, at = found + 1, chunk.find(character, at + 1)
    return found if at < 0 else found + chunk.count(character, at)
