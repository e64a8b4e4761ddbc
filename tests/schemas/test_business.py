"""Business type and trace."""

from datetime import UTC, datetime

import pytest

from schemas.document import Business, Document, StaffInfo, TraceHeader
from schemas.errors import BadValue, IgnoredValue, RepeatedElement, UnknownElement
from tests.schemas.checks import read, refusal, warning, with_child, with_text, without
from tests.support.documents import a_document, edxml


def _document(file: bytes) -> Document:
    """Read a document."""
    message = read(file).message
    assert isinstance(message, Document)
    return message


@pytest.mark.parametrize("text", ["4", "mới", "-1", "1.0"])
def test_unreadable_business_is_refused(text: str) -> None:
    """A type that nobody knows could be anything but new."""
    finding = refusal(with_text(edxml(), "BussinessDocType", text))
    assert isinstance(finding, BadValue)


def test_absent_business_is_a_new_document() -> None:
    """Without list, without Bussiness or without type the document is new."""
    for path in ("TraceHeaderList", "Bussiness", "BussinessDocType"):
        document = _document(without(edxml(), path))
        assert document.business_type == 0
    assert _document(without(edxml(), "TraceHeaderList")).business is None
    assert _document(with_text(edxml(), "BussinessDocType", "")).business_type == 0


def test_misspelt_business_is_remarked_upon() -> None:
    """The spelling of the standard is unusual; whoever corrects it is told that it is not read."""
    file = with_child(without(edxml(), "Bussiness"), "TraceHeaderList", "Business")
    assert isinstance(warning(file), UnknownElement)
    assert isinstance(refusal(with_child(edxml(), "TraceHeaderList", "Bussiness")), RepeatedElement)


def test_details_are_read() -> None:
    """Reason, paper and the person to ask are kept; a different id in Bussiness changes nothing."""
    staff = StaffInfo(
        department="Văn thư",
        department_id="1",
        staff="An",
        staff_id="2",
        email="an@example.vn",
        mobile="84912",
    )
    business = Business(document_id="other", reason="mới", paper=1, staff=staff)
    document = _document(edxml(business=business))
    assert document == a_document(business=business)


def test_trace_is_read_as_far_as_it_goes() -> None:
    """Codes in the trace may be absent or null, times unreadable: neither refuses a document."""
    file = edxml(
        trace=(TraceHeader(organ_id="null"), TraceHeader(timestamp=datetime(2025, 6, 1, tzinfo=UTC)))
    )
    assert _document(file).trace == (
        TraceHeader(organ_id="null"),
        TraceHeader(timestamp=datetime(2025, 6, 1, tzinfo=UTC)),
    )
    broken = with_text(file, "TraceHeader/Timestamp", "sometime")
    assert isinstance(warning(broken), IgnoredValue)
    assert _document(broken).trace[1] == TraceHeader()


def test_order_of_trace_and_business() -> None:
    """The official samples put the trace first, the axis's software the business."""
    file = edxml()
    start, end = file.index(b"<edXML:Bussiness>"), file.index(b"<edXML:TraceHeader>")
    stop = file.index(b"</edXML:TraceHeaderList>")
    swapped = file[:start] + file[end:stop] + file[start:end] + file[stop:]
    assert _document(swapped) == a_document()
