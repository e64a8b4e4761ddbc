"""From a code at the time of acceptance to what is in force for it now."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.agencies import Agency, Directory
from routing.status import Status
from routing.succession import DEPTH, Cause, Goes, Stays, Step, Succession, Waits, succession
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency

DAY = timedelta(days=1)
CODES = tuple(f"H{number}" for number in range(11, 17))


def ended(code: str, *successors: str, at: datetime = CUT_OVER, valid_from: datetime | None = None) -> Agency:
    """Return a version that ends at `at`."""
    return an_agency(code, valid_from=valid_from, valid_to=at, successors=successors)


def ask(code: str, *agencies: Agency, accepted_at: datetime = BEFORE, now: datetime = AFTER) -> Succession:
    """Ask for the successor among the agencies given."""
    return succession(code, accepted_at=accepted_at, now=now, directory=a_directory(agencies))


def test_a_code_in_force_stays() -> None:
    """Nothing ended, so nothing is followed; renamed or suspended in between, the body is the same."""
    assert ask("H1", an_agency("H1")) == Stays(code="H1")
    old = an_agency("H1", valid_to=CUT_OVER)
    renamed = replace(old, name="tên mới", valid_from=CUT_OVER, valid_to=None)
    assert ask("H1", old, renamed) == Stays(code="H1")
    pause = replace(renamed, status=Status.SUSPENDED, valid_to=AFTER)
    resumed = replace(renamed, valid_from=AFTER)
    assert ask("H1", old, pause, resumed) == Stays(code="H1")


def test_until_the_instant_nothing_changes() -> None:
    """The instant belongs to the new version: one microsecond before, the old one still counts."""
    agencies = (ended("H1", "H2"), an_agency("H2"))
    just_before = CUT_OVER - timedelta(microseconds=1)
    assert ask("H1", *agencies, now=just_before) == Stays(code="H1")
    assert ask("H1", *agencies, now=CUT_OVER) == Goes(code="H2", steps=(Step("H1", CUT_OVER),))


def test_single_successors_are_followed() -> None:
    """Each step names the code and the moment at which it gave way."""
    agencies = (ended("H1", "H2"), ended("H2", "H3", at=AFTER), an_agency("H3"))
    found = ask("H1", *agencies, now=AFTER + DAY)
    assert found == Goes(code="H3", steps=(Step("H1", CUT_OVER), Step("H2", AFTER)))
    assert found.chain == ("H1", "H2", "H3")


def test_a_code_that_lives_on_for_a_new_body_is_its_own_successor() -> None:
    """QĐ 09/2025: the old province left no other successor, and its code names the merged one."""
    new = an_agency("H1", valid_from=CUT_OVER)
    assert ask("H1", ended("H1"), new) == Goes(code="H1", steps=(Step("H1", CUT_OVER),))
    assert ask("H1", ended("H1", "H1"), new) == Goes(code="H1", steps=(Step("H1", CUT_OVER),))
    assert ask("H1", ended("H1"), new, accepted_at=CUT_OVER) == Stays(code="H1")


def test_another_successor_goes_before_the_code_itself() -> None:
    """The old body said who takes over; that its code lives on for somebody else does not count."""
    agencies = (ended("H1", "H2"), an_agency("H1", valid_from=CUT_OVER), an_agency("H2"))
    assert ask("H1", *agencies) == Goes(code="H2", steps=(Step("H1", CUT_OVER),))


def test_a_province_may_take_over_another_and_itself() -> None:
    """Long An went into Tây Ninh, whose code was taken over at the same instant: it is the new one that is meant."""
    found = succession("H39", accepted_at=BEFORE, now=AFTER, directory=a_directory())
    assert found == Goes(code="H53", steps=(Step("H39", CUT_OVER),))


def test_several_successors_wait_for_a_choice() -> None:
    """Candidates are those in force and active, in the order of the list."""
    suspended = replace(an_agency("H4"), status=Status.SUSPENDED)
    agencies = (ended("H1", "H3", "H2", "H4"), an_agency("H2"), an_agency("H3"), suspended)
    assert ask("H1", *agencies) == Waits(
        code="H1", cause=Cause.SPLIT, candidates=("H3", "H2"), since=CUT_OVER
    )


@pytest.mark.parametrize(
    "agencies",
    [
        (ended("H1"),),
        (ended("H1", "H9"),),
        (ended("H1", "H2"), an_agency("H2", valid_from=AFTER + DAY)),
        (ended("H1", "H2"), ended("H2", at=BEFORE)),
    ],
    ids=["none", "unknown", "not yet in force", "ended before"],
)
def test_without_anybody_in_force_it_waits(agencies: tuple[Agency, ...]) -> None:
    """No successor, or none that took over."""
    found = ask("H1", *agencies)
    assert found == Waits(code="H1", cause=Cause.NO_SUCCESSOR, since=CUT_OVER)


def test_a_suspended_code_waits() -> None:
    """The code asked for, or the one at the end of the chain."""
    suspended = replace(an_agency("H2"), status=Status.SUSPENDED, valid_from=AFTER)
    assert ask("H2", replace(an_agency("H2"), valid_to=AFTER), suspended) == Waits(
        code="H2", cause=Cause.SUSPENDED, since=AFTER
    )
    waiting = ask("H1", ended("H1", "H2"), suspended)
    assert waiting == Waits(code="H2", cause=Cause.SUSPENDED, steps=(Step("H1", CUT_OVER),), since=AFTER)


def test_an_annulled_code_leads_to_the_right_one() -> None:
    """A duplicate points to the survivor, whatever the time."""
    annulled = replace(an_agency("H1"), status=Status.ANNULLED, successors=("H2",))
    assert ask("H1", annulled, an_agency("H2")) == Goes(code="H2", steps=(Step("H1", None),))


def test_circles_end() -> None:
    """Successors that lead back are an error of the registry, and people have to see it."""
    annulled = [
        replace(an_agency(code), status=Status.ANNULLED, successors=(other,))
        for code, other in (("H1", "H2"), ("H2", "H1"))
    ]
    found = ask("H1", *annulled)
    assert isinstance(found, Waits)
    assert found.cause is Cause.CIRCLE


@pytest.mark.parametrize("steps", [DEPTH, DEPTH + 1])
def test_a_chain_is_followed_so_far_and_no_further(steps: int) -> None:
    """Eight successors are followed, a ninth is not."""
    agencies = [ended(f"H{place}", f"H{place + 1}") for place in range(steps)]
    found = ask("H0", *agencies, an_agency(f"H{steps}"))
    if steps == DEPTH:
        assert isinstance(found, Goes)
        assert len(found.steps) == DEPTH
    else:
        assert isinstance(found, Waits)
        assert found.cause is Cause.TOO_DEEP


def test_a_code_on_record_only_since_later_is_taken_as_it_is() -> None:
    """A corrected date of foundation does not lose what was accepted before it."""
    assert ask("H1", an_agency("H1", valid_from=CUT_OVER)) == Stays(code="H1")
    assert ask("H1", an_agency("H1", valid_from=AFTER + DAY)) == Waits(code="H1", cause=Cause.NO_SUCCESSOR)
    assert ask("H1") == Waits(code="H1", cause=Cause.NO_SUCCESSOR)


def test_what_was_accepted_ahead_of_this_clock_is_asked_for_its_own_time() -> None:
    """Another gateway's clock may be ahead; its time of acceptance is then the present."""
    agencies = (ended("H1", "H2"), an_agency("H2"))
    assert isinstance(ask("H1", *agencies, accepted_at=AFTER, now=BEFORE), Goes)


