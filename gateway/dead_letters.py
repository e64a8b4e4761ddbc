"""Dead letters: what could not be processed and waits for a person; and deliveries of ours that keep failing.

Invariants: a letter is kept, with its body, until it was taken after all or somebody discarded it and said why; the same bytes on
the same queue are one letter, however often they die.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.records import Event, Json

QUEUE_SUFFIX: Final = ".dead"
"""What the name of a queue's dead letters ends in, after the name of the queue; no queue of a member may end in it."""


class LetterState(StrEnum):
    """What became of a dead letter."""

    WAITING = "waiting"
    RESENDING = "resending"
    RESENT = "resent"
    DISCARDED = "discarded"


class Act(StrEnum):
    """What may be ordered: to examine dead letters again, or to try deliveries now that keep failing."""

    RESEND = "resend"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why something is dead: a stable code, with texts and what to do in both languages (`vi`, `en`, `fix_vi`, `fix_en`)."""

    code: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """One death on a queue; `attempt` is the id of the message that died, so that the same death is counted once."""

    queue: str
    body: bytes
    sha256: str
    attempt: str
    cause: Cause
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A letter without its body."""

    id: str
    queue: str
    sha256: str
    size: int
    attempt: str
    cause: Cause
    times: int
    state: LetterState
    first_seen: datetime
    last_seen: datetime
    decided_at: datetime | None
    order_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterItem:
    """A letter to be examined again, leased under a fence to one process; `order_id` says for which order."""

    id: str
    order_id: str
    queue: str
    body: bytes
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGroup:
    """The letters that wait for the same cause."""

    cause: Cause
    letters: int
    deaths: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckGroup:
    """Deliveries and receipts of ours that were tried often and are not through, by what was said last."""

    reason: str
    count: int
    attempts: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which letters or deliveries: one (`letter_id`), those of one `cause`, or all."""

    letter_id: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decided, why, and at what rate each second it is to be done."""

    actor: str
    reason: str
    rate: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered and how far it is: `failed` of those tried died again, or could not be judged."""

    id: str
    act: Act
    cause: str | None
    actor: str
    reason: str
    rate: int
    total: int
    done: int
    failed: int
    created_at: datetime
    finished_at: datetime | None


def order_facts(decision: Decision, selection: Selection, *, count: int) -> dict[str, Json]:
    """Return what the log says of an act."""
    facts: dict[str, Json] = {"actor": decision.actor, "explanation": decision.reason, "count": count}
    if selection.letter_id is not None:
        facts["letter"] = selection.letter_id
    if selection.cause is not None:
        facts["cause"] = selection.cause
    return facts
