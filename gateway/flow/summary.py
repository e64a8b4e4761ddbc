"""What is kept of a message beside its bytes, because people or later messages ask for it.

Invariant: everything here is read from the message alone, so that an audit can read it again and compare.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TypedDict

from gateway.records import Json, Message
from schemas.codelists import PRIORITIES
from schemas.document import Document, StaffInfo, StatusMessage
from schemas.references import Reference, Relation, references


class Summary(TypedDict):
    """What names a message for people, and what it says of its own kind and time."""

    document_id: str
    number: str
    subject: str
    status_code: str | None
    business_type: int | None
    reason: str | None
    refers_to: tuple[dict[str, str], ...]
    promulgation_date: date | None
    stated_at: datetime | None
    staff: dict[str, Json] | None
    priority: int


NOTHING = Summary(
    document_id="",
    number="",
    subject="",
    status_code=None,
    business_type=None,
    reason=None,
    refers_to=(),
    promulgation_date=None,
    stated_at=None,
    staff=None,
    priority=0,
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
            reason=content.business.reason if content.business else None,
            refers_to=tuple(map(_as_json, references(content))),
            promulgation_date=content.promulgation_date,
            stated_at=None,
            staff=None,
            priority=_priority(content.priority),
        )
    return Summary(
        document_id=content.response_for.document_id,
        number="",
        subject=content.description or "",
        status_code=content.status_code,
        business_type=None,
        reason=None,
        refers_to=(),
        promulgation_date=None,
        stated_at=content.timestamp,
        staff=_staff(content.staff),
        priority=0,
    )


def _priority(stated: int | None) -> int:
    """Return how urgent a document is; what is not in the list says nothing."""
    return stated if stated is not None and stated in PRIORITIES else 0


def _staff(staff: StaffInfo | None) -> dict[str, Json] | None:
    """Return what the message says of the person to ask."""
    if staff is None:
        return None
    return {name: value for name, value in asdict(staff).items() if value is not None}


def stated_references(message: Message) -> tuple[Reference, ...]:
    """Return what a stored document says of others, as it was read from it."""
    return tuple(
        Reference(
            relation=Relation(each["relation"]),
            document_id=each["document_id"],
            organ_id=each.get("organ_id"),
            code=each.get("code"),
            promulgation_date=date.fromisoformat(each["date"]) if "date" in each else None,
        )
        for each in message.refers_to
    )


def _as_json(reference: Reference) -> dict[str, str]:
    stated = {
        "relation": reference.relation.value,
        "document_id": reference.document_id,
        "organ_id": reference.organ_id,
        "code": reference.code,
        "date": reference.promulgation_date.isoformat() if reference.promulgation_date else None,
    }
    return {name: value for name, value in stated.items() if value is not None}
