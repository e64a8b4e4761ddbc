"""What a code counts for after its end: forwarding, answers and grace, and that nothing changes between its turning points."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.interval import Interval
from routing.agencies import Agency, Directory, Member
from routing.closed_codes import (
    CODE_GRACE,
    ClosedCodeRule,
    bind_late_caller,
    forwarded,
    grace_of,
    turning_points,
)
from routing.errors import CallerNotBound, CodeError
from routing.lineage import MOST_STEPS
from routing.resolve import resolve_recipient
from routing.status import Status
from tests.routing.histories import CODES, directories, moments
from tests.support.registry import (
    AFTER,
    BEFORE,
    CUT_OVER,
    HANOI,
    TAY_NINH,
    a_directory,
    an_agency,
    home_agencies,
)

DAY = timedelta(days=1)
UNTIL = CUT_OVER + 9 * DAY
FORWARD = ClosedCodeRule.FORWARD_UNTIL
LONG_AN = Member(id="longan", name="Long An", prefixes=("H39",), queue="member.longan", gateway="gw-south")


def told(*changed: Agency, **changes: Any) -> Directory:
    """Return the home scenario in which Long An's mail is forwarded, with changes to its version, and more versions."""
    facts = {"forward_until": UNTIL, **changes}
    return a_directory(
        [replace(each, **facts) if each.code == "H39" else each for each in home_agencies()], extra=changed
    )


def target(directory: Directory, at: datetime, rule: ClosedCodeRule = FORWARD) -> str | None:
    """Return the code to which Long An's mail goes."""
    agency = forwarded("H39", directory=directory, at=at, rule=rule)
    return None if agency is None else agency.code


def test_mail_is_forwarded_while_the_registry_says_so() -> None:
    """From the instant until the other one, half-open."""
    assert target(told(), CUT_OVER - DAY) is None
    assert target(told(), CUT_OVER) == "H53"
    assert target(told(), UNTIL - timedelta(microseconds=1)) == "H53"
    assert target(told(), UNTIL) is None
    assert target(told(forward_until=None), CUT_OVER) is None


def test_an_answer_needs_no_order() -> None:
    """But one successor it needs, too."""
    rule = ClosedCodeRule.ANSWER_FOLLOWS
    assert target(told(forward_until=None), UNTIL, rule) == "H53"
    assert target(told(successors=()), CUT_OVER, rule) is None
    assert target(told(successors=("H53", "H26")), CUT_OVER, rule) is None


def test_every_step_needs_an_order_of_its_own() -> None:
    """A successor that has ended, too, leads on only if it says so."""
    second = CUT_OVER + DAY
    ends = an_agency("H40", valid_from=CUT_OVER, valid_to=second, successors=("H26",))
    on = told(replace(ends, forward_until=UNTIL), successors=("H40",))
    off = told(ends, successors=("H40",))

    assert target(on, CUT_OVER) == "H40"
    assert target(on, second) == "H26"
    assert target(off, second) is None


def test_circles_and_long_ways_end_in_refusal() -> None:
    """As many steps as the line of succession has, no more."""
    assert target(told(successors=("H39",)), AFTER) is None
    for steps, found in ((MOST_STEPS, "H58"), (MOST_STEPS + 1, None)):
        names = [f"H{50 + step}" for step in range(1, steps)]
        chain = [
            replace(an_agency(name, valid_to=CUT_OVER, successors=(after,)), forward_until=UNTIL)
            for name, after in zip(names, [*names[1:], f"H{50 + steps}"], strict=True)
        ]
        long_an = replace(an_agency("H39", valid_to=CUT_OVER, successors=("H51",)), forward_until=UNTIL)
        directory = a_directory([long_an, *chain, an_agency(f"H{50 + steps}")])
        assert target(directory, AFTER) == found


def test_a_suspended_successor_gets_nothing() -> None:
    """Nor is it passed over."""
    suspended = [
        replace(each, status=Status.SUSPENDED) if each.code == "H53" else each for each in home_agencies()
    ]
    agencies = [replace(each, forward_until=UNTIL) if each.code == "H39" else each for each in suspended]
    assert target(a_directory(agencies), AFTER) is None


