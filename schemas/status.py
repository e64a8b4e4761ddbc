"""Status messages: what became of a document (QCVN 102:2016/BTTTT; states of QĐ 28/2018 Điều 10.2.h).

A status has no id of its own; it is matched by the DocumentId that it answers. Which status follows which is
told in `schemas.lifecycle`.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from schemas.business import read_staff
from schemas.codelists import REASON_EXPECTED, STATUS_CODES
from schemas.document import ResponseFor, StatusMessage
from schemas.errors import (
    BadValue,
    EarlyTimestamp,
    EmptyElement,
    FutureTimestamp,
    ReasonMissing,
    UnknownStatusCode,
    UnusualDate,
)
from schemas.header import read_organization, read_response_for
from schemas.reading import Part
from schemas.values import TIMESTAMP_FORM, VIETNAM, read_timestamp

STATUS_HEADER: Final = ("From", "ResponseFor", "StaffInfo", "StatusCode", "Description", "Timestamp")

_A_DAY: Final = timedelta(days=1)
_A_TIME: Final = {
    "expected_vi": f"thời điểm có thật, dạng {TIMESTAMP_FORM}",
    "expected_en": f"an existing time {TIMESTAMP_FORM}",
}


def read_status(message: Part, *, at: datetime) -> StatusMessage:
    """Read the MessageHeader of a status as of an instant."""
    status_code = message.required("StatusCode")
    if status_code and status_code not in STATUS_CODES:
        known = ", ".join(STATUS_CODES)
        element = message.each("StatusCode")[0]
        message.findings.add(UnknownStatusCode, element, value=status_code, known=known)
    description = message.text("Description")
    if status_code in REASON_EXPECTED and description is None:
        message.findings.add(ReasonMissing, message.element, status_code=status_code)
    sender = read_organization(message.one("From"), message.findings)
    answered = _read_answered(message)
    return StatusMessage(
        sender=sender,
        response_for=answered,
        status_code=status_code,
        description=description,
        timestamp=_read_timestamp(message, answered.promulgation_date, at),
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


def _read_timestamp(message: Part, issued: date | None, at: datetime) -> datetime:
    """Read when the status was reached; clocks of others are wrong at times, so that is only remarked upon."""
    text = message.required("Timestamp")
    read = read_timestamp(text) if text else None
    if read is None:
        if text:
            element = message.each("Timestamp")[0]
            message.findings.add(BadValue, element, name="Timestamp", value=text, **_A_TIME)
        return datetime.min.replace(tzinfo=UTC)
    element = message.each("Timestamp")[0]
    if not read.is_standard:
        message.findings.add(UnusualDate, element, name="Timestamp", value=text, form=TIMESTAMP_FORM)
    if issued is not None and read.value < datetime.combine(issued, time.min, VIETNAM):
        message.findings.add(EarlyTimestamp, element, value=text, issued=issued)
    if read.value - at > _A_DAY:
        now = f"{at.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
        message.findings.add(FutureTimestamp, element, value=text, now=now)
    return read.value
