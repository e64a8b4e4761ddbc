"""What the code administrators have to decide: to whom held deliveries go, or back to their senders.

Invariant: a choice is checked against the registry of the moment at which it is made; a code that is not active, or that nobody
serves, is never chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.flow.errors_under_way import NothingHeldError, UnusableSuccessorError
from gateway.ports import UnderWay
from gateway.under_way import Choice, HeldCode
from routing.agencies import Directory
from routing.heading import Addressee, Course
from routing.status import Status
from routing.succession import Cause, Waits

BATCH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Deliveries to one code that wait for a decision; `deadline` is when the oldest of them goes back to its sender."""

    code: str
    name: str
    cause: Cause
    deliveries: int
    since: datetime
    deadline: datetime
    candidates: tuple[tuple[str, str], ...]
    """Codes that may take over, with the names of their agencies."""


def task_of(held: HeldCode, course: Course, *, now: datetime) -> Task:
    """Say what has to be decided about the deliveries held for a code, as the registry is at `now`."""
    directory = course.directory
    found = course.found(Addressee(code=held.code, accepted_at=held.accepted_at, member_id=""), now)
    # What the registry has settled meanwhile goes on by itself: until then the cause is that of before.
    cause = found.cause if isinstance(found, Waits) else Cause(held.reason)
    candidates = found.candidates if isinstance(found, Waits) else (found.code,)
    return Task(
        code=held.code,
        name=_name(held.code, directory, held.accepted_at),
        cause=cause,
        deliveries=held.deliveries,
        since=held.since,
        deadline=held.since + course.patience.hold,
        candidates=tuple((code, _name(code, directory, now)) for code in candidates),
    )


async def resolve(under_way: UnderWay, choice: Choice, course: Course, *, now: datetime) -> int:
    """Do what was chosen with everything that is held for a code, and return how many deliveries that were.

    Raises:
        UnusableSuccessorError: the code chosen is not active, or not served by a connected system.
        NothingHeldError: nothing is held for the code.

    """
    if choice.to is not None:
        _check(choice.to, course.directory, now)
    done = 0
    try:
        while changed := await under_way.resolve(choice, course, limit=BATCH):
            done += changed
    except ValueError:
        # The instant has passed by the database's time, and with it the system that serves the code.
        raise _not_connected(choice.to or "") from None
    if not done:
        raise NothingHeldError(code=choice.code)
    return done


def _check(code: str, directory: Directory, now: datetime) -> None:
    status = directory.status(code, now)
    if status is not Status.ACTIVE:
        vi, en = ("không có trong danh mục", "unknown") if status is None else (status.vi, status.en)
        raise UnusableSuccessorError(code=code, reason_vi=vi, reason_en=en)
    if directory.member_for(code, now) is None:
        raise _not_connected(code)


def _not_connected(code: str) -> UnusableSuccessorError:
    return UnusableSuccessorError(
        code=code, reason_vi="chưa có hệ thống kết nối", reason_en="no connected system serves it"
    )


def _name(code: str, directory: Directory, at: datetime) -> str:
    """Return the name of what a code names at a moment, or else the last that it named."""
    agency = directory.agency(code, at)
    versions = directory.versions(code)
    return agency.name if agency is not None else versions[-1].name if versions else ""