@pytest.mark.parametrize(
    ("code", "proven_at", "at", "counts"),
    [
        ("H39", BEFORE, AFTER, True),
        ("H53", BEFORE, AFTER, True),
        ("H39", BEFORE, CUT_OVER, True),
        ("H39", BEFORE, CUT_OVER + CODE_GRACE - timedelta(microseconds=1), True),
        ("H39", BEFORE, CUT_OVER + CODE_GRACE, False),
        ("H39", CUT_OVER, AFTER, False),
        ("H53", CUT_OVER, AFTER, False),
        ("H39", None, AFTER, False),
        ("H39", BEFORE, BEFORE, False),
        ("H26", BEFORE, AFTER, False),
        ("H26.105", BEFORE, AFTER, False),
    ],
)
def test_the_grace(code: str, proven_at: datetime | None, at: datetime, *, counts: bool) -> None:
    """A proof from before the end, and not too long after it."""
    found = grace_of(code, directory=a_directory(), at=at, proven_at=proven_at, grace=CODE_GRACE)
    assert (found is not None) is counts
    if found is not None:
        assert (found.until, found.proven_at) == (CUT_OVER + CODE_GRACE, proven_at)


def test_a_body_that_was_renamed_kept_its_code() -> None:
    """The grace counts from where the body ends, not from where its name changed; while it lasts there is none."""
    renamed = CUT_OVER - 60 * DAY
    old = an_agency("H40", "Tên cũ", valid_to=renamed)
    new = replace(an_agency("H40", "Tên mới", valid_from=renamed, valid_to=CUT_OVER), entity_id=old.entity_id)
    directory = a_directory([old, new])
    at = renamed - DAY
    found = grace_of("H40", directory=directory, at=AFTER, proven_at=at, grace=CODE_GRACE)

    assert found is not None
    assert (found.agency.name, found.last.name) == ("Tên cũ", "Tên mới")
    assert grace_of("H40", directory=directory, at=renamed, proven_at=at, grace=CODE_GRACE) is None


def test_who_may_bring_what_was_signed_before() -> None:
    """The system that served the body then, or one of its successor's."""
    old = replace(LONG_AN, entities=(home_agencies()[6].entity_id,))
    south = replace(TAY_NINH, prefixes=("H53",))
    directory = a_directory(members=(HANOI, south, old))
    found = grace_of("H39", directory=directory, at=AFTER, proven_at=BEFORE, grace=CODE_GRACE)
    assert found is not None

    assert bind_late_caller(old, found, directory=directory, at=AFTER)[0] == "H39"
    assert bind_late_caller(south, found, directory=directory, at=AFTER)[0] == "H53"
    with pytest.raises(CallerNotBound) as caught:
        bind_late_caller(HANOI, found, directory=directory, at=AFTER)
    assert caught.value.facts["agency"] == "H39"


def outcome(
    directory: Directory, code: str, at: datetime, *, proven_at: datetime, is_answer: bool
) -> tuple[object, ...]:
    """Return whom a code names as recipient, and whether it counts as a late sender."""
    grace = grace_of(code, directory=directory, at=at, proven_at=proven_at, grace=3 * DAY)
    try:
        found = resolve_recipient(code, directory=directory, at=at, is_answer=is_answer)
    except CodeError as error:
        return error.code, grace
    return found.agency, found.closed, found.rule, grace, directory.member_for(found.agency.code, at)


@given(directories(), st.sampled_from(CODES), moments(), moments(), moments(), st.booleans())
def test_nothing_changes_between_turning_points(
    directory: Directory, code: str, at: datetime, now: datetime, proven_at: datetime, is_answer: bool
) -> None:
    """What lets an acceptance count that was decided by another clock: within the interval every moment gives the same."""
    assume(len(directory))
    turns = turning_points(code, directory=directory, grace=3 * DAY)
    steady = Interval(*directory.steady(at)).narrowed(at, turns)
    assert steady.holds(at)
    if steady.holds(now):
        facts: dict[str, Any] = {"proven_at": proven_at, "is_answer": is_answer}
        assert outcome(directory, code, at, **facts) == outcome(directory, code, now, **facts)
