"""How far a document is at each of its recipients, folded from everything that speaks of it (`schemas.lifecycle`).

Statuses count by the time that they claim, in the order in which this gateway came to know of them. A recall or an update asks
its addressees what status 13 asks one of them. Invariant: nothing is stored of this, so history and progress cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.mentions import Mention
from gateway.records import Message, MessageKind
from schemas.codelists import SENT_BY_SENDER
from schemas.lifecycle import Effect, Progress, advance, ask_back
from schemas.references import Relation

ASKING: Final = frozenset({Relation.RECALLS, Relation.UPDATES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a document stands at one recipient, and what each message that moved it did, by message id."""

    progress: Progress = field(default_factory=Progress)
    effects: Mapping[str, Effect] = field(default_factory=dict)


def follow(mentions: Iterable[Mention], *, recipient: str) -> Course:
    """Return the course of a document at one recipient (a canonical code)."""
    progress = Progress()
    effects: dict[str, Effect] = {}
    for mention in mentions:
        message = mention.message
        if message.kind is MessageKind.STATUS and recipient_of(mention) == recipient:
            progress, effects[message.id] = advance(
                progress, message.status_code or "", at=claimed_time(message)
            )
        elif mention.relation in ASKING and any(each.code == recipient for each in mention.addressees):
            progress, effects[message.id] = ask_back(progress, at=message.accepted_at)
    return Course(progress=progress, effects=effects)


def recipient_of(mention: Mention) -> str | None:
    """Return the recipient of the document at which a status places it: who speaks, or who is asked to give it back."""
    if mention.message.status_code not in SENT_BY_SENDER:
        return mention.message.sender_code
    return next((each.code for each in mention.addressees), None)


def claimed_time(message: Message) -> datetime:
    """Return when a status says that it was reached; one from before that was kept counts from its acceptance."""
    return message.stated_at or message.accepted_at
