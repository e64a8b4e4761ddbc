"""From what libxml2 says about an element that does not fit a schema to findings in our own words.

What was expected is taken from the schema itself: the annotation of a type says in both languages what its values are.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, TypeAlias

from lxml import etree

from schemas.clauses import element_path
from schemas.errors import (
    SchemaError,
    XsdAttribute,
    XsdElementMissing,
    XsdElementUnexpected,
    XsdReference,
    XsdTooLong,
    XsdValue,
)
from schemas.location import xpath_of
from schemas.names import NAMESPACE, XML_SPACE, qualified, split
from schemas.profiles import Profile, xsd
from schemas.reading import PLAIN_TEXT
from schemas.xml_parser import parse_tree

Located: TypeAlias = tuple[etree._Element, SchemaError]  # noqa: SLF001 - has no public name

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_TYPES: Final = etree.ErrorTypes
_STRING: Final = etree.XPath("string()")

_NAMES: Final = re.compile(rf"\{{{re.escape(NAMESPACE)}\}}([\w.-]+)")
_ATTRIBUTE: Final = re.compile(r"attribute '(?:\{[^}]*\})?([^']+)'")
_KEY: Final = re.compile(r"key-sequence \['(.*)'\] of", re.DOTALL)
_CONSTRAINT: Final = re.compile(r"(?:identity-constraint|keyref) '(?:\{[^}]*\})?([^']+)'")

_ELEMENTS_ONLY: Final = {
    "expected_vi": "chỉ có phần tử con, không có chữ ở giữa",
    "expected_en": "elements alone, without text between them",
}
_IN_GENERAL: Final = {
    "expected_vi": "giá trị theo lược đồ",
    "expected_en": "a value that the schema allows",
}
_ABOUT_ATTRIBUTES: Final = {
    _TYPES.SCHEMAV_CVC_COMPLEX_TYPE_4: ("là bắt buộc nhưng không có", "is required and not there"),
    _TYPES.SCHEMAV_CVC_COMPLEX_TYPE_3_2_1: ("không được phép", "is not allowed"),
    _TYPES.SCHEMAV_CVC_COMPLEX_TYPE_3_2_2: ("không được phép", "is not allowed"),
    _TYPES.SCHEMAV_CVC_TYPE_3_1_1: ("không được phép", "is not allowed"),
}
_LISTED: Final = "edXMLEnvelope/edXMLBody/edXMLManifest/Reference"
_ATTACHED: Final = "AttachmentEncoded/Attachment"
_SIDES: Final = {
    "listed-is-attached": (_LISTED, _ATTACHED),
    "attached-is-listed": (_ATTACHED, _LISTED),
}
_WRONG_ATTRIBUTE: Final = ("có giá trị không đúng", "has a wrong value")


def translate(entry: etree._LogEntry, element: etree._Element, profile: Profile) -> Iterator[Located]:
    """Yield the findings in one complaint, each with the element it belongs to."""
    name = split(str(element.tag))[1]
    if entry.type == _TYPES.SCHEMAV_CVC_IDC:
        yield from _constraint(entry.message, element, profile)
    elif entry.type == _TYPES.SCHEMAV_CVC_ELT_1:
        yield element, XsdElementUnexpected(name=name, expected="edXML")
    elif entry.type == _TYPES.SCHEMAV_ELEMENT_CONTENT:
        yield element, _content(entry.message, name)
    elif entry.type == _TYPES.SCHEMAV_CVC_COMPLEX_TYPE_2_3:
        yield element, _remark(XsdValue, name=name, value=_own_text(element), **_ELEMENTS_ONLY)
    elif attribute := _ATTRIBUTE.search(entry.message):
        vi, en = _ABOUT_ATTRIBUTES.get(entry.type, _WRONG_ATTRIBUTE)
        yield element, XsdAttribute(name=name, attribute=attribute[1], about_vi=vi, about_en=en)
    else:
        yield element, _value(entry.type, element, name)


def _remark(kind: type[SchemaError], **facts: object) -> SchemaError:
    return kind(xpath=None, line=None, **facts)


def _content(message: str, name: str) -> SchemaError:
    """Tell a missing element from one too many; libxml2 names what could have come."""
    _, _, listed = message.partition("Expected is")
    expected = ", ".join(_NAMES.findall(listed))
    if "Missing child" in message:
        return XsdElementMissing(name=expected)
    return XsdElementUnexpected(name=name, expected=expected or "–")


def _value(kind: int, element: etree._Element, name: str) -> SchemaError:
    """Say what a value should have been."""
    value = str(_STRING(element)).strip(XML_SPACE)
    if len(element) and element.find("*") is not None:
        return _remark(XsdValue, name=name, value=value, **PLAIN_TEXT)
    declared = declared_types().get(element_path(xpath_of(element)) or "")
    if declared is None:
        return _remark(XsdValue, name=name, value=value, **_IN_GENERAL)
    longest = declared.find(f".//{_XS}maxLength")
    if kind == _TYPES.SCHEMAV_CVC_MAXLENGTH_VALID and longest is not None:
        return XsdTooLong(name=name, length=len(value), longest=int(longest.get("value", "0")))
    texts = {each.get(_LANG): each.text for each in declared.iter(f"{_XS}documentation")}
    return XsdValue(name=name, value=value, expected_vi=texts["vi"], expected_en=texts["en"])


def _constraint(message: str, element: etree._Element, profile: Profile) -> Iterator[Located]:
    """Say what an identity constraint found: something missing, repeated, or referred to in vain."""
    name = split(str(element.tag))[1]
    found = _CONSTRAINT.search(message)
    constraint = found[1] if found else ""
    if "Not all fields" in message:
        # In the strict schema the content model has said so already.
        fields = _fields(profile).get(constraint, ()) if profile is Profile.TOLERANT else ()
        yield from filter(None, (_missing(element, field) for field in fields))
    elif "more than one member" in message:
        yield element, XsdElementUnexpected(name=name, expected="–")
    elif "Duplicate" in message:
        about = {"about_vi": "trùng với một phần tử đứng trước", "about_en": "repeats an earlier one"}
        yield element, _remark(XsdReference, name=name, **about)
    elif (key := _KEY.search(message)) and constraint in _SIDES:
        yield from _without_counterpart(element, key[1], *_SIDES[constraint])


def _missing(element: etree._Element, field: str) -> Located | None:
    """Follow the path of a field to where it breaks off."""
    for name in field.split("/"):
        child = element.find(qualified(name))
        if child is None:
            return element, XsdElementMissing(name=name)
        element = child
    return None


def _without_counterpart(root: etree._Element, key: str, near: str, far: str) -> Iterator[Located]:
    """Yield each element that carries a key, unless its counterpart is there and merely stands in the wrong place."""
    if next(_keyed(root, far, key), None) is None:
        about = {"about_vi": "không có phần tử tương ứng", "about_en": "has no counterpart"}
        for element in _keyed(root, near, key):
            yield element, _remark(XsdReference, name=split(str(element.tag))[1], **about)


def _keyed(root: etree._Element, path: str, key: str) -> Iterator[etree._Element]:
    """Yield the elements of a path that have this ContentId."""
    for element in root.iterfind("/".join(map(qualified, path.split("/")))):
        if element.findtext(qualified("ContentId")) == key:
            yield element


def _own_text(element: etree._Element) -> str:
    """Return the text that stands in an element and between its children."""
    pieces = (element.text, *(child.tail for child in element))
    return " ".join(piece.strip(XML_SPACE) for piece in pieces if piece and piece.strip(XML_SPACE))


@cache
def _fields(profile: Profile) -> Mapping[str, tuple[str, ...]]:
    """Return the fields of each key in a schema as paths of local names."""
    return {
        key.get("name", ""): tuple(
            field.get("xpath", "").replace("e:", "") for field in key.iter(f"{_XS}field")
        )
        for key in parse_tree(xsd(profile)).iter(f"{_XS}key")
    }


@cache
def declared_types() -> Mapping[str, etree._Element]:
    """Return the type of each element of the strict schema, by its path."""
    root = parse_tree(xsd(Profile.STRICT)).getroot()
    types = {kind.get("name", ""): kind for kind in root if kind.tag != f"{_XS}element"}
    return dict(_inside("edXML", root.iterchildren(f"{_XS}element"), types))


def _inside(
    above: str, holders: Iterator[etree._Element], types: Mapping[str, etree._Element]
) -> Iterator[tuple[str, etree._Element]]:
    """Yield path and type of every element declared inside, at any depth."""
    for holder in holders:
        for element in holder.iterdescendants(f"{_XS}element"):
            path = f"{above}/{element.get('name')}"
            kind = types[element.get("type", "").removeprefix("e:")]
            yield path, kind
            yield from _inside(path, iter((kind,)), types)
