"""Status messages."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.document import ResponseFor, StatusMessage
from schemas.errors import (
    BadAgencyCode,
    BadValue,
    EarlyTimestamp,
    EmptyElement,
    FutureTimestamp,
    IncompleteReference,
    MissingElement,
    ReasonMissing,
    UnknownElement,
    UnknownStatusCode,
    UnusualDate,
)
from tests.schemas.checks import read, refusal, warning, with_child, with_text, without, xpath
from tests.support.documents import AT, a_status, status_edxml


def test_a_status_is_read() -> None:
    """All parts of a status come back."""
    parsed = read(status_edxml())
    assert parsed.message == a_status()
    assert parsed.warnings == ()


@pytest.mark.parametrize("code", ["01", "02", "03", "04", "05", "06", "13", "15", "16"])
def test_every_code_of_the_list(code: str) -> None:
    """Each code of the list is taken."""
    assert read(status_edxml(status_code=code)).message == a_status(status_code=code)


@pytest.mark.parametrize("code", ["1", "07", "14", "done", "fail", "００", "17"])
def test_other_codes(code: str) -> None:
    """A code outside the list is refused, together with the list."""
    finding = refusal(status_edxml(status_code=code))
    assert isinstance(finding, UnknownStatusCode)
    assert finding.facts["known"] == "01, 02, 03, 04, 05, 06, 13, 15, 16"
    assert finding.xpath == xpath("StatusCode")


@pytest.mark.parametrize("name", ["From", "ResponseFor", "Timestamp"])
def test_required_elements(name: str) -> None:
    """Sender, reference and time are required."""
    finding = refusal(without(status_edxml(), f"MessageHeader/{name}"))
    assert isinstance(finding, MissingElement)
    assert (finding.facts, finding.xpath) == ({"name": name}, xpath(""))


def test_empty_elements() -> None:
    """An empty code, reference or time is missed."""
    assert isinstance(refusal(with_text(status_edxml(), "StatusCode", "")), EmptyElement)
    assert isinstance(refusal(with_text(status_edxml(), "Timestamp", "")), EmptyElement)
    bare = without(status_edxml(), "ResponseFor")
    finding = refusal(with_child(bare, "MessageHeader", "ResponseFor"))
    assert isinstance(finding, EmptyElement)
    assert finding.facts == {"name": "ResponseFor"}


@pytest.mark.parametrize("name", ["OrganId", "DocumentId"])
def test_reference_names_agency_and_document(name: str) -> None:
    """Without either nobody knows which document is meant."""
    finding = refusal(without(status_edxml(), f"ResponseFor/{name}"))
    assert isinstance(finding, MissingElement)
    assert finding.facts == {"name": name}


@pytest.mark.parametrize("name", ["Code", "PromulgationDate"])
def test_reference_may_leave_out_the_rest(name: str) -> None:
    """Code and date are not needed to find the document."""
    finding = warning(without(status_edxml(), f"ResponseFor/{name}"))
    assert isinstance(finding, IncompleteReference)
    assert finding.facts == {"name": name}


def test_codes_obey_a_grammar() -> None:
    """The code in the reference decides where the status goes."""
    finding = refusal(
        status_edxml(response_for=ResponseFor(organ_id="vxp.saas.03", code="1", document_id="x"))
    )
    assert isinstance(finding, BadAgencyCode)


@pytest.mark.parametrize("text", ["2025/06/30", "2025/06/31 10:00:00", "vừa xong"])
def test_unreadable_time(text: str) -> None:
    """A time that cannot be read refuses the status."""
    finding = refusal(with_text(status_edxml(), "Timestamp", text))
    assert isinstance(finding, BadValue)


def test_other_form_of_time() -> None:
    """ISO 8601 is understood with a warning."""
    file = with_text(status_edxml(), "Timestamp", "2025-06-30T11:30:00Z")
    assert isinstance(warning(file), UnusualDate)
    message = read(file).message
    assert isinstance(message, StatusMessage)
    assert message.timestamp == datetime(2025, 6, 30, 11, 30, tzinfo=UTC)


def test_time_before_the_document() -> None:
    """Clocks differ between agencies; a status dated before its document is taken with a warning."""
    status = a_status(timestamp=datetime(2025, 6, 29, 16, 59, 59, tzinfo=UTC))
    assert status.response_for.promulgation_date == date(2025, 6, 30)
    assert read(status_edxml(timestamp=status.timestamp)).message == status
    finding = warning(status_edxml(timestamp=status.timestamp))
    assert isinstance(finding, EarlyTimestamp)
    assert finding.facts == {"value": "2025/06/29 23:59:59", "issued": "2025-06-30"}
    assert finding.xpath == xpath("Timestamp")
    assert read(status_edxml(timestamp=datetime(2025, 6, 29, 17, 0, tzinfo=UTC))).warnings == ()


def test_time_in_the_future() -> None:
    """Within a day it may be the clock or the zone; beyond it something is wrong."""
    assert read(status_edxml(timestamp=AT + timedelta(days=1))).warnings == ()
    finding = warning(status_edxml(timestamp=AT + timedelta(days=1, seconds=1)))
    assert isinstance(finding, FutureTimestamp)
    assert finding.facts == {"value": "2025/07/01 19:00:01", "now": "2025/06/30 19:00:00"}
    last = with_text(status_edxml(), "Timestamp", "9999-12-31T23:59:59Z")
    assert {type(finding) for finding in read(last).warnings} == {FutureTimestamp, UnusualDate}


@pytest.mark.parametrize("code", ["02", "13", "16"])
def test_reason(code: str) -> None:
    """A refusal or request without reason is remarked upon."""
    finding = warning(status_edxml(status_code=code, description=None))
    assert isinstance(finding, ReasonMissing)
    assert read(status_edxml(status_code=code)).warnings == ()


def test_parts_of_a_document_in_a_status() -> None:
    """What belongs to a document is passed over with a warning."""
    assert isinstance(warning(with_child(status_edxml(), "MessageHeader", "Subject", "x")), UnknownElement)
