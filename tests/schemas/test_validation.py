"""Our XML Schemas: what they say of good and bad files, and their laws against writer and reader."""

import string
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.document import Document, StatusMessage
from schemas.errors import SchemaError, SchemaErrors, XsdRemark
from schemas.names import NAMESPACE, PREFIX, qualified
from schemas.profiles import Profile, xsd
from schemas.serialize import document_xml, status_xml
from schemas.splice import open_file
from schemas.validation import validate
from schemas.xml_parser import parse_tree
from tests.schemas.checks import read, with_child, with_text, without, xpath
from tests.schemas.strategies import documents, statuses
from tests.support.documents import edit, edxml, find, status_edxml

XSI = "http://www.w3.org/2001/XMLSchema-instance"
STRICT, TOLERANT = Profile.STRICT, Profile.TOLERANT


def held_against(file: bytes, profile: Profile) -> tuple[SchemaError, ...]:
    """Hold a file against a schema."""
    return validate(parse_tree(file), profile=profile)


def strict(file: bytes) -> SchemaError:
    """Give the only finding of the strict schema."""
    findings = held_against(file, STRICT)
    assert len(findings) == 1, [(finding.code, finding.xpath, finding.facts) for finding in findings]
    return findings[0]


@settings(max_examples=40)
@given(documents())
def test_what_is_written_fits_both_schemas(drawn: tuple[Document, dict[str, bytes]]) -> None:
    """Whatever the writer writes of a document fits."""
    file = document_xml(*drawn)

    assert held_against(file, STRICT) == ()
    assert held_against(file, TOLERANT) == ()


@settings(max_examples=40)
@given(statuses)
def test_a_written_status_fits_both_schemas(status: StatusMessage) -> None:
    """Whatever the writer writes of a status fits."""
    file = status_xml(status)

    assert held_against(file, STRICT) == ()
    assert held_against(file, TOLERANT) == ()


