"""Big files without big trees: long base64 texts stay where they are, and a mark stands for each in the tree.

A file is read once, block by block. Where a block has no markup in it and belongs to the text of a ContentTransferEncoded, the
text up to the next markup is decoded, measured and forgotten; everything else is kept and parsed. What the mark stands for can be
read again from the file: as octets for the attachment, or as it stands in Canonical XML for the digest of a signature.

Invariants: the mark holds a random number that no sender can know; it is the whole text of exactly one ContentTransferEncoded, or
the file is parsed without splicing; a text that is not faultless base64 is never spliced out, so that every fault is found by the
same reader as in a small file. Memory: one block and `Limits.max_bytes` of markup, whatever the size of the file.
"""

import io
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from lxml import etree

from schemas.base64_text import Base64Decoder, canonical_text, whole_pieces
from schemas.errors import FileError, LongTextNotBase64, TooLarge
from schemas.measure import Measurement
from schemas.names import qualified
from schemas.xml_parser import LIMITS, Limits, parse_tree

BLOCK: Final = 1 << 16
"""Octets read at a time; a text of twice as many is sure to be spliced out, a shorter one may be.

Larger blocks are slower: the C library gets memory of 128 KiB and more from the kernel each time."""

_GROUP: Final = 4

_ATTRIBUTES: Final = rb"""(?:\s+[\w:.-]{1,80}\s*=\s*(?:"[^"<>]{0,300}"|'[^'<>]{0,300}')){0,8}\s*"""
_TAG: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,80}:)?ContentTransferEncoded" + _ATTRIBUTES + rb">")
_CONTENT_ID: Final = re.compile(
    rb"<(?:[A-Za-z_][\w.-]{0,80}:)?ContentId" + _ATTRIBUTES + rb">([^<>]{1,200})</"
)
_LONGEST_TAG: Final = 1024
# libxml2 counts lines no further, and nobody is told a line beyond it.
_MOST_LINES: Final = 65_535
_CONTENT: Final = qualified("ContentTransferEncoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A base64 text that was left in the file: where it stands, and what went by when it was decoded."""

    source: bytes | Path
    start: int
    length: int
    is_plain: bool
    """Whether it stands in Canonical XML as in the file, because it has no carriage returns."""
    measured: Measurement

    def text(self) -> Iterator[bytes]:
        """Yield the text as it stands in the file."""
        with _opened(self.source) as file:
            file.seek(self.start)
            left = self.length
            while left and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                yield block

    def canonical(self) -> Iterator[bytes]:
        """Yield the text as Canonical XML writes it."""
        if self.is_plain:
            return self.text()
        return map(canonical_text, whole_pieces(self.text()))

    def decoded(self) -> Iterator[bytes]:
        """Yield the octets that the text stands for."""
        decoder = Base64Decoder()
        return map(decoder.feed, whole_pieces(self.text()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file as a tree of `size` octets, and what the marks in it stand for, in their order."""

    tree: etree._ElementTree
    size: int
    contents: Mapping[str, Content] = field(default_factory=dict)

    @property
    def canonical(self) -> Mapping[str, Callable[[], Iterable[bytes]]]:
        """What each mark stands for in Canonical XML."""
        return {mark: content.canonical for mark, content in self.contents.items()}


def open_file(source: bytes | Path, *, limits: Limits = LIMITS, block: int = BLOCK) -> Opened:
    """Turn a file into a tree without its long base64 texts; `block` octets are read at a time.

    Raises: a FileError of `schemas.errors`; OSError if a path cannot be read.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > limits.max_file:
        raise TooLarge(size=size, limit=limits.max_file)
    if size > block:
        skeleton, contents = _Splicing(source, limits, block).run()
        tree = _skeleton_tree(skeleton, limits, is_small=size <= limits.max_bytes) if contents else None
        if tree is not None and _all_in_place(tree, contents):
            return Opened(tree=tree, size=len(skeleton), contents=contents)
    return Opened(tree=parse_tree(source, limits=limits), size=size)


def _skeleton_tree(skeleton: bytes, limits: Limits, *, is_small: bool) -> etree._ElementTree | None:
    """Parse what is left of a file; None if it is no XML and small enough to be parsed whole, which tells the exact place."""
    try:
        return parse_tree(skeleton, limits=limits)
    except FileError:
        if is_small:
            return None
        raise


def _opened(source: bytes | Path) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb", buffering=0)


def _all_in_place(tree: etree._ElementTree, contents: Mapping[str, Content]) -> bool:
    """Tell whether each mark is all that an element for base64 holds; a comment may have looked like one."""
    found = [element.text for element in tree.iter(_CONTENT) if not len(element)]
    return [text for text in found if text in contents] == list(contents)


class _Splicing:
    """One pass over a file."""

    def __init__(self, source: bytes | Path, limits: Limits, size: int) -> None:
        self._source = source
        self._limits = limits
        self._size = size
        self._nonce = secrets.token_hex(16)
        self._skeleton = bytearray()
        self._contents: dict[str, Content] = {}
        self._markup = 0
        """Where in the skeleton the last “<” is."""
        self._refused = -1
        """The last “<” before a text that turned out not to be base64."""

    def run(self) -> tuple[bytes, dict[str, Content]]:
        """Return the file with marks instead of long base64 texts, and what they stand for.

        Raises: TooLarge or LongTextNotBase64 if what remains is too large for a tree.
        """
        with _opened(self._source) as file:
            while block := file.read(self._size):
                if b"<" not in block and (start := self._text_start()) is not None:
                    block = self._splice(file, start, block)
                self._keep(block)
        return bytes(self._skeleton), self._contents

    def _keep(self, block: bytes) -> None:
        last = block.rfind(b"<")
        if last >= 0:
            self._markup = len(self._skeleton) + last
        self._skeleton += block
        if len(self._skeleton) > self._limits.max_bytes:
            raise self._too_large()

    def _too_large(self) -> FileError:
        """Say why so much is left: usually because a long text is not base64, which its sender should hear rather than a size."""
        if self._refused < 0:
            return TooLarge(size=len(self._skeleton), limit=self._limits.max_bytes)
        before = bytes(self._skeleton[: self._refused])
        named = _CONTENT_ID.findall(before)
        content_id = named[-1].decode("utf-8", "backslashreplace").strip() if named else "?"
        return LongTextNotBase64(content_id=content_id.removeprefix("cid:"), line=before.count(b"\n") + 1)

    def _text_start(self) -> int | None:
        """Return where in the skeleton the text begins in which it ends, if that is one to splice out."""
        if self._markup == self._refused:
            return None
        tag = _TAG.match(self._skeleton, self._markup, self._markup + _LONGEST_TAG)
        return tag.end() if tag else None

    def _splice(self, file: BinaryIO, start: int, block: bytes) -> bytes:
        """Take a text out of the file that began at `start` and goes on with `block`; return what comes after it.

        If it is not base64 it is left in, and the block is returned as it was.
        """
        after_block = file.tell()
        begun = bytes(self._skeleton[start:])
        reading = _Text(file, self._size)
        decoder, measured = Base64Decoder(), Measurement()
        try:
            for piece in whole_pieces(reading.pieces(begun + block)):
                measured.update(decoder.feed(piece))
            decoder.finish()
        except ValueError:
            reading.rest = b""
        if not reading.rest.startswith(b"<"):
            self._refused = self._markup
            file.seek(after_block)
            return block
        mark = f"{self._nonce}.{len(self._contents)}." + "\n" * min(decoder.lines, _MOST_LINES)
        self._contents[mark] = Content(
            source=self._source,
            start=after_block - len(block) - len(begun),
            length=reading.length,
            is_plain=not decoder.has_returns,
            measured=measured,
        )
        self._skeleton[start:] = mark.encode()
        return reading.rest


class _Text:
    """The text up to the next markup, piece by piece; `rest` is what comes after it, empty if the file ends first."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self.length = 0
        self.rest = b""

    def pieces(self, begun: bytes) -> Iterator[bytes]:
        yield self._seen(begun)
        # All that follow begin with a group of base64, which spares the decoder from putting groups together.
        block = self._file.read(self._size - self.length % _GROUP)
        while block:
            end = block.find(b"<")
            if end >= 0:
                yield self._seen(block[:end])
                self.rest = block[end:]
                return
            yield self._seen(block)
            block = self._file.read(self._size)

    def _seen(self, piece: bytes) -> bytes:
        self.length += len(piece)
        return piece
