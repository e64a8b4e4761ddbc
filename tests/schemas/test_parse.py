"""The way from a tree to a message, and the laws that hold for it."""

import io
import random
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.document import Document
from schemas.errors import (
    EmptyElement,
    MissingElement,
    RepeatedElement,
    SchemaErrors,
    UnknownElement,
    UnknownStatusCode,
    WrongNamespace,
    WrongRoot,
)
from schemas.names import NAMESPACE, PREFIX
from schemas.parse import Parsed, parse
from schemas.serialize import document_xml
from schemas.xml_parser import parse_tree
from tests.schemas.checks import read, refusal, refusals, warning, with_child, without
from tests.schemas.strategies import documents
from tests.support.documents import AT, a_document, a_status, edit, edxml, find, status_edxml


def test_a_document_is_read() -> None:
    """The complete document comes back without a remark."""
    assert read(edxml()) == Parsed(message=a_document())


@pytest.mark.parametrize(
    ("namespace", "about"),
    [
        ("", "no namespace at all"),
        ("http://www.e-doc.vn/Schema/", "the SOAP envelope in use before"),
        ("http://www.go.vn/eDoc", "a wrong guess"),
        ("http://edxml.gov.vn/schema", "an invented name"),
        ("http://www.mic.gov.vn/TBT/QCVN_102_2016/", "not the namespace of edXML"),
        ("http://www.mic.gov.vn/tbt/qcvn_102_2016", "not the namespace of edXML"),
    ],
)
def test_wrong_namespaces(namespace: str, about: str) -> None:
    """Each wrong namespace is shown, the known ones with what they are."""
    plain = edxml().replace(b"edXML:", b"").replace(b' xmlns:edXML="', b' xmlns="')
    finding = refusal(plain.replace(NAMESPACE.encode(), namespace.encode()))
    assert isinstance(finding, WrongNamespace)
    assert finding.facts["found"] == namespace
    assert about in str(finding)


def test_envelope_of_old_software() -> None:
    """The document element of the old format is recognised by its namespace."""
    finding = refusal(b'<Envelope xmlns="http://www.e-doc.vn/Schema/"/>')
    assert isinstance(finding, WrongNamespace)


@pytest.mark.parametrize(
    "file", [b"<html/>", b'<edxml xmlns="%s"/>' % NAMESPACE.encode(), b'<a xmlns="urn:x"/>']
)
def test_wrong_roots(file: bytes) -> None:
    """Other documents are named by their document element."""
    finding = refusal(file)
    assert isinstance(finding, WrongRoot)
    assert finding.line == 1


@pytest.mark.parametrize("name", ["edXMLEnvelope", "edXMLHeader", "MessageHeader"])
def test_no_way_to_the_header(name: str) -> None:
    """Without envelope or header the fault is the first step that is missing."""
    finding = refusal(without(edxml(), name))
    assert isinstance(finding, MissingElement)
    assert finding.facts == {"name": name}


@pytest.mark.parametrize(
    "name", ["edXMLEnvelope", "edXMLHeader", "MessageHeader", "edXMLBody", "AttachmentEncoded"]
)
def test_one_of_each(name: str) -> None:
    """Two envelopes, headers or bodies would be two messages in one."""

    def repeat(root: etree._Element) -> None:
        element = find(root, name)
        parent = element.getparent()
        assert parent is not None
        parent.append(etree.Element(element.tag))

    assert any(isinstance(finding, RepeatedElement) for finding in refusals(edit(edxml(), repeat)))


def test_a_status_is_told_by_its_code() -> None:
    """A StatusCode makes a status of a message, whatever else it holds."""
    assert read(status_edxml()).message == a_status()
    findings = refusals(with_child(edxml(), "MessageHeader", "StatusCode", "99"))
    assert isinstance(findings[0], UnknownStatusCode)


@pytest.mark.parametrize(
    "signature",
    [
        "<Signature><SignedInfo/></Signature>",
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>',
        "<edXML:DigitalSignature/>",
    ],
)
def test_signatures_are_left_to_others(signature: str) -> None:
    """A Signature in the header, genuine or not, has no influence on the message."""
    end = b"</edXML:edXMLHeader>"
    assert read(edxml().replace(end, signature.encode() + end)) == Parsed(message=a_document())


