"""Holding a file against one of our XML Schemas (`schemas/xsd`), with findings in our own words.

The schemas say in a form that every XML tool understands what `schemas.parse` reads (tolerant) and what
`schemas.serialize` writes (strict). Their findings are remarks: the reader alone decides. Invariants: nothing is fetched,
whatever a file asks for; what fits the strict schema fits the tolerant one; where the tolerant schema has a finding, the reader
refuses.
"""

import re
from collections import Counter, deque
from collections.abc import Container, Iterator
from copy import deepcopy
from typing import Final

from lxml import etree

from schemas.clauses import CLAUSES, element_path
from schemas.errors import SchemaError
from schemas.location import line_of, xpath_of
from schemas.names import qualified
from schemas.profiles import Profile, xsd
from schemas.reading import MAX_FINDINGS
from schemas.status import STATUS_HEADER
from schemas.translation import translate
from schemas.xml_parser import parse_tree

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_HAS_XSI: Final = etree.XPath("boolean(//@xsi:*)", namespaces={"xsi": _XSI})
_MANY: Final = 5_000
_HAS_MANY: Final = etree.XPath(f"boolean(//*[count(*) > {_MANY}])")
_STEP: Final = re.compile(r"([^\[]+)(?:\[([0-9]+)\])?")

_HEADER: Final = "edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
_SPINE: Final = frozenset(_HEADER.rsplit("/", depth)[0] for depth in range(4)) | {_HEADER}
_BUSINESS: Final = "edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList/Bussiness"
# Read only in some documents: an empty ResponseFor, or what belongs to another type of business, is passed over.
_SOMETIMES_READ: Final = (
    f"{_HEADER}/ResponseFor/",
    f"{_BUSINESS}/BussinessDocumentInfo/",
    f"{_BUSINESS}/ReplacementInfoList/",
    "edXML/edXMLEnvelope/edXMLBody/edXMLManifest/Reference/",
)

# A compiled schema keeps the log of its last run, so each run has one to itself; taking and giving back are atomic.
_IDLE: Final[dict[Profile, deque[etree.XMLSchema]]] = {profile: deque() for profile in Profile}


def validate(
    tree: etree._ElementTree, *, profile: Profile, contents: Container[str] = ()
) -> tuple[SchemaError, ...]:
    """Return where a tree departs from a schema: at most `MAX_FINDINGS` places, in the first 5,000 elements of each list.

    `contents` are the marks that stand in the tree for base64 found good before (`schemas.splice`).
    """
    findings: dict[tuple[str, str | None, object], SchemaError] = {}
    root = tree.getroot()
    is_status = _is_status(root)
    for entry in _complaints(tree, profile):
        element = _element_at(root, entry.path or "")
        if element.text in contents:
            continue
        if profile is Profile.TOLERANT and not _is_read(element, is_status=is_status):
            continue
        for place, finding in translate(entry, element, profile):
            finding.xpath, finding.line = xpath_of(place), line_of(place)
            findings.setdefault((finding.code, finding.xpath, finding.facts.get("name")), finding)
        if len(findings) >= MAX_FINDINGS:
            break
    return tuple(findings.values())[:MAX_FINDINGS]


def _complaints(tree: etree._ElementTree, profile: Profile) -> Iterator[etree._LogEntry]:
    """Yield what libxml2 has to say."""
    if _HAS_XSI(tree) or _HAS_MANY(tree):
        tree = _tamed(tree)
    schema = _IDLE[profile].pop() if _IDLE[profile] else _compiled(profile)
    try:
        if not schema.validate(tree):
            yield from schema.error_log
    finally:
        _IDLE[profile].append(schema)


def _compiled(profile: Profile) -> etree.XMLSchema:
    return etree.XMLSchema(parse_tree(xsd(profile)))


def _tamed(tree: etree._ElementTree) -> etree._ElementTree:
    """Return a copy without what a file could use to steer or to tire a validator.

    That is the attributes of XML Schema, which name types and places to load, and children of one name beyond `_MANY`: for each
    complaint libxml2 counts all of them.
    """
    copy = deepcopy(tree)
    for element in copy.iter("*"):
        for name in element.keys():  # noqa: SIM118 - an element iterates over its children
            if name.startswith(f"{{{_XSI}}}"):
                del element.attrib[name]
        seen: Counter[str] = Counter()
        for child in list(element) if len(element) > _MANY else ():
            seen[str(child.tag)] += 1
            if seen[str(child.tag)] > _MANY:
                element.remove(child)
    return copy


def _element_at(root: etree._Element, path: str) -> etree._Element:
    """Find the element of a path as libxml2 writes it: by prefix and name, or “*” where there is no prefix."""
    element = root
    for step in path.split("/")[2:]:
        found = _STEP.fullmatch(step)
        if found is None or step.startswith(("@", "text()")):
            break
        name, position = found[1], int(found[2] or 1)
        alike = (child for child in element.iterchildren("*") if name in ("*", _prefixed(child)))
        element = next((child for at, child in enumerate(alike, start=1) if at == position), element)
    return element


def _prefixed(element: etree._Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else local


def _is_status(root: etree._Element) -> bool:
    path = "/".join(map(qualified, (*_HEADER.split("/")[1:], "StatusCode")))
    return root.find(path) is not None


def _is_read(element: etree._Element, *, is_status: bool) -> bool:
    """Tell whether the reader looks into an element, wherever a file has it.

    Where an element has no place, the reader passes over it with all that is inside, but a schema in XSD 1.0 cannot.
    """
    path = element_path(xpath_of(element))
    if element.getparent() is None:
        return True
    if path is None or path not in CLAUSES or path.startswith(_SOMETIMES_READ):
        return False
    if not is_status or path in _SPINE:
        return True
    above, _, below = path.partition(f"{_HEADER}/")
    return not above and below.partition("/")[0] in STATUS_HEADER
