"""Reading ASN.1 as X.690 encodes it: just enough for time-stamp tokens, and no more than one level at a time.

CMS may be in BER (RFC 5652 §2), so indefinite lengths and strings in pieces are read; everything else must be as DER has it.
Invariants: nothing is decoded that is not asked for; a reader never looks outside the value that it was given; what is left over
is an error, not ignored; the number of values and the length of numbers are limited.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

MAX_CHILDREN: Final = 100
MAX_STEPS: Final = 2000
"""Values that are passed over to find where one of indefinite length ends."""

MAX_INTEGER: Final = 64
"""Octets of an INTEGER; serial numbers have at most 20 (RFC 5280 §4.1.2.2), a nonce perhaps 32."""

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
OBJECT_IDENTIFIER: Final = 0x06
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
_CONSTRUCTED: Final = 0x20
_CONTEXT: Final = 0x80
_HIGH_TAG: Final = 0x1F
_LONG: Final = 0x80
_INDEFINITE: Final = b"\x80"
_END_OF_CONTENTS: Final = b"\0\0"
_MAX_LENGTH_OCTETS: Final = 4


class DerError(ValueError):
    """The octets are not the value that was expected."""


def implicit(number: int) -> int:
    """Return the tag of a primitive value that a context tag stands before instead of its own."""
    return _CONTEXT | number


def explicit(number: int) -> int:
    """Return the context tag of a constructed value."""
    return _CONTEXT | _CONSTRUCTED | number


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its tag, its contents, and the octets from which both were read."""

    tag: int
    contents: bytes
    octets: bytes

    @classmethod
    def read(cls, octets: bytes) -> Self:
        """Read one value that takes all of the octets.

        Raises: DerError.
        """
        value, end = cls._at(octets, 0)
        if end != len(octets):
            raise DerError("octets are left over")
        return value

    @classmethod
    def _at(cls, octets: bytes, start: int) -> tuple[Self, int]:
        body, end, rest = _extent(octets, start)
        return cls(octets[start], octets[body:end], octets[start:rest]), rest

    def expect(self, tag: int) -> Self:
        """Return the value itself if it has a tag.

        Raises: DerError.
        """
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} instead of {tag:#x}")
        return self

    def children(self) -> "Children":
        """Return the values inside, to be taken one after the other.

        Raises: DerError.
        """
        if not self.tag & _CONSTRUCTED:
            raise DerError("not constructed")
        return Children(self._values())

    def _values(self) -> Iterator["Value"]:
        start = 0
        for _ in range(MAX_CHILDREN):
            if start == len(self.contents):
                return
            value, start = Value._at(self.contents, start)
            yield value
        if start != len(self.contents):
            raise DerError("too many values")

    def integer(self, tag: int = INTEGER) -> int:
        """Return an INTEGER.

        Raises: DerError.
        """
        contents = self.expect(tag).contents
        padded = len(contents) > 1 and contents[0] in {0, 0xFF} and contents[0] >> 7 == contents[1] >> 7
        if not 1 <= len(contents) <= MAX_INTEGER or padded:
            raise DerError("not an INTEGER")
        return int.from_bytes(contents, signed=True)

    def boolean(self) -> bool:
        """Return a BOOLEAN.

        Raises: DerError.
        """
        if self.expect(BOOLEAN).contents not in {b"\0", b"\xff"}:
            raise DerError("not a BOOLEAN")
        return self.contents != b"\0"

    def identifier(self) -> str:
        """Return an OBJECT IDENTIFIER with dots.

        Raises: DerError.
        """
        contents = self.expect(OBJECT_IDENTIFIER).contents
        if not 1 <= len(contents) <= MAX_INTEGER or contents[-1] & 0x80:
            raise DerError("not an OBJECT IDENTIFIER")
        arcs: list[int] = []
        arc = 0
        for octet in contents:
            if arc == 0 and octet == _LONG:
                raise DerError("not an OBJECT IDENTIFIER")
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def string(self, tag: int = OCTET_STRING) -> bytes:
        """Return an OCTET STRING, put together if it is in pieces.

        Raises: DerError.
        """
        if self.tag == tag:
            return self.contents
        self.expect(tag | _CONSTRUCTED)
        return b"".join(piece.expect(OCTET_STRING).contents for piece in self.children().all())


class Children:
    """The values inside another one, taken in order."""

    __slots__ = ("_next", "_values")

    def __init__(self, values: Iterator[Value]) -> None:
        self._values = values
        self._next = next(values, None)

    def take(self, tag: int) -> Value:
        """Take the next value, which must be there and have a tag.

        Raises: DerError.
        """
        value = self.maybe(tag)
        if value is None:
            raise DerError(f"a value with tag {tag:#x} is missing")
        return value

    def maybe(self, *tags: int) -> Value | None:
        """Take the next value if it has one of these tags.

        Raises: DerError.
        """
        value = self._next
        if value is None or value.tag not in tags:
            return None
        self._next = next(self._values, None)
        return value

    def all(self) -> tuple[Value, ...]:
        """Take all that are left.

        Raises: DerError.
        """
        found = () if self._next is None else (self._next, *self._values)
        self._next = None
        return found

    def end(self) -> None:
        """Make sure that nothing is left.

        Raises: DerError.
        """
        if self._next is not None:
            raise DerError(f"a value with tag {self._next.tag:#x} is left over")


def _extent(octets: bytes, start: int) -> tuple[int, int, int]:
    """Return where the contents of a value begin and end, and where what follows it begins."""
    if start + 2 > len(octets) or octets[start] & _HIGH_TAG == _HIGH_TAG:
        raise DerError("a value is cut off")
    length, body = octets[start + 1], start + 2
    if length == _LONG:
        end = _end_of_contents(octets, start)
        return body, end, end + 2
    if length > _LONG:
        count = length - _LONG
        encoded = octets[body : body + count]
        length, body = int.from_bytes(encoded), body + count
        if count > _MAX_LENGTH_OCTETS or len(encoded) != count or length < _LONG or encoded[0] == 0:
            raise DerError("not a length")
    if body + length > len(octets):
        raise DerError("a value is cut off")
    return body, body + length, body + length


def _end_of_contents(octets: bytes, start: int) -> int:
    """Return where the contents of a value of indefinite length end."""
    if not octets[start] & _CONSTRUCTED:
        raise DerError("only a constructed value may have an indefinite length")
    position, depth = start + 2, 1
    for _ in range(MAX_STEPS):
        if octets[position : position + 2] == _END_OF_CONTENTS:
            depth -= 1
            if depth == 0:
                return position
            position += 2
        elif octets[position + 1 : position + 2] == _INDEFINITE and octets[position] & _CONSTRUCTED:
            depth += 1
            position += 2
        else:
            position = _extent(octets, position)[2]
    raise DerError("too many values")
