"""How far a document is at each of its recipients, folded from everything that speaks of it (`schemas.lifecycle`).

Statuses count by the time that they claim, in the order in which this gateway came to know of them. A recall or an update asks
its addressees what status 13 asks one of them. Invariant: nothing is stored of this, so history and progress cannot disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gateway.mentions import Mention
from gateway.records import Message, MessageKind
from routing.agencies import Directory
from routing.lineage import line_of
from schemas.codelists import SENT_BY_SENDER
from schemas.lifecycle import Effect, Progress, advance, ask_back
from schemas.references import Relation

NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
"""Nobody speaks for anybody else."""

ASKING: Final = frozenset({Relation.RECALLS, Relation.UPDATES})


@dataclass(slots=True, kw_only=True)
class Course:
    """Where a document stands at one recipient, and what each message that moved it did, by message id."""

    progress: Progress = field(default_factory=Progress)
    effects: dict[str, Effect] = field(default_factory=dict)


def courses(mentions: Iterable[Mention], *, same: Mapping[str, str] = NOBODY) -> dict[str, Course]:
    """Return the course of a document at each recipient (canonical code) of whom anything is said.

    `same` tells for which recipient another code speaks, that of its successor.
    """
    found: defaultdict[str, Course] = defaultdict(Course)
    for mention in mentions:
        message = mention.message
        if message.kind is MessageKind.STATUS and message.status_code is not None:
            course = found[recipient_of(mention, same=same)]
            moved = advance(course.progress, message.status_code, at=claimed_time(message))
            course.progress, course.effects[message.id] = moved
        elif mention.relation in ASKING:
            for code in {same.get(each.code, each.code) for each in mention.addressees}:
                course = found[code]
                moved = ask_back(course.progress, at=message.accepted_at)
                course.progress, course.effects[message.id] = moved
    return dict(found)


def recipient_of(mention: Mention, *, same: Mapping[str, str] = NOBODY) -> str:
    """Return the recipient of the document at which a status places it: who speaks, or who is asked to give it back."""
    asks_back = mention.message.status_code in SENT_BY_SENDER
    code = mention.addressees[0].code if asks_back else mention.message.sender_code
    return same.get(code, code)


def stand_ins(mentions: Iterable[Mention], codes: Iterable[str], directory: Directory) -> dict[str, str]:
    """Return for which recipient of a document each other code that appears in what is said of it speaks."""
    addressed = tuple(codes)
    found: dict[str, str] = {}
    for mention in mentions:
        message = mention.message
        for code in {message.sender_code, *(each.code for each in mention.addressees)} - {*addressed, *found}:
            agency = directory.agency(code, message.accepted_at)
            if agency is None:
                continue
            followed = line_of(agency, directory=directory, at=message.accepted_at).codes
            recipient = next((each for each in addressed if each in followed), None)
            if recipient is not None:
                found[code] = recipient
    return found


def claimed_time(message: Message) -> datetime:
    """Return when a status says that it was reached; one from before that was kept counts from its acceptance."""
    return message.stated_at or message.accepted_at