NAMES = sorted(
    {str(element.tag) for file in (edxml(), status_edxml()) for element in parse_tree(file).iter()}
)
RENAMED = st.sampled_from((*NAMES, qualified("Foo"), "From", "{urn:x}To", qualified("Signature")))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Give a good file with elements dropped, repeated, renamed, moved, filled or given attributes."""
    base = draw(st.sampled_from((edxml(), status_edxml()))) if draw(st.booleans()) else None
    tree = parse_tree(base or document_xml(*draw(documents())))
    for _ in range(draw(st.integers(1, 4))):
        elements = list(tree.getroot().iter("*"))[1:]
        if not elements:
            break
        _change(draw, draw(st.sampled_from(elements)), elements)
    return etree.tostring(tree, encoding="UTF-8", xml_declaration=True)


def _change(draw: st.DrawFn, element: etree._Element, elements: list[etree._Element]) -> None:
    """Make one change."""
    parent = element.getparent()
    assert parent is not None
    match draw(st.integers(0, 7)):
        case 0:
            parent.remove(element)
        case 1:
            parent.append(parse_tree(etree.tostring(element, with_tail=False)).getroot())
        case 2:
            element.tag = draw(RENAMED)
        case 3:
            parent.insert(draw(st.integers(0, len(parent))), element)
        case 4:
            target = draw(st.sampled_from(elements))
            if element not in (target, *target.iterancestors()):
                target.append(element)
        case 5:
            element.text = draw(st.sampled_from(("", "x", "1", "H53", "2025/06/30", "y" * 501)))
        case 6:
            names = ("id", "{urn:x}id", f"{{{XSI}}}type", f"{{{XSI}}}nil", f"{{{XSI}}}schemaLocation")
            element.set(
                draw(st.sampled_from(names)), draw(st.sampled_from(("1", "true", "xs:int", "e:Code")))
            )
        case _:
            element.append(etree.Comment("c"))


@settings(max_examples=250)
@given(mutated())
def test_what_the_tolerant_schema_refuses_is_refused(file: bytes) -> None:
    """Where the tolerant schema has a finding, the reader refuses; where the strict one has none, nor has the tolerant one."""
    tolerant = held_against(file, TOLERANT)
    if tolerant:
        assert held_against(file, STRICT) != ()
        with pytest.raises(SchemaErrors):
            read(file)


@settings(max_examples=80)
@given(mutated())
def test_findings_have_texts_and_a_place(file: bytes) -> None:
    """Every finding is a remark with a clause, complete texts, and an XPath that leads to one element."""
    tree = parse_tree(file)
    for finding in (*held_against(file, STRICT), *held_against(file, TOLERANT)):
        assert isinstance(finding, XsdRemark)
        assert finding.clause
        for text in (finding.vi, finding.en, finding.fix_vi, finding.fix_en):
            named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert named <= finding.facts.keys()
        assert finding.xpath is not None
        found = tree.xpath(finding.xpath, namespaces={PREFIX: NAMESPACE})
        assert isinstance(found, list)
        assert len(found) == 1


def test_order_counts_only_strictly() -> None:
    """An element out of its order is named, with what belongs there."""
    file = edit(edxml(), lambda root: find(root, "MessageHeader").append(find(root, "Subject")))

    finding = strict(file)
    assert finding.code == "schema.xsd_element_unexpected"
    assert finding.xpath == xpath("Content")
    assert finding.facts == {"name": "Content", "expected": "Subject"}
    assert finding.clause == "QCVN 102:2016/BTTTT, mục 1.7 Content"
    assert held_against(file, TOLERANT) == ()
    assert read(file).warnings == ()


def test_a_missing_element_has_the_clause_of_what_is_missing() -> None:
    """The place is the parent, the clause that of the element that should be there."""
    file = without(edxml(), "SignerInfo/FullName")

    finding = strict(file)
    assert (finding.code, finding.xpath) == ("schema.xsd_element_missing", xpath("SignerInfo"))
    assert finding.clause == "QCVN 102:2016/BTTTT, mục 1.8 SignerInfo/FullName; NĐ 30/2020/NĐ-CP, Phụ lục VI"
    assert [each.code for each in held_against(file, TOLERANT)] == ["schema.xsd_element_missing"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("PromulgationDate", "30/06/2025", "a date yyyy/MM/dd"),
        ("PromulgationDate", "2025/13/01", "a date yyyy/MM/dd"),
        ("DueDate", "2025-07-15", "a date yyyy/MM/dd"),
        ("TraceHeader/Timestamp", "2025/06/30 24:00:00", "a time yyyy/MM/dd HH:mm:ss of Vietnam"),
        ("To/OrganId", "h53", "an agency code of Decision 20/2020 or an older form, up to 35 characters"),
        ("DocumentType/Type", "1.5", "a whole number of at most 9 digits"),
        ("OtherInfo/Priority", "10", "one digit"),
        ("Bussiness/BussinessDocType", "4", "0, 1, 2 or 3"),
        ("Subject", " ", "a text of 1 to 500 characters"),
        ("ContentTransferEncoded", "a", "base64, not empty"),
        ("ContentTransferEncoded", "", "base64, not empty"),
    ],
)
def test_values(path: str, value: str, expected: str) -> None:
    """A value without the form of its type is shown with that form."""
    finding = strict(with_text(edxml(), path, value))

    assert finding.code == "schema.xsd_value"
    assert finding.facts["expected_en"] == expected
    assert finding.facts["value"] == value.strip()


def test_status_codes_are_listed() -> None:
    """A status outside the list is shown with the list."""
    finding = strict(with_text(status_edxml(), "StatusCode", "07"))

    assert finding.facts["expected_vi"] == "một trong 01, 02, 03, 04, 05, 06, 13, 15, 16"
    assert finding.clause == (
        "QCVN 102:2016/BTTTT, thông điệp trạng thái StatusCode; QĐ 28/2018/QĐ-TTg, Điều 10.2.h"
    )


def test_lengths() -> None:
    """A text that is too long is shown with both lengths."""
    finding = strict(with_text(edxml(), "Subject", "x" * 501))

    assert (finding.code, finding.xpath) == ("schema.xsd_too_long", xpath("Subject"))
    assert finding.facts == {"name": "Subject", "length": 501, "longest": 500}


def _set(path: str, name: str, value: str | None) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        element = find(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


@pytest.mark.parametrize(
    ("path", "name", "value", "about"),
    [
        ("Subject", "lang", "vi", "is not allowed"),
        ("MessageHeader", "{urn:x}lang", "vi", "is not allowed"),
        ("edXMLManifest", "version", None, "is required and not there"),
        ("edXMLManifest", "version", "2.0", "has a wrong value"),
    ],
)
def test_attributes(path: str, name: str, value: str | None, about: str) -> None:
    """Attributes are judged by the strict schema alone."""
    file = edit(edxml(), _set(path, name, value))

    finding = strict(file)
    assert finding.code == "schema.xsd_attribute"
    assert finding.facts["attribute"] == name.rpartition("}")[2]
    assert finding.facts["about_en"] == about
    assert held_against(file, TOLERANT) == ()


def test_references() -> None:
    """An agency addressed twice, and a manifest that does not match, are found."""
    twice = strict(with_text(edxml(), "To/OrganId", "H26.21.1"))
    assert (twice.code, twice.xpath) == ("schema.xsd_reference", xpath("To[2]"))
    unlisted = strict(without(edxml(), "Reference"))
    assert unlisted.facts["about_en"] == "has no counterpart"
    assert unlisted.xpath == f"/{PREFIX}:edXML/{PREFIX}:AttachmentEncoded/{PREFIX}:Attachment"
    renamed = held_against(with_text(edxml(), "Reference/ContentId", "cid:b"), STRICT)
    assert {finding.facts["name"] for finding in renamed} == {"Reference", "Attachment"}


def test_text_between_elements() -> None:
    """Text where only elements belong, and elements where only text belongs."""
    loose = strict(with_text(edxml(), "PromulgationInfo", "x"))
    assert loose.facts["expected_en"] == "elements alone, without text between them"
    nested = with_child(edxml(), "Subject", "b", "x")
    assert strict(nested).facts["expected_en"] == "plain text without elements or comments in it"
    assert [each.xpath for each in held_against(nested, TOLERANT)] == [xpath("Subject")]


@pytest.mark.parametrize("file", [b"<x/>", b"<edXML/>", b"<edXML xmlns='urn:x'/>"])
@pytest.mark.parametrize("profile", Profile)
def test_another_document_element(file: bytes, profile: Profile) -> None:
    """What is not edXML at all is said once."""
    (finding,) = held_against(file, profile)

    assert finding.code == "schema.xsd_element_unexpected"
    assert finding.facts["expected"] == "edXML"


@pytest.mark.parametrize("profile", Profile)
def test_signatures_fit(profile: Profile) -> None:
    """An XML signature at the end of the header fits both; the old one only the tolerant schema."""
    signature = "{http://www.w3.org/2000/09/xmldsig#}Signature"
    signed = edit(edxml(), lambda root: find(root, "edXMLHeader").append(etree.Element(signature)))
    assert held_against(signed, profile) == ()

    def add_old(root: etree._Element) -> None:
        old = etree.SubElement(find(root, "edXMLHeader"), qualified("Signature"))
        etree.SubElement(etree.SubElement(old, qualified("SignedInfo")), qualified("Reference"), URI="")

    codes = [finding.code for finding in held_against(edit(edxml(), add_old), profile)]
    assert codes == ([] if profile is TOLERANT else ["schema.xsd_element_unexpected"])


def test_a_file_cannot_steer_the_validator() -> None:
    """Places and types that a file names for a validator are not looked at."""

    def steer(root: etree._Element) -> None:
        root.set(f"{{{XSI}}}schemaLocation", f"{NAMESPACE} http://127.0.0.1:9/x.xsd urn:x file:///x.xsd")
        find(root, "Subject").set(f"{{{XSI}}}type", "x:Unknown")
        find(root, "Content").set(f"{{{XSI}}}nil", "true")

    file = edit(edxml(), steer)
    assert held_against(file, STRICT) == ()
    assert held_against(file, TOLERANT) == ()


@pytest.mark.parametrize("profile", Profile)
def test_big_files_are_held_against_their_skeleton(profile: Profile) -> None:
    """Base64 that was left in the file is not looked for in the tree; everything else is."""
    opened = open_file(with_text(edxml(), "ContentTransferEncoded", "QUJD" * 100_000))
    assert opened.contents
    assert validate(opened.tree, profile=profile, contents=opened.contents) == ()
    find(opened.tree.getroot(), "Subject").append(etree.Element("x"))
    assert len(validate(opened.tree, profile=profile, contents=opened.contents)) == 1


def test_findings_are_bounded() -> None:
    """A file with a fault in each of many elements gives a hundred findings, soon."""

    def fill(root: etree._Element) -> None:
        for _ in range(6_000):
            etree.SubElement(find(root, "ToPlaces"), qualified("Place"))

    assert len(held_against(edit(edxml(), fill), STRICT)) == 100


def test_prefixes_do_not_matter() -> None:
    """Findings are placed right whatever prefixes a file uses, or none."""
    plain = with_text(edxml(), "To/OrganId", "x").replace(b"edXML:", b"").replace(b"xmlns:edXML", b"xmlns:q")
    other = (
        with_text(edxml(), "To/OrganId", "x").replace(b"edXML:", b"v:").replace(b"xmlns:edXML", b"xmlns:v")
    )

    assert strict(plain).xpath == strict(other).xpath == xpath("To[1]/OrganId")


def _undocumented(root: etree._Element) -> Iterator[str]:
    xs = "{http://www.w3.org/2001/XMLSchema}"
    for element in root.iter(f"{xs}element"):
        languages = [
            each.get("{http://www.w3.org/XML/1998/namespace}lang")
            for each in element.iterfind(f"{xs}annotation/{xs}documentation")
            if (each.text or "").strip()
        ]
        before = element.getprevious()
        if languages != ["vi", "en"] or not isinstance(before, etree._Comment):
            yield str(element.get("name"))


@pytest.mark.parametrize("profile", Profile)
def test_every_element_is_documented(profile: Profile) -> None:
    """Each declaration has a clause in the comment before it, and its meaning in both languages."""
    assert list(_undocumented(parse_tree(xsd(profile)).getroot())) == []
