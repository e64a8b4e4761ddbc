"""A small registry at an instant: a code merges, one is split, one ends, one lives on for a new body, one is suspended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.records import Recipient
from routing.agencies import Agency, Directory, Member
from routing.heading import Course, Patience
from routing.status import Status
from tests.support.registry import a_directory, an_agency
from tests.support.store_samples import NOON, a_recipient

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
INSTANT: Final = NOON + HOUR
"""When all of it takes effect; what the tests accept is accepted before."""

PATIENCE: Final = Patience(queue=7 * DAY, hold=72 * HOUR)
OLD: Final = Member(id="old", name="Hệ thống cũ", prefixes=("H39",), queue="member.old", gateway="gw-north")
NEW: Final = Member(
    id="new", name="Hệ thống mới", prefixes=("H53", "H54"), queue="member.new", gateway="gw-north"
)
MERGED, SPLIT, CLOSED, TAKEN_OVER, SUSPENDED = "H39.1", "H39.2", "H39.3", "H39.4", "H39.5"
SUCCESSOR, HALF, OTHER_HALF = "H53.1", "H53.2", "H53.3"


def _until(code: str, *successors: str) -> Agency:
    return an_agency(code, valid_to=INSTANT, successors=successors)


def agencies(*, resumed_at: datetime | None = None) -> tuple[Agency, ...]:
    """Return the agencies on both sides of the instant; the suspended one may be resumed."""
    suspended = replace(an_agency(SUSPENDED), status=Status.SUSPENDED, valid_from=INSTANT)
    paused: tuple[Agency, ...] = (suspended,)
    if resumed_at is not None:
        resumed = replace(suspended, status=Status.ACTIVE, valid_from=resumed_at)
        paused = (replace(suspended, valid_to=resumed_at), resumed)
    return (
        _until(MERGED, SUCCESSOR),
        _until(SPLIT, HALF, OTHER_HALF),
        _until(CLOSED),
        _until(TAKEN_OVER),
        an_agency(TAKEN_OVER, "Cơ quan mới", valid_from=INSTANT),
        _until(SUSPENDED),
        *paused,
        *(an_agency(code) for code in (SUCCESSOR, HALF, OTHER_HALF)),
    )


def members() -> tuple[Member, ...]:
    """Return the two systems: the old one serves what bore the codes before the instant, the new one who came then."""
    known = {each.code: each for each in agencies() if each.valid_to is not None}
    new = {each.code: each for each in agencies() if each.valid_from == INSTANT}
    old = (MERGED, SPLIT, CLOSED, TAKEN_OVER, SUSPENDED)
    return (
        replace(OLD, prefixes=old, entities=tuple(known[code].entity_id for code in old)),
        replace(
            NEW,
            prefixes=(*NEW.prefixes, TAKEN_OVER),
            entities=("", "", new[TAKEN_OVER].entity_id),
        ),
    )


def a_course(
    *, version: int = 0, resumed_at: datetime | None = None, extra: tuple[Agency, ...] = ()
) -> Course:
    """Return the registry by which turns are decided."""
    listed = (*agencies(resumed_at=resumed_at), *extra)
    replaced = {each.code for each in extra}
    kept = [each for each in listed if each in extra or each.code not in replaced]
    return Course(directory=directory_of(tuple(kept), version), patience=PATIENCE)


def directory_of(listed: tuple[Agency, ...], version: int) -> Directory:
    """Return a directory of these agencies, served by both systems."""
    return a_directory(listed, members(), version=version)


def to(code: str) -> Recipient:
    """Return an addressee as it was before the instant, served by the old system."""
    return a_recipient(code, as_sent=code, member_id=OLD.id, queue=OLD.queue)