def test_unknown_elements_are_remarked_upon() -> None:
    """What the standard does not know is passed over aloud."""
    finding = warning(with_child(edxml(), "MessageHeader", "DueDat", "2025/07/15"))
    assert isinstance(finding, UnknownElement)
    assert finding.facts == {"name": "DueDat"}


def test_refusal_tells_the_warnings_too() -> None:
    """A refused sender learns of both."""
    file = with_child(without(edxml(), "MessageHeader/Subject"), "MessageHeader", "Topic")
    with pytest.raises(SchemaErrors) as caught:
        read(file)
    assert [type(finding) for finding in caught.value.errors] == [MissingElement]
    assert [type(finding) for finding in caught.value.warnings] == [UnknownElement]


def test_an_instant_needs_a_zone() -> None:
    """A time without zone is a mistake of the caller, not of the document."""
    with pytest.raises(ValueError, match="time zone"):
        parse(parse_tree(status_edxml()), at=datetime(2025, 6, 30))  # noqa: DTZ001 - the point of the test


def test_every_finding_leads_to_its_element() -> None:
    """The XPath of a finding finds one element, and its line is that of the element."""
    file = re.sub(rb">[^<>\n]+</edXML:(?!ContentTransfer)", b"></edXML:", edxml())
    tree = parse_tree(file)
    findings = refusals(file)
    assert len(findings) == 12
    for finding in findings:
        assert isinstance(finding, EmptyElement)
        assert finding.xpath is not None
        found = tree.xpath(finding.xpath, namespaces={PREFIX: NAMESPACE})
        assert isinstance(found, list)
        assert len(found) == 1
        assert isinstance(found[0], etree._Element)
        assert found[0].sourceline == finding.line


def _canonical(file: bytes, *, exclusive: bool) -> bytes:
    """Give the canonical octets of a file without its comments."""
    sink = io.BytesIO()
    parse_tree(file).write(sink, method="c14n", exclusive=exclusive, with_comments=False)
    return sink.getvalue()


@settings(max_examples=40)
@given(documents(), st.booleans())
def test_canonical_octets_give_the_same_message(
    drawn: tuple[Document, dict[str, bytes]], exclusive: bool
) -> None:
    """What a signature covers is the same message, though its octets and lines differ."""
    document, contents = drawn
    file = document_xml(document, contents)
    file = file.replace(b"</edXML:From>", b"</edXML:From><!-- a comment between elements -->\r\n")
    assert read(_canonical(file, exclusive=exclusive)).message == read(file).message == document


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_order_of_elements_is_irrelevant(shuffler: random.Random) -> None:
    """Children of every element may stand in any order, as long as repeated ones keep theirs."""

    def shuffle(root: etree._Element) -> None:
        for parent in root.iter():
            names = [child.tag for child in parent]
            shuffler.shuffle(names)
            queues: dict[object, list[etree._Element]] = {}
            for child in parent:
                queues.setdefault(child.tag, []).append(child)
            parent[:] = [queues[name].pop(0) for name in names]

    assert read(edit(edxml(), shuffle)) == Parsed(message=a_document())
    assert read(edit(status_edxml(), shuffle)) == Parsed(message=a_status())


@settings(max_examples=30)
@given(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True).filter(lambda p: p[:3].lower() != "xml")
)
def test_prefixes_are_irrelevant(prefix: str) -> None:
    """Any prefix, or none, names the same elements."""
    file = edxml()
    renamed = file.replace(b"edXML:edXML", b"%b:\0" % prefix.encode())
    renamed = renamed.replace(b"edXML:", prefix.encode() + b":").replace(b"\0", b"edXML")
    renamed = renamed.replace(b"xmlns:edXML", b"xmlns:" + prefix.encode())
    unprefixed = file.replace(b' xmlns:edXML="', b' xmlns:unused="').replace(b"edXML:", b"")
    assert read(renamed) == read(unprefixed) == Parsed(message=a_document())


def test_a_file_from_disk_is_read_alike(tmp_path: Path) -> None:
    """The source of the tree makes no difference."""
    path = tmp_path / "document.edxml"
    path.write_bytes(edxml())
    assert parse(parse_tree(path), at=AT) == Parsed(message=a_document())


def test_thousands_of_recipients() -> None:
    """A circular to every commune of the country is read as any other document."""
    sender = a_document().sender
    recipients = tuple(type(sender)(organ_id=f"H26.{n}.1", name="Ủy ban nhân dân") for n in range(10_035))
    document = read(edxml(recipients=recipients)).message
    assert document == a_document(recipients=recipients)
