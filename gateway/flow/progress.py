"""How far a document is at each of its recipients, folded from everything that speaks of it (`schemas.lifecycle`).

Statuses count by the time that they claim, in the order in which this gateway came to know of them. A recall or an update asks
its addressees what status 13 asks one of them. Invariant: nothing is stored of this, so history and progress cannot disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.mentions import Mention
from gateway.records import Message, MessageKind
from schemas.codelists import SENT_BY_SENDER
from schemas.lifecycle import Effect, Progress, advance, ask_back
from schemas.references import Relation

ASKING: Final = frozenset({Relation.RECALLS, Relation.UPDATES})


@dataclass(slots=True, kw_only=True)
class Course:
    """Where a document stands at one recipient, and what each message that moved it did, by message id."""

    progress: Progress = field(default_factory=Progress)
    effects: dict[str, Effect] = field(default_factory=dict)


def courses(mentions: Iterable[Mention]) -> dict[str, Course]:
    """Return the course of a document at each recipient (canonical code) of whom anything is said."""
    found: defaultdict[str, Course] = defaultdict(Course)
    for mention in mentions:
        message = mention.message
        if message.kind is MessageKind.STATUS and message.status_code is not None:
            course = found[recipient_of(mention)]
            moved = advance(course.progress, message.status_code, at=claimed_time(message))
            course.progress, course.effects[message.id] = moved
        elif mention.relation in ASKING:
            for code in {each.code for each in mention.addressees}:
                course = found[code]
                moved = ask_back(course.progress, at=message.accepted_at)
                course.progress, course.effects[message.id] = moved
    return dict(found)


def recipient_of(mention: Mention) -> str:
    """Return the recipient of the document at which a status places it: who speaks, or who is asked to give it back."""
    if mention.message.status_code not in SENT_BY_SENDER:
        return mention.message.sender_code
    return mention.addressees[0].code


def claimed_time(message: Message) -> datetime:
    """Return when a status says that it was reached; one from before that was kept counts from its acceptance."""
    return message.stated_at or message.accepted_at
