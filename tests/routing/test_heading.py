"""Where a document under way is headed, and whose arrival it is at the other end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Agency, Directory, Member
from routing.delivery import DeliveryState
from routing.heading import (
    Addressee,
    Arriving,
    Astray,
    Course,
    GiveUp,
    Hold,
    Patience,
    Release,
    Reroute,
    Rule,
)
from routing.status import Status
from routing.succession import Cause
from tests.routing.test_succession import CODES, ended, registries
from tests.support.registry import BEFORE, CUT_OVER, a_directory, an_agency

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
PATIENCE = Patience(queue=7 * DAY, hold=3 * DAY)
QUEUED, CONFIRMED, HELD = DeliveryState.QUEUED, DeliveryState.CONFIRMED, DeliveryState.HELD
OLD = Member(id="old", name="cũ", prefixes=("H39",), queue="q.old", gateway="gw-old")
NEW = Member(id="new", name="mới", prefixes=("H53", "H54"), queue="q.new", gateway="gw-new")
END = CUT_OVER + PATIENCE.queue
SUCCEEDED = (ended("H39", "H53"), an_agency("H53"))
SPLIT = (ended("H39", "H53", "H54"), an_agency("H53"), an_agency("H54"))


def course(*agencies: Agency, members: tuple[Member, ...] = (OLD, NEW), version: int = 1) -> Course:
    """Return a course by these agencies."""
    return Course(directory=a_directory(agencies, members, version=version), patience=PATIENCE)


def addressee(code: str = "H39", **facts: Any) -> Addressee:
    """Return an addressee served by the old system when the document was accepted."""
    return replace(Addressee(code=code, accepted_at=BEFORE, member_id=OLD.id), **facts)


def taken_over() -> Course:
    """Return a course by which H39 names a new body from the cut-over on, which the new system serves."""
    first, second = ended("H39"), an_agency("H39", valid_from=CUT_OVER)
    members = (
        replace(OLD, entities=(first.entity_id,)),
        replace(NEW, prefixes=("H39",), entities=(second.entity_id,)),
    )
    return course(first, second, members=members)


def test_a_successor_is_followed_at_once_if_nothing_was_sent() -> None:
    """One moment before, nothing; at the instant, there."""
    found = course(*SUCCEEDED)
    assert found.turn(addressee(), QUEUED, CUT_OVER - MOMENT) is None
    assert found.turn(addressee(), QUEUED, CUT_OVER) == Reroute(
        code="H53", member=NEW, chain=("H39", "H53"), rule=Rule.SUCCESSOR
    )


def test_the_old_queue_is_left_alone_for_the_grace() -> None:
    """The grace begins with the end of the code, and its end belongs to the successor."""
    found = course(*SUCCEEDED)
    assert found.turn(addressee(), CONFIRMED, END - MOMENT) is None
    assert isinstance(found.turn(addressee(), CONFIRMED, END), Reroute)
    assert found.hand_over(addressee(), END - MOMENT) is None
    assert isinstance(found.hand_over(addressee(), END), Reroute)


def test_there_is_no_grace_where_the_code_names_a_new_body() -> None:
    """Neither in the queue nor in the inbox."""
    found = taken_over()
    turn = found.turn(addressee(), CONFIRMED, CUT_OVER)
    assert isinstance(turn, Reroute)
    assert (turn.code, turn.member.id, turn.rule) == ("H39", "new", Rule.TAKEN_OVER)
    assert found.hand_over(addressee(), CUT_OVER) == turn


def test_a_unit_below_a_code_that_was_taken_over_changes_its_system() -> None:
    """The unit stays what it is, but the old body's system may not act for it any more."""
    base = taken_over()
    unit = an_agency("H39.1")
    found = Course(
        directory=a_directory((*base.directory.agencies(), unit), base.directory.members), patience=PATIENCE
    )
    turn = found.turn(addressee("H39.1"), QUEUED, CUT_OVER)
    assert isinstance(turn, Reroute)
    assert (turn.code, turn.member.id, turn.rule) == ("H39.1", "new", Rule.SERVED_BY)


