"""Canonical XML: from a tree to octets, and from octets that we made ourselves back to a tree.

Canonical XML 1.0, 1.1 and Exclusive XML Canonicalization 1.0, always without comments. Invariants:

- a failed or oversized canonicalisation raises; no digest is ever taken of what came out before the failure
  (libxml2 fails on relative namespace names; hashing its empty output was CVE-2025-66568);
- the only apexes are roots. lxml gets inclusive C14N of an inner element wrong when a default namespace is
  declared above it, so `as_root` first makes a document of its own out of the element. What 1.0 and 1.1 say
  differently about xml:* attributes concerns inner apexes only: `inherits_xml_attributes` finds them;
- lxml forgets prefixes of a PrefixList that its dictionary of names does not hold, which is right for all but `#default`;
- the parser in this module is for octets written by this package, never for a document from outside.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from lxml import etree

from certs.algorithms import Canonicalization
from certs.errors import CanonicalizationFailedError

XML = "http://www.w3.org/XML/1998/namespace"

DEFAULT_NAMESPACE = "#default"
"""What a PrefixList calls the namespace that has no prefix."""

# A default namespace that is repeated on many elements makes the exclusive form longer than the document.
GROWTH = 3
FLOOR_OCTETS = 2**20

Contents: TypeAlias = Mapping[str, Callable[[], Iterable[bytes]]]
"""Texts left out of a tree because of their size: what each mark stands for in canonical octets, in the order of the document.

A mark stands as the text of an element, needs no escaping, and nobody could guess it who wrote the document."""


class _Sink:
    """Collects octets up to a limit; raising stops libxml2 from producing more (130 KB can become 500 MB)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.size += len(piece)
        if self.size > self.limit:
            raise CanonicalizationFailedError(reason=f"> {self.limit} octets")
        self.pieces.append(piece)
        return len(piece)


class _Counter:
    """Counts octets and forgets them."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, piece: bytes) -> int:
        self.size += len(piece)
        return len(piece)


def size_limit(tree: etree._ElementTree, *, size: int | None) -> int:
    """Return how many canonical octets a document of `size` octets may have; `None` means: measure it."""
    if size is None:
        counter = _Counter()
        tree.write(counter, encoding="UTF-8")
        size = counter.size
    return max(FLOOR_OCTETS, GROWTH * size)


def canonicalize(
    tree: etree._ElementTree, method: Canonicalization, prefixes: tuple[str, ...], *, limit: int
) -> bytes:
    """Return the canonical octets of a whole document.

    `prefixes` is the InclusiveNamespaces PrefixList of the exclusive form and must be empty for the others.

    Raises: CanonicalizationFailedError when there is no canonical form, or one of more than `limit` octets.
    """
    sink = _Sink(limit)
    try:
        if DEFAULT_NAMESPACE in prefixes:
            tree = _with_default_known(tree)
        tree.write(
            sink,
            method="c14n",
            exclusive=method.exclusive,
            with_comments=False,
            inclusive_ns_prefixes=prefixes or None,
        )
    except etree.LxmlError as error:
        raise CanonicalizationFailedError(reason=type(error).__name__) from error
    octets = b"".join(sink.pieces)
    if not octets:
        raise CanonicalizationFailedError(reason="0 octets")
    return octets


def _with_default_known(tree: etree._ElementTree) -> etree._ElementTree:
    """Return a copy of a document for which lxml passes `#default` on to libxml2.

    It looks each prefix up in the dictionary that all documents of a thread share; a namespace name is one way into it.
    """
    parse_own(f'<a xmlns="{DEFAULT_NAMESPACE}"/>'.encode())
    return parse_own(etree.tostring(tree, encoding="UTF-8"))


def spliced(octets: bytes, contents: Contents) -> Iterator[bytes]:
    """Yield canonical octets with what the marks in them stand for, which is canonical too.

    Raises: CanonicalizationFailedError when a mark is not there exactly once and in its order.
    """
    position = 0
    for mark, canonical in contents.items():
        wanted = mark.encode()
        at = octets.find(wanted, position)
        if at < 0 or octets.count(wanted) != 1:
            raise CanonicalizationFailedError(reason="a mark is out of place")
        yield octets[position:at]
        yield from canonical()
        position = at + len(wanted)
    yield octets[position:]


def as_root(element: etree._Element) -> etree._ElementTree:
    """Return a document of its own that holds a copy of the element with the namespaces in scope."""
    return parse_own(etree.tostring(element, with_tail=False, encoding="UTF-8"))


def inherits_xml_attributes(element: etree._Element) -> bool:
    """Tell whether an element above this one has xml:* attributes, which inclusive C14N 1.0 would copy down."""
    marker = f"{{{XML}}}"
    return any(str(name).startswith(marker) for above in element.iterancestors() for name in above.attrib)


def parse_own(octets: bytes) -> etree._ElementTree:
    """Parse octets that this package has written."""
    # huge_tree: one text node of a signed document may hold an attachment of more than 10 MB. A tree that was
    # accepted within the limits of the first parser cannot exceed them after canonicalisation.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    return etree.ElementTree(etree.fromstring(octets, parser))
