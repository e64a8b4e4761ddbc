"""The only place where foreign octets become a tree.

Accepted is UTF-8 XML without DOCTYPE and processing instructions, within `Limits` (trust: an XML parser is
never given the chance to fetch, expand or guess). Octets are checked before the parser sees them, chunk by
chunk, so that no input can make the tree large; what only the tree shows (depth, attributes, names) is
checked in one walk over it. Invariant: a tree from here holds nothing but elements, text and comments.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from schemas.errors import (
    DoctypeForbidden,
    NotUtf8,
    NotXml,
    ProcessingInstruction,
    SchemaError,
    TooComplex,
    TooLarge,
    UnboundPrefix,
)
from schemas.names import declaration, split
from schemas.prolog import PROLOG_BYTES, check_prolog

# Larger pieces are slower: libxml2 copies what it is fed, and big blocks go back to the kernel each time.
_CHUNK: Final = 1 << 18
_FEW: Final = 256
_NAME_TOO_LONG: Final = etree.ErrorTypes.ERR_NAME_TOO_LONG
_RESOURCE_LIMIT: Final = etree.ErrorTypes.ERR_RESOURCE_LIMIT
_UNBOUND: Final = etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
_PREFIX: Final = re.compile(r"Namespace prefix (\S+) ")
_NOT_UTF8: Final = etree.ErrorTypes.ERR_INVALID_ENCODING


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


def parse_tree(source: bytes | Path, *, limits: Limits = LIMITS) -> etree._ElementTree:
    """Turn a file into a tree, or refuse it before it can do harm.

    Raises: a FileError of `schemas.errors`; OSError if a path cannot be read.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=True,  # libxml2 refuses text beyond 10 MB otherwise; our own limits hold instead
        remove_blank_text=False,
        remove_comments=False,
        remove_pis=False,
        collect_ids=False,
    )
    try:
        for chunk in _checked(_chunks(source, limits), limits):
            parser.feed(chunk)
        root = parser.close()
    except etree.XMLSyntaxError as fault:
        raise _refusal(parser, fault, limits) from None
    tree = root.getroottree()
    _check_tree(tree, limits)
    return tree


def _chunks(source: bytes | Path, limits: Limits) -> Iterator[bytes]:
    """Yield the file in pieces of at most 256 KiB, reading no further than the size limit."""
    if isinstance(source, bytes):
        if len(source) > limits.max_bytes:
            raise TooLarge(size=len(source), limit=limits.max_bytes)
        yield from (source[at : at + _CHUNK] for at in range(0, len(source), _CHUNK))
        return
    size = source.stat().st_size
    if size > limits.max_bytes:
        raise TooLarge(size=size, limit=limits.max_bytes)
    read = 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            if read > limits.max_bytes:
                raise TooLarge(size=read, limit=limits.max_bytes)
            yield chunk


def _checked(chunks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Pass the chunks on after checking the prolog and counting what costs memory in a tree."""
    chunk = next(chunks, b"")
    check_prolog(chunk[:PROLOG_BYTES])
    elements = attributes = 0
    while chunk:
        if b"\0" in chunk:
            raise NotUtf8(found="NUL")
        elements += _count(chunk, b"<")
        attributes += _count(chunk, b"=")
        if elements > limits.max_markup or attributes > limits.max_markup:
            raise TooComplex(limit="markup", allowed=limits.max_markup)
        yield chunk
        chunk = next(chunks, b"")


def _count(chunk: bytes, character: bytes) -> int:
    """Count a character; bytes.find skips over base64 some twenty times faster than bytes.count."""
    if len(chunk) < PROLOG_BYTES:
        return chunk.count(character)
    found, at = 0, chunk.find(character)
    while at >= 0 and found < _FEW:
        found, at = found + 1, chunk.find(character, at + 1)
    return found if at < 0 else found + chunk.count(character, at)


def _refusal(parser: etree.XMLParser, fault: etree.XMLSyntaxError, limits: Limits) -> SchemaError:
    """Translate the first complaint of libxml2 into one of ours."""
    # In feed mode lxml may raise a later, vaguer error than the one that libxml2 met first.
    first = next(iter(parser.feed_error_log), None)
    reason = first.message if first else str(fault.msg)
    line = first.line if first else fault.lineno
    column = first.column if first else 1
    kind = first.type if first else fault.code
    if kind == _NOT_UTF8:
        return NotUtf8(line=line, found=reason)
    if kind == _UNBOUND and (prefix := _PREFIX.match(reason)):
        return UnboundPrefix(line=line, prefix=prefix[1], declaration=declaration(prefix[1]))
    if kind == _NAME_TOO_LONG:
        return TooComplex(line=line, limit="name", allowed=limits.max_name)
    if kind == _RESOURCE_LIMIT:
        return TooComplex(line=line, limit="depth", allowed=limits.max_depth)
    return NotXml(line=line or 1, column=column, reason=reason.strip())


def _check_tree(tree: etree._ElementTree, limits: Limits) -> None:
    """Refuse a tree that is deeper or wider than any document, or holds a processing instruction.

    Namespace declarations are counted where they are in scope: canonicalization writes them out once for
    each element that uses them, so they can make a small file large.
    """
    if tree.docinfo.internalDTD is not None:
        raise DoctypeForbidden  # the prolog was read otherwise than by libxml2
    in_scope = 0
    for event, item in etree.iterwalk(tree, events=("start-ns", "end-ns", "pi")):
        if isinstance(item, etree._ProcessingInstruction):  # noqa: SLF001 - has no public name
            raise ProcessingInstruction(line=item.sourceline, target=item.target)
        in_scope += 1 if event == "start-ns" else -1
        if in_scope > limits.max_attributes:
            raise TooComplex(limit="namespaces", allowed=limits.max_attributes)
    too_deep = _deeper_than(limits.max_depth)(tree)
    if isinstance(too_deep, list) and too_deep:
        raise TooComplex(limit="depth", allowed=limits.max_depth)
    _check_elements(tree, limits)


def _check_elements(tree: etree._ElementTree, limits: Limits) -> None:
    """Refuse an element with too many attributes or a name that is too long; most have short ones and no attributes."""
    longest, most = limits.max_name, limits.max_attributes
    for element in tree.iter("*"):
        tag, names = element.tag, element.keys()
        if len(tag) > longest:  # type: ignore[arg-type]  # a string, for an element that was parsed
            _check_name(str(tag), element, limits)
        if not names:
            continue
        if len(names) > most:
            raise TooComplex(line=element.sourceline, limit="attributes", allowed=most)
        for name in names:
            if len(name) > longest:
                _check_name(name, element, limits)


def _check_name(name: str, element: etree._Element, limits: Limits) -> None:
    """Refuse an overlong local name or namespace name in an expanded name."""
    if max(map(len, split(name))) > limits.max_name:
        raise TooComplex(line=element.sourceline, limit="name", allowed=limits.max_name)


@cache
def _deeper_than(depth: int) -> etree.XPath:
    """Return the search for an element below a depth, without a step in Python per element."""
    return etree.XPath(f"({'/*' * (depth + 1)})[1]")