def test_a_split_is_held_after_the_grace_of_what_was_sent() -> None:
    """What was not sent is held at once; then until the hold is over, to the moment."""
    found = course(*SPLIT)
    assert found.turn(addressee(), QUEUED, CUT_OVER) == Hold(cause=Cause.SPLIT)
    assert found.turn(addressee(), CONFIRMED, END - MOMENT) is None
    assert found.turn(addressee(), CONFIRMED, END) == Hold(cause=Cause.SPLIT)
    over = CUT_OVER + PATIENCE.hold
    assert found.turn(addressee(), HELD, over - MOMENT, held_since=CUT_OVER) is None
    assert found.turn(addressee(), HELD, over, held_since=CUT_OVER) == GiveUp()


def test_a_suspended_code_is_held_and_released() -> None:
    """Also what the axis has: nothing is sent again to a suspended code."""
    active = an_agency("H39", valid_to=CUT_OVER)
    suspended = replace(active, status=Status.SUSPENDED, valid_from=CUT_OVER, valid_to=END)
    resumed = replace(active, valid_from=END, valid_to=None)
    found = course(active, suspended, resumed)
    for state in (QUEUED, CONFIRMED):
        assert found.turn(addressee(), state, CUT_OVER) == Hold(cause=Cause.SUSPENDED)
    assert found.turn(addressee(), HELD, END, held_since=END - DAY) == Release()


def test_a_successor_that_is_not_connected_waits() -> None:
    """It may be connected before the hold is over."""
    unconnected = course(*SUCCEEDED, members=(OLD,))
    assert unconnected.turn(addressee(), QUEUED, CUT_OVER) == Hold(cause=Cause.NOT_CONNECTED)
    turn = course(*SUCCEEDED).turn(addressee(), HELD, CUT_OVER, held_since=CUT_OVER)
    assert isinstance(turn, Reroute)


def test_what_people_chose_goes_on_from_there() -> None:
    """It stays at the code chosen, and follows that one when it ends in turn."""
    chosen = addressee(resolved_code="H53", chosen_at=CUT_OVER, member_id="new")
    assert course(*SPLIT).turn(chosen, CONFIRMED, CUT_OVER + DAY) is None
    later = (SPLIT[0], ended("H53", "H54", at=CUT_OVER + DAY), an_agency("H54"))
    turn = course(*later).turn(chosen, QUEUED, CUT_OVER + DAY)
    assert isinstance(turn, Reroute)
    assert (turn.code, turn.chain) == ("H54", ("H53", "H54"))


def test_nothing_is_looked_at_twice_that_cannot_have_changed() -> None:
    """The same version, and nothing began or ended since the acceptance."""
    found = course(*SUCCEEDED)
    assert found.is_unchanged(BEFORE, 1, CUT_OVER - MOMENT)
    assert not found.is_unchanged(BEFORE, 1, CUT_OVER)
    assert found.is_unchanged(CUT_OVER, 1, CUT_OVER)
    assert not found.is_unchanged(CUT_OVER, 2, CUT_OVER)


@pytest.mark.parametrize(
    ("facts", "now", "gateway", "expected"),
    [
        ({}, CUT_OVER - MOMENT, "gw-old", ("old", None)),
        ({}, END - MOMENT, "gw-old", ("old", None)),
        ({}, END, "gw-old", Astray()),
        ({}, END, "gw-new", ("new", "H53")),
        ({"resolved_code": "H53"}, CUT_OVER, "gw-new", ("new", "H53")),
        ({"resolved_code": "H53"}, CUT_OVER, "gw-old", None),
        ({"resolved_code": "H54"}, CUT_OVER, "gw-new", None),
        ({"resolved_code": "H54", "chosen_at": CUT_OVER}, CUT_OVER, "gw-new", None),
        ({"resolved_code": "H53"}, CUT_OVER - MOMENT, "gw-new", None),
    ],
    ids=[
        "before",
        "in the grace",
        "after the grace",
        "after the grace, where the successor is",
        "rerouted",
        "rerouted to the wrong gateway",
        "rerouted to somebody else",
        "chosen although the registry knows",
        "rerouted too early",
    ],
)
def test_arrivals_where_one_took_over(
    facts: dict[str, Any], now: datetime, gateway: str, expected: object
) -> None:
    """The receiving gateway comes to the same successor by itself, or it is not addressed to it."""
    found = course(*SUCCEEDED, an_agency("H54")).arriving(addressee(**facts), now, gateway=gateway)
    if isinstance(found, Arriving):
        assert (found.member.id, found.resolved_code) == expected
    else:
        assert found == expected


