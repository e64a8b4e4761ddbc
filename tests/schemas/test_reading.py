"""Reading one element: grouping, texts, and the findings on the way."""

import pytest
from lxml import etree

from schemas.errors import (
    BadValue,
    EmptyElement,
    ForeignCharacter,
    MissingElement,
    RepeatedElement,
    SchemaError,
    TooLong,
    UnknownElement,
    UnusualAgencyCode,
    WrongNamespace,
)
from schemas.names import NAMESPACE
from schemas.reading import MAX_FINDINGS, MAX_TEXT, Findings, Part, leaf_text
from schemas.xml_parser import parse_tree


def _element(inner: str) -> etree._Element:
    """Give an element From with something in it."""
    return parse_tree(f'<From xmlns="{NAMESPACE}" xmlns:o="urn:o">{inner}</From>'.encode()).getroot()


def _part(inner: str, *known: str) -> tuple[Part, Findings]:
    """Give the part and its findings."""
    findings = Findings()
    return Part(_element(inner), known, findings), findings


def _only(found: list[SchemaError]) -> SchemaError:
    """Give the only finding."""
    assert len(found) == 1
    return found[0]


def test_order_and_prefix_do_not_matter() -> None:
    """Children are found by namespace and local name."""
    part, findings = _part(f'<A>1</A><x:B xmlns:x="{NAMESPACE}">2</x:B><!-- c --><A>3</A>', "A", "B")
    assert [child.text for child in part.each("A")] == ["1", "3"]
    assert part.text("B") == "2"
    assert not findings.errors
    assert not findings.warnings


def test_required_child_is_missing() -> None:
    """The finding is at the parent and names the child."""
    part, findings = _part("", "A")
    assert part.required("A") == ""
    finding = _only(findings.errors)
    assert isinstance(finding, MissingElement)
    assert (finding.facts, finding.xpath) == ({"name": "A"}, "/edXML:From")


@pytest.mark.parametrize("inner", ["<A/>", "<A> \n\t</A>"])
def test_required_child_is_empty(inner: str) -> None:
    """White space is no content."""
    part, findings = _part(inner, "A")
    assert part.required("A") == ""
    assert isinstance(_only(findings.errors), EmptyElement)


def test_optional_child_is_empty() -> None:
    """An empty optional element is as good as none."""
    part, findings = _part("<A/>", "A", "B")
    assert part.text("A") is None
    assert part.text("B") is None
    assert part.texts("A") == ()
    assert not findings.errors


def test_child_is_repeated() -> None:
    """The second one is reported, with the number of all."""
    part, findings = _part("<A>1</A><A>2</A><A>3</A>", "A")
    assert part.required("A") == "1"
    finding = _only(findings.errors)
    assert isinstance(finding, RepeatedElement)
    assert (finding.facts["count"], finding.xpath) == (3, "/edXML:From/edXML:A[2]")


@pytest.mark.parametrize(
    ("inner", "found", "about"),
    [
        ('<A xmlns="">1</A>', "", "no namespace at all"),
        ("<o:A>1</o:A>", "urn:o", "not the namespace of edXML"),
        ('<A xmlns="http://www.go.vn/eDoc">1</A>', "http://www.go.vn/eDoc", "a wrong guess"),
    ],
)
def test_child_is_in_another_namespace(inner: str, found: str, about: str) -> None:
    """A known name in a wrong namespace is refused, not passed over."""
    part, findings = _part(inner, "A")
    assert part.each("A") == []
    finding = _only(findings.errors)
    assert isinstance(finding, WrongNamespace)
    assert finding.facts["found"] == found
    assert about in str(finding)


@pytest.mark.parametrize("inner", ["<Z/>", "<o:Z/>", '<Z xmlns=""/>'])
def test_child_is_unknown(inner: str) -> None:
    """An unknown name is passed over with a warning."""
    _, findings = _part(inner, "A")
    assert isinstance(_only(findings.warnings), UnknownElement)
    assert not findings.errors


def test_children_that_others_read() -> None:
    """Names expected in any namespace cause no finding."""
    findings = Findings()
    Part(_element("<Z/><o:Z/>"), ("A",), findings, foreign=frozenset({"Z"}))
    assert not findings.errors
    assert not findings.warnings


@pytest.mark.parametrize("inner", ["te<!-- c -->xt", "<!-- c -->text", "text<b/>", "<b>text</b>"])
def test_text_in_parts_is_refused(inner: str) -> None:
    """A comment or element in a value would make it ambiguous."""
    findings = Findings()
    assert leaf_text(_element(inner), findings) is None
    assert isinstance(_only(findings.errors), BadValue)


def test_text_from_cdata_is_text() -> None:
    """CDATA is only another way of writing."""
    assert leaf_text(_element(" a<![CDATA[<&]]>b&#10;"), Findings()) == "a<&b"


def test_lengths() -> None:
    """Beyond the documented length there is a warning, beyond the utmost a refusal."""
    findings = Findings()
    assert leaf_text(_element("x" * 10), findings, longest=10) == "x" * 10
    assert leaf_text(_element("x" * 11), findings, longest=10) == "x" * 11
    warned = _only(findings.warnings)
    assert isinstance(warned, TooLong)
    assert warned.facts == {"name": "From", "length": 11, "longest": 10}
    assert leaf_text(_element("x" * 11), findings, most=10) is None
    assert leaf_text(_element("x" * (MAX_TEXT + 1)), findings) is None
    assert [type(finding) for finding in findings.errors] == [BadValue, BadValue]


def test_agency_codes() -> None:
    """A code is returned as sent; a bad one is reported where it stands."""
    part, findings = _part("<OrganId> 99.99.99.G21 </OrganId>", "OrganId")
    assert part.agency() == "99.99.99.G21"
    assert isinstance(_only(findings.warnings), UnusualAgencyCode)
    part, findings = _part("<OrganId>H26\u200b</OrganId>", "OrganId")
    assert part.agency() == ""
    finding = _only(findings.errors)
    assert isinstance(finding, ForeignCharacter)
    assert (finding.xpath, finding.line) == ("/edXML:From/edXML:OrganId", 1)
    part, findings = _part("", "OrganId")
    assert part.agency() == ""
    assert isinstance(_only(findings.errors), MissingElement)


def test_findings_are_bounded() -> None:
    """A file full of faults is not answered with a report as long."""
    _, findings = _part("<Z/>" * 500 + '<A xmlns=""/>' * 500, "A")
    assert len(findings.warnings) == MAX_FINDINGS
    assert len(findings.errors) == MAX_FINDINGS
