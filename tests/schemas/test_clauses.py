"""Clauses: every element has one, and every finding leads to it."""

import pytest
from lxml import etree

from schemas.clauses import CLAUSES, STANDARD, clause_of, element_path
from schemas.errors import BadBase64, DateInFuture, MissingElement, NotXml, TooLarge
from schemas.profiles import Profile, xsd
from schemas.translation import declared_types
from schemas.xml_parser import parse_tree
from tests.schemas.checks import xpath

XS = "{http://www.w3.org/2001/XMLSchema}"
HEADER = "edXML/edXMLEnvelope/edXMLHeader/MessageHeader"


def test_the_table_holds_the_elements_of_the_strict_schema() -> None:
    """Not one more, not one less."""
    assert CLAUSES.keys() - {"edXML"} == declared_types().keys()


def test_the_schemas_name_the_same_clauses() -> None:
    """Where a name stands in one place only, the comment before its declaration is its clause."""
    places: dict[str, list[str]] = {}
    for path in CLAUSES:
        places.setdefault(path.rpartition("/")[2], []).append(path)
    for profile in Profile:
        for element in parse_tree(xsd(profile)).iter(f"{XS}element"):
            found = places.get(str(element.get("name")), [])
            comment = element.getprevious()
            assert isinstance(comment, etree._Comment)
            assert len(found) != 1 or str(comment.text).strip() == CLAUSES[found[0]]


@pytest.mark.parametrize(
    ("path", "clause"),
    [
        (f"{HEADER}/PromulgationInfo", "QCVN 102:2016/BTTTT, mục 1.4 PromulgationInfo"),
        (xpath("To[3]/Website"), "QCVN 102:2016/BTTTT, mục 1.2 To/Website"),
        (xpath("To[3]/Foo[2]/Bar"), "QCVN 102:2016/BTTTT, mục 1.2 To"),
        (f"/*[local-name()='From']/{xpath('')}", STANDARD),
        ("/Envelope/Header", STANDARD),
        ("", STANDARD),
        (xpath("ApplicationType"), "ApplicationType: phần mềm của trục thêm vào, ngoài QCVN 102:2016/BTTTT"),
    ],
)
def test_clause_of(path: str, clause: str) -> None:
    """Both forms of a path are understood; what nobody knows has the clause of the element around it."""
    assert clause_of(path) == clause


def test_paths_outside_the_namespace() -> None:
    """A path through another namespace is none of edXML's."""
    assert element_path(xpath("To[2]/OrganId")) == f"{HEADER}/To/OrganId"
    assert element_path("/edXML:edXML/*[local-name()='From']") is None


def test_findings_have_clauses() -> None:
    """A finding has the clause of its own, of the element it names, or of the element where it stands."""
    assert NotXml(column=1, reason="x").clause == "XML 1.0, mục 2.1"
    assert BadBase64(xpath=xpath("From"), content_id="x").clause == "RFC 4648, mục 4"
    assert MissingElement(xpath=xpath(""), name="Subject").clause == clause_of(xpath("Subject"))
    assert MissingElement(xpath=xpath(""), name="Unheard").clause == clause_of(xpath(""))
    future = DateInFuture(xpath=xpath("PromulgationInfo/PromulgationDate"), name="PromulgationDate")
    assert future.clause == "QCVN 102:2016/BTTTT, mục 1.4 PromulgationInfo/PromulgationDate"
    assert TooLarge(size=2, limit=1).clause is None