def test_arrivals_of_what_people_chose() -> None:
    """It counts where the registry leaves the question open; without the mark of a choice only the log's reader knows why."""
    found = course(*SPLIT)
    chosen = addressee(resolved_code="H54", chosen_at=CUT_OVER)
    assert found.arriving(chosen, CUT_OVER, gateway="gw-new") == Arriving(member=NEW, resolved_code="H54")
    assert found.arriving(replace(chosen, chosen_at=None), CUT_OVER, gateway="gw-new") is None
    assert found.arriving(addressee(), END, gateway="gw-old") == Astray()


def test_arrivals_for_a_code_that_names_a_new_body() -> None:
    """What comes without the new code in its envelope is not the old system's any more."""
    found = taken_over()
    assert found.arriving(addressee(), CUT_OVER, gateway="gw-old") == Astray()
    for each in (addressee(), addressee(resolved_code="H39")):
        arriving = found.arriving(each, CUT_OVER, gateway="gw-new")
        assert isinstance(arriving, Arriving)
        assert (arriving.member.id, arriving.resolved_code) == ("new", "H39")


def test_arrivals_for_a_suspended_code_are_taken() -> None:
    """They were on their way before; what is held is held where it starts."""
    active = an_agency("H39", valid_to=CUT_OVER)
    suspended = replace(active, status=Status.SUSPENDED, valid_from=CUT_OVER, valid_to=None)
    found = course(active, suspended).arriving(addressee(), CUT_OVER, gateway="gw-old")
    assert found == Arriving(member=OLD, resolved_code=None)


def served(directory: Directory, entities: list[str]) -> Course:
    """Return a course in which two systems share the codes, one of them only for some entities."""
    first = Member(id="a", name="a", prefixes=CODES[:3], queue="q.a", gateway="gw", entities=tuple(entities))
    second = Member(id="b", name="b", prefixes=CODES[3:], queue="q.b", gateway="gw")
    return Course(directory=a_directory(tuple(directory.agencies()), (first, second)), patience=PATIENCE)


MOMENTS = st.integers(-7, 12).map(lambda days: CUT_OVER + DAY * days)
COURSES = st.builds(served, registries(), st.lists(st.sampled_from(("", "a", "b")), min_size=3, max_size=3))


@given(
    found=COURSES,
    moments=st.tuples(MOMENTS, MOMENTS).map(sorted),
    state=st.sampled_from((QUEUED, CONFIRMED, HELD)),
)
def test_the_laws_of_turns(found: Course, moments: list[datetime], state: DeliveryState) -> None:
    """The same each time; a turn leads to a code in force and whoever serves it; done once, there is nothing more to do."""
    accepted_at, now = moments
    for code in CODES:
        member = found.directory.member_for(code, accepted_at)
        if member is not None and found.directory.status(code, accepted_at) is Status.ACTIVE:
            start = Addressee(code=code, accepted_at=accepted_at, member_id=member.id)
            check_turn(found, start, state, now)


def check_turn(found: Course, start: Addressee, state: DeliveryState, now: datetime) -> None:
    """Check what has to be true of the turn of one delivery."""
    turn = found.turn(start, state, now, held_since=now)

    assert turn == found.turn(start, state, now, held_since=now)
    if isinstance(turn, Reroute):
        assert found.directory.status(turn.code, now) is Status.ACTIVE
        assert found.directory.member_for(turn.code, now) == turn.member
        moved = replace(start, resolved_code=turn.code, member_id=turn.member.id)
        assert found.turn(moved, QUEUED, now) is None
        arriving = found.arriving(moved, now, gateway="gw")
        assert arriving == Arriving(member=turn.member, resolved_code=turn.code)
    if isinstance(turn, Hold):
        assert state is not HELD
        assert found.turn(start, HELD, now, held_since=now) is None
        assert found.turn(start, HELD, now + PATIENCE.hold, held_since=now) is not None
    if turn is None and state is QUEUED:
        arriving = found.arriving(start, now, gateway="gw")
        assert isinstance(arriving, Arriving)
        assert arriving.member.id == start.member_id
