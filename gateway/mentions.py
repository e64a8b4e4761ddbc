"""What speaks of a document, and how documents are looked for: records and the part of `ports.Documents` that serves them.

Invariants: those of `gateway.records`; codes are canonical.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.records import Link, Message
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

    `senders` are the canonical codes of which its sender had one: the agency's own, and those of the bodies that it follows.
    `recipients` are those of an agency to which it must have gone or come; None asks for no particular one.
    """

    senders: tuple[str, ...]
    recipients: tuple[str, ...] | None = None
    document_id: str
    number: str | None = None
    promulgation_date: date | None = None


class Mentions(Protocol):
    """Who speaks of whom: one link for each entry about it in the history of the document spoken of."""

    async def correspondence(self, sought: Sought) -> Message | None:
        """Return the document that is sought, sent from or arrived at this gateway; of several the oldest."""

    async def mentions(
        self, about: Iterable[str], *, speakers: Iterable[str] | None = None
    ) -> dict[str, tuple[Mention, ...]]:
        """Return what speaks of each of these documents, in the order in which it became known here.

        With `speakers` (sender codes), of the statuses other than 13 only theirs: a document with many recipients has thousands.
        """

    async def spoken_of(self, message_id: str) -> tuple[tuple[Relation, Message], ...]:
        """Return the documents that a message speaks of, as far as they are known here, in the order of the ids."""

    async def unlinked(self, senders: Iterable[str]) -> tuple[Message, ...]:
        """Return recalls, updates and replacements of these senders that arrived before anything that they speak of."""

    async def link(self, message: Message, links: Sequence[Link]) -> None:
        """Link a message that is stored already, with the entries; links that are there stay as they are."""
