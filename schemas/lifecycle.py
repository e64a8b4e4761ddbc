"""What statuses do to a document as one receiver handles it (QĐ 28/2018/QĐ-TTg Điều 5.4, 9, 10.2.h).

Two things are known of a document at a receiver: how far its processing got (statuses 01 to 06), and where a
request to give it back or to update it stands (13, answered by 15 or 16). Statuses arrive late, twice and out
of order. Laws, for any order of arrival: processing never goes back; a status that comes again changes
nothing; what has ended stays ended; the same processing statuses lead to the same one. A refusal (02) counts
whenever it comes, for the receiver then does not keep the document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

REFUSED_STATUS: Final = "02"
ASKED_BACK_STATUS: Final = "13"
ANSWERS: Final = frozenset({"15", "16"})


class Effect(StrEnum):
    """What one status did."""

    ADVANCED = "advanced"
    """The document is further than before, or a request was made or answered."""
    REPEATED = "repeated"
    """The same was known already."""
    LATE = "late"
    """A later status was known already, or nothing was asked that this could answer."""
    CLOSED = "closed"
    """The document's way at this receiver had ended."""


class TakeBack(StrEnum):
    """Where a request to give the document back, or to update it, stands."""

    NONE = "none"
    REQUESTED = "requested"
    AGREED = "agreed"
    REFUSED = "refused"


LATER: Final[Mapping[str | None, frozenset[str]]] = MappingProxyType(
    {
        None: frozenset({"01", "02", "03", "04", "05", "06"}),
        "01": frozenset({"02", "03", "04", "05", "06"}),
        "03": frozenset({"02", "04", "05", "06"}),
        "04": frozenset({"02", "05", "06"}),
        "05": frozenset({"02", "06"}),
        "06": frozenset({"02"}),
        "02": frozenset(),
    }
)
"""The processing statuses that lead on from each; None stands before the first. Steps may be left out."""

ASKED: Final[Mapping[tuple[TakeBack, str], TakeBack]] = MappingProxyType(
    {
        (TakeBack.NONE, "13"): TakeBack.REQUESTED,
        (TakeBack.REFUSED, "13"): TakeBack.REQUESTED,
        (TakeBack.REQUESTED, "15"): TakeBack.AGREED,
        (TakeBack.REQUESTED, "16"): TakeBack.REFUSED,
    }
)
"""What becomes of a request; every pair that is not listed changes nothing."""

_SAID: Final = {"13": TakeBack.REQUESTED, "15": TakeBack.AGREED, "16": TakeBack.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a document is at one receiver."""

    status_code: str | None = None
    """The furthest of the statuses 01 to 06 so far; 02 is further than any."""
    reached_at: datetime | None = None
    """When that status was reached."""
    take_back: TakeBack = TakeBack.NONE
    asked_at: datetime | None = None
    """When the latest request was made."""
    answered_at: datetime | None = None
    """When the latest request was answered."""

    @property
    def is_closed(self) -> bool:
        """Tell whether the receiver has refused the document or given it back."""
        return self.status_code == REFUSED_STATUS or self.take_back is TakeBack.AGREED


def advance(progress: Progress, status_code: str, *, at: datetime) -> tuple[Progress, Effect]:
    """Return how far the document is after a status, and what the status did.

    Raises: ValueError for a code that is not in `codelists.STATUS_CODES`.
    """
    if status_code in _SAID:
        return _advance_take_back(progress, status_code, at)
    if status_code not in LATER:
        raise ValueError(f"{status_code!r} is not a status")
    if status_code == progress.status_code:
        return progress, Effect.REPEATED
    if progress.is_closed:
        return progress, Effect.CLOSED
    if status_code not in LATER[progress.status_code]:
        return progress, Effect.LATE
    return replace(progress, status_code=status_code, reached_at=at), Effect.ADVANCED


def ask_back(progress: Progress, *, at: datetime) -> tuple[Progress, Effect]:
    """Return how far the document is after a recall or an update of it, which ask what status 13 asks."""
    return advance(progress, ASKED_BACK_STATUS, at=at)


def answers_nothing(progress: Progress, status_code: str) -> bool:
    """Tell whether a status agrees to or refuses a request (15, 16) where none is open."""
    return status_code in ANSWERS and progress.take_back is not TakeBack.REQUESTED


def fold(steps: Iterable[tuple[str, datetime]]) -> tuple[Progress, tuple[Effect, ...]]:
    """Return where statuses with their times lead in the order given, and what each of them did.

    Raises: ValueError as `advance`.
    """
    progress, effects = Progress(), []
    for status_code, at in steps:
        progress, effect = advance(progress, status_code, at=at)
        effects.append(effect)
    return progress, tuple(effects)


def _advance_take_back(progress: Progress, status_code: str, at: datetime) -> tuple[Progress, Effect]:
    """Make or answer a request; the time tells a new request or answer from an old one that comes again."""
    last = progress.asked_at if status_code == ASKED_BACK_STATUS else progress.answered_at
    if progress.take_back is _SAID[status_code] or (last is not None and at <= last):
        return progress, Effect.REPEATED
    if progress.is_closed:
        return progress, Effect.CLOSED
    take_back = ASKED.get((progress.take_back, status_code))
    if take_back is None:
        return progress, Effect.LATE
    if status_code == ASKED_BACK_STATUS:
        return replace(progress, take_back=take_back, asked_at=at), Effect.ADVANCED
    return replace(progress, take_back=take_back, answered_at=at), Effect.ADVANCED
