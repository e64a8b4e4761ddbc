"""Base64 as it stands in XML: read strictly, piece by piece (RFC 4648 §4, XML 1.0 §2.11, Canonical XML 1.0 §1.1).

White space of XML may stand anywhere in it, also as the references that Java's XML writers make of carriage returns. Everything
else is the alphabet, with padding at the very end and nowhere else, so that one text has one meaning. Invariant: how the text is
cut into pieces makes no difference to what is decoded or refused.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import pybase64

from schemas.names import XML_SPACE

LONGEST_REFERENCE: Final = len(b"&#xD;")

_RETURNS: Final = (b"&#13;", b"&#xD;", b"&#xd;")
_CANONICAL_RETURN: Final = b"&#xD;"
_SPACES: Final = tuple(bytes((ord(space),)) for space in XML_SPACE)
_GROUP: Final = 4


class NotBase64Error(ValueError):
    """A text is not base64."""


class Base64Decoder:
    """Turns pieces of base64 into octets.

    When all have come, `lines` is the number of line feeds among them, and `has_returns` tells of any carriage return.
    """

    __slots__ = ("_ended", "_held", "has_returns", "lines")

    def __init__(self) -> None:
        self._held = b""
        self._ended = False
        self.has_returns = False
        self.lines = 0

    def feed(self, text: bytes) -> bytes:
        """Return the octets of whole groups of four; what is left over is held for the next piece.

        Raises: NotBase64Error.
        """
        text = self._held + text
        try:
            return self._decoded(text)
        except NotBase64Error:
            # The usual text has no white space in it, so it is looked for only now.
            return self._decoded(self._without_space(text))

    def finish(self) -> None:
        """Say that no more comes.

        Raises: NotBase64Error if the text ended within a group.
        """
        if self._without_space(self._held):
            raise NotBase64Error("it ends within a group")

    def _without_space(self, text: bytes) -> bytes:
        """Return a text without white space; the difference in length counts line feeds faster than looking for them."""
        self.has_returns = self.has_returns or b"\r" in text or b"&" in text
        joined = text.replace(b"\n", b"")
        self.lines += len(text) - len(joined)
        return without_space(joined)

    def _decoded(self, text: bytes) -> bytes:
        if self._ended and text:
            raise NotBase64Error("it goes on after its padding")
        cut = len(text) - len(text) % _GROUP
        try:
            octets: bytes = pybase64.b64decode(text[:cut], validate=True)
        except ValueError as error:
            raise NotBase64Error(str(error)) from None
        self._held = text[cut:]
        self._ended = text.endswith(b"=", 0, cut)
        return octets


def without_space(text: bytes) -> bytes:
    """Return a text without the white space of XML, written as itself or as a reference."""
    if b"&" in text:
        for reference in _RETURNS:
            text = text.replace(reference, b"")
    for space in _SPACES:
        if space in text:
            text = text.replace(space, b"")
    return text


def whole_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut pieces of a text anew, so that none ends inside a line end of two characters or inside a reference."""
    held = b""
    for piece in pieces:
        text = held + piece
        cut = len(text)
        reference = text.rfind(b"&", max(0, cut - LONGEST_REFERENCE + 1))
        if reference >= 0 and b";" not in text[reference:]:
            cut = reference
        elif text.endswith(b"\r"):
            cut -= 1
        held = text[cut:]
        yield text[:cut]
    yield held


def canonical_text(piece: bytes) -> bytes:
    """Return a whole piece as Canonical XML writes it: line ends as XML reads them, carriage returns as references."""
    if b"\r" in piece:
        piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"&" in piece:
        for reference in _RETURNS:
            piece = piece.replace(reference, _CANONICAL_RETURN)
    return piece
