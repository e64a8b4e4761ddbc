"""What is kept of a message beside its bytes, because people or later messages ask for it.

Invariant: everything here is read from the message alone, so that an audit can read it again and compare.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TypedDict

from gateway.records import Json
from schemas.document import Document, StaffInfo, StatusMessage


class Summary(TypedDict):
    """What names a message for people, and what it says of its own kind and time."""

    document_id: str
    number: str
    subject: str
    status_code: str | None
    business_type: int | None
    promulgation_date: date | None
    stated_at: datetime | None
    staff: dict[str, Json] | None


NOTHING = Summary(
    document_id="",
    number="",
    subject="",
    status_code=None,
    business_type=None,
    promulgation_date=None,
    stated_at=None,
    staff=None,
)
"""What is known of a message that could not be read."""


def summary(content: Document | StatusMessage) -> Summary:
    """Name the message for people: a document by its id, number and subject, a status by its code, words, time and person."""
    if isinstance(content, Document):
        return Summary(
            document_id=content.document_id,
            number=f"{content.code.number}/{content.code.notation}",
            subject=content.subject,
            status_code=None,
            business_type=content.business_type,
            promulgation_date=content.promulgation_date,
            stated_at=None,
            staff=None,
        )
    return Summary(
        document_id=content.response_for.document_id,
        number="",
        subject=content.description or "",
        status_code=content.status_code,
        business_type=None,
        promulgation_date=None,
        stated_at=content.timestamp,
        staff=_staff(content.staff),
    )


def _staff(staff: StaffInfo | None) -> dict[str, Json] | None:
    """Return what the message says of the person to ask."""
    if staff is None:
        return None
    return {name: value for name, value in asdict(staff).items() if value is not None}
