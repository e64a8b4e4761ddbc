"""What speaks of a document, and how documents are looked for: records between the flow, the API and the store.

Invariants: those of `gateway.records`; codes are canonical.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from gateway.records import Message
from schemas.references import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """An agency to which a message went or came, and the system that serves it."""

    code: str
    member_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A message that speaks of a document, to whom it was addressed, and since when this gateway knows of it."""

    message: Message
    relation: Relation
    noted_at: datetime
    addressees: tuple[Addressee, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A document as others name it: sender and DocumentId or, where that is not known, number and date (QCVN 102, ResponseFor).

    `recipient` is the canonical code of an agency to which it must have gone or come; None asks for no particular one.
    """

    sender: str
    recipient: str | None = None
    document_id: str
    number: str | None = None
    promulgation_date: date | None = None
