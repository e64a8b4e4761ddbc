"""Writing edXML: the law of the round trip, and the look of the official files."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from lxml import etree

from schemas.document import Attachment, Document, StatusMessage
from schemas.names import NAMESPACE
from schemas.parse import parse
from schemas.serialize import document_xml, status_xml
from schemas.xml_parser import parse_tree
from tests.schemas.strategies import documents, statuses
from tests.support.documents import AT, PDF, a_document, a_status, edxml, status_edxml


@settings(max_examples=80)
@given(documents())
def test_a_written_document_is_read_back(drawn: tuple[Document, dict[str, bytes]]) -> None:
    """Reading what was written gives the same document."""
    document, contents = drawn
    assert parse(parse_tree(document_xml(document, contents)), at=AT).message == document


@settings(max_examples=60)
@given(statuses)
def test_a_written_status_is_read_back(status: StatusMessage) -> None:
    """Reading what was written gives the same status."""
    assert parse(parse_tree(status_xml(status)), at=AT).message == status


def _names(file: bytes, path: str) -> list[str]:
    """Give the local names of the children of an element."""
    (parent,) = parse_tree(file).iterfind(path, namespaces={"e": NAMESPACE})
    return [etree.QName(child).localname for child in parent]


def test_order_of_a_document() -> None:
    """The children of MessageHeader stand in the order of the axis's software."""
    assert _names(edxml(task_codes=("1",), application_type="x"), ".//e:MessageHeader") == [
        "From",
        "To",
        "To",
        "DocumentId",
        "Code",
        "PromulgationInfo",
        "DocumentType",
        "Subject",
        "Content",
        "SignerInfo",
        "DueDate",
        "OtherInfo",
        "SteeringType",
        "ResponseForTask",
        "ApplicationType",
        "ToPlaces",
    ]


def test_order_of_a_status() -> None:
    """The children of MessageHeader stand in the order of the official samples."""
    expected = ["From", "ResponseFor", "StaffInfo", "StatusCode", "Description", "Timestamp"]
    assert _names(status_edxml(), ".//e:MessageHeader") == expected


def test_prefixes_stand_where_the_official_files_have_them() -> None:
    """Document element and attachments go without prefix, the envelope and the content with it."""
    tree = parse_tree(edxml())
    for element in tree.iter():
        name = etree.QName(element).localname
        parent = element.getparent()
        in_attachment = parent is not None and etree.QName(parent).localname == "Attachment"
        unprefixed = name in {"edXML", "AttachmentEncoded", "Attachment"} or (
            in_attachment and name != "ContentTransferEncoded"
        )
        assert element.prefix == (None if unprefixed else "edXML"), name
    assert edxml().startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">\n'
        b'  <edXML:edXMLEnvelope xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">\n    <edXML:edXMLHeader>\n'
    )


def test_ids_carry_their_prefix() -> None:
    """ContentId is written as a cid: URL on both sides."""
    assert edxml().count(b"ContentId>cid:van-ban-1</") == 2


def test_times_are_written_in_vietnam_time() -> None:
    """A time in UTC is written as Vietnam's clocks showed it."""
    file = status_edxml(timestamp=datetime(2025, 6, 30, 17, 0, tzinfo=UTC))
    assert b"<edXML:Timestamp>2025/07/01 00:00:00</edXML:Timestamp>" in file


def test_no_attachments_no_element() -> None:
    """Without attachments there is an empty manifest and nothing else."""
    file = edxml(attachments=())
    assert b"AttachmentEncoded" not in file
    assert b"Reference" not in file
    assert b"TraceHeaderList" not in edxml(business=None, trace=())


def test_content_has_to_be_the_one_described() -> None:
    """Other octets than those described, or none, are a mistake of the caller."""
    described = Attachment.of(b"one", content_id="a", name="a", content_type="text/plain")
    with pytest.raises(ValueError, match="not the content described"):
        document_xml(a_document(attachments=(described,)), {"a": b"two"})
    with pytest.raises(KeyError):
        document_xml(a_document(attachments=(described,)), {"van-ban-1": PDF})


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_characters_that_xml_cannot_carry(character: str) -> None:
    """A text that would make the file unreadable is not written."""
    with pytest.raises(ValueError, match="XML cannot carry"):
        document_xml(a_document(subject=f"a{character}b", attachments=()), {})
    with pytest.raises(ValueError, match="XML cannot carry"):
        status_xml(a_status(description=character))


def test_markup_in_texts_is_text() -> None:
    """Nothing in a text becomes an element, a comment or a lost line end."""
    subject = "a</edXML:Subject><!-- & ]]> \r\n\t\"'"
    document = a_document(subject=subject + "b", promulgation_date=date(2025, 1, 1))
    file = document_xml(document, {"van-ban-1": PDF})
    assert parse(parse_tree(file), at=AT).message == document
