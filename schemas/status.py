"""Status messages: what became of a document (QCVN 102:2016/BTTTT; states of QĐ 28/2018 Điều 10.2.h).

A status has no id of its own; it is matched by the DocumentId that it answers.
"""

from datetime import UTC, datetime
from typing import Final

from schemas.business import read_staff
from schemas.codelists import REASON_EXPECTED, STATUS_CODES
from schemas.document import ResponseFor, StatusMessage
from schemas.errors import BadValue, EmptyElement, ReasonMissing, UnknownStatusCode, UnusualDate
from schemas.header import read_organization, read_response_for
from schemas.reading import Part
from schemas.values import TIMESTAMP_FORM, read_timestamp

STATUS_HEADER: Final = ("From", "ResponseFor", "StaffInfo", "StatusCode", "Description", "Timestamp")

_A_TIME: Final = {
    "expected_vi": f"thời điểm có thật, dạng {TIMESTAMP_FORM}",
    "expected_en": f"an existing time {TIMESTAMP_FORM}",
}


def read_status(message: Part) -> StatusMessage:
    """Read the MessageHeader of a status."""
    status_code = message.required("StatusCode")
    if status_code and status_code not in STATUS_CODES:
        known = ", ".join(STATUS_CODES)
        element = message.each("StatusCode")[0]
        message.findings.add(UnknownStatusCode, element, value=status_code, known=known)
    description = message.text("Description")
    if status_code in REASON_EXPECTED and description is None:
        message.findings.add(ReasonMissing, message.element, status_code=status_code)
    return StatusMessage(
        sender=read_organization(message.one("From"), message.findings),
        response_for=_read_answered(message),
        status_code=status_code,
        description=description,
        timestamp=_read_timestamp(message),
        staff=read_staff(message),
    )


def _read_answered(message: Part) -> ResponseFor:
    """Read the document that the status is about."""
    element = message.one("ResponseFor")
    if element is not None:
        answered = read_response_for(element, message.findings)
        if answered is not None:
            return answered
        message.findings.add(EmptyElement, element, name="ResponseFor")
    return ResponseFor(organ_id="", document_id="")


def _read_timestamp(message: Part) -> datetime:
    """Read when the status was reached."""
    text = message.required("Timestamp")
    read = read_timestamp(text) if text else None
    if text and read is None:
        message.findings.add(BadValue, message.each("Timestamp")[0], name="Timestamp", value=text, **_A_TIME)
    elif read is not None and not read.is_standard:
        element = message.each("Timestamp")[0]
        message.findings.add(UnusualDate, element, name="Timestamp", value=text, form=TIMESTAMP_FORM)
    return read.value if read else datetime.min.replace(tzinfo=UTC)
