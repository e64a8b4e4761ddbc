"""Where a finding is."""

import pytest

from schemas.location import line_of, xpath_of
from schemas.names import NAMESPACE, PREFIX
from schemas.xml_parser import parse_tree


@pytest.mark.parametrize(
    ("name", "xpath"),
    [
        ("root", "/edXML:edXML"),
        ("only", "/edXML:edXML/edXML:Code"),
        ("first", "/edXML:edXML/edXML:To[1]"),
        ("second", "/edXML:edXML/edXML:To[2]"),
        ("inside", "/edXML:edXML/edXML:To[2]/plain"),
        ("foreign", "/edXML:edXML/*[local-name()='From'][1]"),
        ("alien", "/edXML:edXML/*[local-name()='From'][2]"),
    ],
)
def test_xpath_reads_well_and_finds_the_element(name: str, xpath: str) -> None:
    """The path is readable, numbered where needed, and leads back to its element."""
    tree = parse_tree(
        f'<x:edXML xmlns:x="{NAMESPACE}" id="root"><x:To id="first"/><x:Code id="only"/>'
        f'<x:To id="second"><plain id="inside"/></x:To><From xmlns="urn:o" id="foreign"/>'
        f'<From xmlns="urn:p" id="alien"/></x:edXML>'.encode()
    )
    element = next(element for element in tree.iter() if element.get("id") == name)
    assert xpath_of(element) == xpath
    assert tree.xpath(xpath, namespaces={PREFIX: NAMESPACE}) == [element]


def test_lines_beyond_the_counter() -> None:
    """Where libxml2's counter of 16 bits is full there is a true line or none."""
    tree = parse_tree(b"<a>\n<b/>" + b"\n" * 70_000 + b"<c>text</c><d/></a>")
    a, b, c, d = tree.iter()
    assert [line_of(element) for element in (a, b, c)] == [1, 2, 70_002]
    assert line_of(d) in {None, 70_002}
