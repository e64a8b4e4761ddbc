"""The only place where foreign octets become a tree.

Accepted is UTF-8 XML without DOCTYPE and processing instructions, within `Limits` (trust: an XML parser is
never given the chance to fetch, expand or guess). Octets are checked before the parser sees them, chunk by
chunk (`schemas.markup`), so that no input can make the tree large; what only the tree shows (depth, attributes,
names) is checked in one walk over it. Invariant: a tree from here holds nothing but elements, text and comments.
"""

import re
from collections.abc import Iterator
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
from schemas.markup import LIMITS, Limits, Markup
from schemas.names import declaration, split
from schemas.prolog import PROLOG_BYTES, check_prolog

# Larger pieces are slower: libxml2 copies what it is fed, and big blocks go back to the kernel each time.
_CHUNK: Final = 1 << 18
_NAME_TOO_LONG: Final = etree.ErrorTypes.ERR_NAME_TOO_LONG
_RESOURCE_LIMIT: Final = etree.ErrorTypes.ERR_RESOURCE_LIMIT
_UNBOUND: Final = etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE
_PREFIX: Final = re.compile(r"Namespace prefix (\S+) ")
_NOT_UTF8: Final = etree.ErrorTypes.ERR_INVALID_ENCODING

__all__ = ["LIMITS", "Limits", "parse_tree"]


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
    markup = Markup(limits)
    try:
        for chunk in _checked(_chunks(source, limits), markup):
            parser.feed(chunk)
        root = parser.close()
    except etree.XMLSyntaxError as fault:
        raise _refusal(parser, fault, limits) from None
    tree = root.getroottree()
    _check_tree(tree, limits, is_slight=markup.is_slight)
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


def _checked(chunks: Iterator[bytes], markup: Markup) -> Iterator[bytes]:
    """Pass the chunks on after checking the prolog and counting what costs memory in a tree."""
    chunk = next(chunks, b"")
    check_prolog(chunk[:PROLOG_BYTES])
    while chunk:
        if b"\0" in chunk:
            raise NotUtf8(found="NUL")
        markup.count(chunk)
        yield chunk
        chunk = next(chunks, b"")


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


def _check_tree(tree: etree._ElementTree, limits: Limits, *, is_slight: bool = False) -> None:
    """Refuse a tree that is deeper or wider than any document, or holds a processing instruction.

    Namespace declarations are counted where they are in scope: canonicalization writes them out once for
    each element that uses them, so they can make a small file large. `is_slight` says that the octets have
    shown that no attributes, namespaces and names can be too many or too long.
    """
    if tree.docinfo.internalDTD is not None:
        raise DoctypeForbidden  # the prolog was read otherwise than by libxml2
    if is_slight and not _is_unusual(limits.max_depth)(tree):
        return
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


@cache
def _is_unusual(depth: int) -> etree.XPath:
    """Return the question whether there is an element below a depth, or any processing instruction."""
    return etree.XPath(f"boolean({'/*' * (depth + 1)}) or boolean(//processing-instruction())")
