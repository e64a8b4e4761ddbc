"""From a code, as it was when a document for it was accepted, to what is in force for it now.

A body goes on under another code (merged), goes on under several (split), ends, or pauses; and a code may
live on for another body (QĐ 09/2025/QĐ-TTg: a merged province keeps one predecessor's code). So what is
followed is the *entity* that the code named: its code is a successor of itself where a new entity took it
over and the old one left no other successor.

One successor is followed, again and again; where there are several, or none, people have to decide.

Invariants: every question has exactly one answer; the same directory gives the same answer; a chain has at
most `DEPTH` steps and never a circle; a code that is gone to is in force at the moment of the question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from routing.agencies import Agency, Directory
from routing.status import Status

DEPTH: Final = 8
"""The most successors that are followed; a longer chain is more likely an error than an administration."""


class Cause(StrEnum):
    """Why nobody can say by rule where a document goes."""

    SPLIT = "delivery.split"
    """The body has several successors."""

    NO_SUCCESSOR = "delivery.no_successor"
    """The body ended, and none of its successors is in force."""

    SUSPENDED = "delivery.suspended"
    """The code is in force, but suspended."""

    TOO_DEEP = "delivery.too_deep"
    """More than `DEPTH` successors lead on from each other."""

    CIRCLE = "delivery.circle"
    """The successors lead back to where they started."""

    NOT_CONNECTED = "delivery.not_connected"
    """No connected system serves the code that takes over."""

    @property
    def vi(self) -> str:
        """The Vietnamese words, for display."""
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        """The English words, for display."""
        return _WORDS[self][1]


_WORDS = {
    Cause.SPLIT: ("mã đã tách cho nhiều cơ quan", "the code has several successors"),
    Cause.NO_SUCCESSOR: ("mã đã kết thúc, không có nơi kế thừa", "the code ended without a successor"),
    Cause.SUSPENDED: ("mã đang tạm dừng", "the code is suspended"),
    Cause.TOO_DEEP: ("chuỗi kế thừa quá dài", "too many successors follow each other"),
    Cause.CIRCLE: ("chuỗi kế thừa quay vòng", "the successors lead in a circle"),
    Cause.NOT_CONNECTED: ("nơi kế thừa chưa kết nối", "the successor is not connected"),
}


class Step(NamedTuple):
    """That a code gave way at a moment; None if that cannot be said."""

    code: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """The code still names the body that it named then."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goes:
    """Another body took over, under `code`; `steps` are the codes on the way, each with the moment of its end."""

    code: str
    steps: tuple[Step, ...]

    @property
    def chain(self) -> tuple[str, ...]:
        """Every code on the way, the first and the last included."""
        return (*(step.code for step in self.steps), self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Nobody can say by rule who took over from `code`; `candidates` are those in force of whom one may be chosen."""

    code: str
    cause: Cause
    candidates: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    since: datetime | None = None


Succession: TypeAlias = Stays | Goes | Waits


def succession(code: str, *, accepted_at: datetime, now: datetime, directory: Directory) -> Succession:
    """Return what is in force at `now` for the body that the canonical `code` named at `accepted_at`.

    A moment of acceptance that lies ahead, by another gateway's clock, is the moment of the question.
    """
    now = max(now, accepted_at)
    version = _version(directory.versions(code), accepted_at)
    if version is None:
        # It is on record only since later: nothing says that the code named somebody else before.
        return _first_known(code, now, directory)
    steps: list[Step] = []
    seen: set[tuple[str, str]] = set()
    while True:
        latest = _latest(version, directory.versions(version.code), now)
        if latest.in_force(now):
            return _arrived(latest, tuple(steps))
        here, ended = (
            latest.code,
            latest.valid_to if latest.status is not Status.ANNULLED else latest.valid_from,
        )
        waits = _Waiting(here, tuple(steps), ended)
        following = latest.successors or (here,)
        if len(following) > 1:
            return waits.because(Cause.SPLIT, _active(following, directory, now))
        following_version = _taking_over(following[0], latest, ended, now, directory)
        if following_version is None:
            return waits.because(Cause.NO_SUCCESSOR)
        if (here, latest.entity_id) in seen:
            return waits.because(Cause.CIRCLE)
        if len(steps) == DEPTH:
            return waits.because(Cause.TOO_DEEP)
        seen.add((here, latest.entity_id))
        steps.append(Step(here, ended))
        version = following_version


class _Waiting(NamedTuple):
    code: str
    steps: tuple[Step, ...]
    since: datetime | None

    def because(self, cause: Cause, candidates: tuple[str, ...] = ()) -> Waits:
        return Waits(code=self.code, cause=cause, candidates=candidates, steps=self.steps, since=self.since)


def _arrived(found: Agency, steps: tuple[Step, ...]) -> Succession:
    if found.status is Status.SUSPENDED:
        return Waits(code=found.code, cause=Cause.SUSPENDED, steps=steps, since=found.valid_from)
    return Goes(code=found.code, steps=steps) if steps else Stays(code=found.code)


def _first_known(code: str, now: datetime, directory: Directory) -> Succession:
    found = directory.agency(code, now)
    return Waits(code=code, cause=Cause.NO_SUCCESSOR) if found is None else _arrived(found, ())


def _version(versions: tuple[Agency, ...], at: datetime) -> Agency | None:
    """Return the version at `at`, annulled or not, or else the last one before; None if all of them are later."""
    begun = [each for each in versions if each.valid_from is None or each.valid_from <= at]
    return begun[-1] if begun else None


def _latest(version: Agency, versions: tuple[Agency, ...], now: datetime) -> Agency:
    """Return the last version, of those begun by `now`, that the code has for the same entity."""
    return next(each for each in _backwards(versions, now) if each.entity_id == version.entity_id)


def _backwards(versions: tuple[Agency, ...], now: datetime) -> Iterator[Agency]:
    return (each for each in reversed(versions) if each.valid_from is None or each.valid_from <= now)


def _taking_over(
    code: str, ended: Agency, at: datetime | None, now: datetime, directory: Directory
) -> Agency | None:
    """Return what `code` named when `ended` gave way to it, or else the first that it named since, by `now`."""
    begun = [
        each
        for each in directory.versions(code)
        if (each.valid_from is None or each.valid_from <= now)
        and (each.code, each.entity_id) != (ended.code, ended.entity_id)
    ]
    if at is None:
        return begun[0] if begun else None
    still = [each for each in begun if each.valid_to is None or each.valid_to > at]
    # It may have ended at the same instant: then it says itself who took over.
    also = [each for each in begun if each.valid_to == at]
    then = [each for each in still if each.valid_from is None or each.valid_from <= at]
    return next(iter((*then, *also, *still)), None)


def _active(codes: tuple[str, ...], directory: Directory, now: datetime) -> tuple[str, ...]:
    """Return those of the codes that documents can be sent to."""
    found = ((code, directory.agency(code, now)) for code in codes)
    return tuple(code for code, agency in found if agency is not None and agency.status is Status.ACTIVE)
