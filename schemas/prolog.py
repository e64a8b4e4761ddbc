"""The first octets of a file, looked at before any parser sees them (XML 1.0 §2.8).

Everything that could switch the parser to another grammar or encoding stands here: byte order mark, XML
declaration, document type. Invariant: what passes is UTF-8 by declaration, has no DOCTYPE and no processing
instruction before the document element.
"""

import re
from typing import Final

from schemas.errors import (
    BytesBeforeXml,
    DoctypeForbidden,
    NotUtf8,
    NotXml,
    ProcessingInstruction,
    SchemaError,
    TooComplex,
)

# The document element has to start within this many octets; only comments can stand before it.
PROLOG_BYTES: Final = 65_536

_BOM: Final = b"\xef\xbb\xbf"
_WIDE_MARKS: Final = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_SPACE: Final = b" \t\r\n"
_PIECE: Final = 64
_USUAL: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_LATE: Final = re.compile(rb"<\?xml[ \t\r\n]")
_DECLARATION: Final = re.compile(rb"<\?xml[ \t\r\n]([^<>?]{0,200})\?>")
_ENCODING: Final = re.compile(rb"""encoding[ \t\r\n]*=[ \t\r\n]*["']([^"']*)["']""")
_TARGET: Final = re.compile(rb"<\?([^\s?>]{0,80})")
_SHOWN: Final = 16


def check_prolog(head: bytes) -> None:
    """Refuse a file whose first octets are not the plain start of a UTF-8 XML file.

    `head` holds the first PROLOG_BYTES octets, or the whole file if it is shorter.

    Raises: NotUtf8, BytesBeforeXml, DoctypeForbidden, ProcessingInstruction, TooComplex, NotXml.
    """
    for mark, name in _WIDE_MARKS:
        if head.startswith(mark):
            raise NotUtf8(line=1, found=name)
    start = len(_BOM) if head.startswith(_BOM) else 0
    if head.startswith(_USUAL, start):
        start += len(_USUAL)
    elif declared := _DECLARATION.match(head, start):
        _check_encoding(declared.group(1))
        start = declared.end()
    else:
        _check_start(head, start)
    _check_misc(head, start)


def _check_encoding(declaration: bytes) -> None:
    """Refuse a declared encoding other than UTF-8."""
    encoding = _ENCODING.search(declaration)
    if encoding and encoding.group(1).lower() not in {b"utf-8", b"utf8"}:
        raise NotUtf8(line=1, found=f"encoding={encoding.group(1).decode('latin-1')}")


def _check_start(head: bytes, start: int) -> None:
    """Refuse a file that does not begin with markup, or where space precedes the declaration."""
    begin = _after_space(head, start)
    spaces = begin - start
    late = _LATE.match(head, begin) is not None
    if late and not spaces:
        raise NotXml(line=1, column=1, reason="the XML declaration is not closed or too long")
    if late or (begin < len(head) and not head.startswith(b"<", begin)):
        stray = head[start : start + max(spaces, 1)] if late else head[begin:].split(b"<", 1)[0]
        if b"\0" in stray:
            raise NotUtf8(line=1, found="NUL")
        shown = stray[:_SHOWN].decode("utf-8", "backslashreplace")
        raise BytesBeforeXml(line=1, found=repr(shown))


def _check_misc(head: bytes, position: int) -> None:
    """Walk over white space and comments up to the document element (XML 1.0 production 27)."""
    while True:
        position = _after_space(head, position)
        if head.startswith(b"<!--", position):
            end = head.find(b"-->", position + 4)
            if end < 0:
                raise _unfinished(head)
            position = end + 3
        elif head.startswith(b"<!DOCTYPE", position):
            raise DoctypeForbidden(line=_line(head, position))
        elif head.startswith(b"<?", position) and (target := _TARGET.match(head, position)):
            found = target.group(1).decode("utf-8", "backslashreplace")
            raise ProcessingInstruction(line=_line(head, position), target=found)
        elif position < len(head):
            return
        else:
            raise _unfinished(head)


def _after_space(head: bytes, position: int) -> int:
    """Return where the first octet is that is not white space."""
    while position < len(head):
        # Piece by piece, so that what follows is not copied.
        piece = head[position : position + _PIECE]
        rest = piece.lstrip(_SPACE)
        if rest:
            return position + len(piece) - len(rest)
        position += len(piece)
    return position


def _unfinished(head: bytes) -> SchemaError:
    """Say why no document element was found."""
    if len(head) >= PROLOG_BYTES:
        return TooComplex(limit="prolog", allowed=PROLOG_BYTES)
    return NotXml(line=_line(head, len(head)), column=1, reason="there is no document element")


def _line(head: bytes, position: int) -> int:
    """Return the line of an offset, counted from 1."""
    return head.count(b"\n", 0, position) + 1