@st.composite
def registries(draw: st.DrawFn) -> Directory:
    """Return codes with histories of their own: ends, other entities, pauses, errors, any successors."""
    agencies: list[Agency] = []
    for code in CODES:
        cuts = sorted(draw(st.sets(st.integers(-5, 5), max_size=3)))
        moments = [CUT_OVER + DAY * cut for cut in cuts]
        edges = [None, *moments, None]
        for start, end in pairwise(edges):
            if draw(st.booleans()):
                agencies.append(
                    replace(
                        an_agency(code, valid_from=start, valid_to=end),
                        entity_id=draw(st.sampled_from(("a", "b", f"of {code}"))),
                        successors=tuple(draw(st.lists(st.sampled_from((*CODES, "H99")), max_size=2))),
                        status=draw(
                            st.sampled_from((Status.ACTIVE, Status.ACTIVE, Status.SUSPENDED, Status.ANNULLED))
                        ),
                    )
                )
    return a_directory(agencies)


MOMENTS = st.integers(-7, 7).map(lambda days: CUT_OVER + DAY * days)


@given(directory=registries(), code=st.sampled_from((*CODES, "H98")), accepted_at=MOMENTS, now=MOMENTS)
def test_the_laws_of_succession(
    directory: Directory, code: str, accepted_at: datetime, now: datetime
) -> None:
    """Total, the same each time, never longer than eight steps, and where it goes to is in force."""
    found = succession(code, accepted_at=accepted_at, now=now, directory=directory)
    assert found == succession(code, accepted_at=accepted_at, now=now, directory=directory)
    at = max(now, accepted_at)
    if isinstance(found, Waits):
        assert len(found.steps) <= DEPTH
        active = [directory.status(each, at) for each in found.candidates]
        assert all(each is Status.ACTIVE for each in active)
        return
    agency = directory.agency(found.code, at)
    assert agency is not None
    assert agency.status is Status.ACTIVE
    if isinstance(found, Goes):
        assert found.chain[0] == code
        assert 1 <= len(found.steps) <= DEPTH
        assert all(step.at is None or step.at <= at for step in found.steps)
    else:
        assert found.code == code
