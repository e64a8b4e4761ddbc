"""Who follows whom: over one cut-over, over many, in circles, and never further than eight steps."""

from datetime import datetime, timedelta

from hypothesis import given

from routing.agencies import Agency, Directory
from routing.lineage import MOST_STEPS, heirs_of, line_of
from tests.routing.histories import DAY_ONE, directories, moments
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency

DAY = timedelta(days=1)


def the(code: str, at: datetime, directory: Directory) -> Agency:
    """Return what a code names."""
    agency = directory.agency(code, at)
    assert agency is not None
    return agency


def a_chain(steps: int) -> Directory:
    """Return a directory in which a code is taken over day by day."""
    return a_directory(
        an_agency(
            f"H{20 + step}",
            valid_from=DAY_ONE + step * DAY,
            valid_to=DAY_ONE + (step + 1) * DAY if step < steps else None,
            successors=(f"H{21 + step}",) if step < steps else (),
        )
        for step in range(steps + 1)
    )


def test_the_new_tay_ninh_follows_long_an_and_the_old_tay_ninh() -> None:
    """The one named it as its successor, the other bore its code before."""
    directory = a_directory()
    line = line_of(the("H53", AFTER, directory), directory=directory, at=AFTER)

    assert [(each.code, each.valid_to) for each in line.versions] == [
        ("H53", None),
        ("H53", CUT_OVER),
        ("H39", CUT_OVER),
    ]
    assert line.codes == ("H53", "H39")
    assert line.includes("H39", directory=directory, at=BEFORE)
    assert line.includes("H39", directory=directory, at=AFTER)
    assert not line.includes("H26", directory=directory, at=BEFORE)


def test_the_old_bodies_follow_nobody() -> None:
    """Not even each other, and not before the instant."""
    directory = a_directory()
    for code in ("H39", "H53", "H26"):
        agency = the(code, BEFORE, directory)
        assert line_of(agency, directory=directory, at=BEFORE).versions == (agency,)


def test_the_heir_of_both_is_the_new_body() -> None:
    """Nobody is one before the instant."""
    directory = a_directory()
    for code in ("H39", "H53"):
        old, new = the(code, BEFORE, directory), the("H53", AFTER, directory)
        assert heirs_of(old, directory=directory, at=AFTER) == (new,)
        assert heirs_of(old, directory=directory, at=BEFORE) == ()
        assert heirs_of(new, directory=directory, at=AFTER) == ()


def test_a_code_that_comes_back_means_another_body() -> None:
    """Who followed the first bearer has no right to what went to the second."""
    again = an_agency("H39", "Cơ quan khác", valid_from=CUT_OVER + 9 * DAY)
    directory = a_directory(extra=(again,))
    line = line_of(the("H53", AFTER, directory), directory=directory, at=CUT_OVER + 10 * DAY)

    assert line.includes("H39", directory=directory, at=BEFORE)
    assert not line.includes("H39", directory=directory, at=CUT_OVER + 9 * DAY)


def test_a_line_ends_after_eight_steps() -> None:
    """In both directions."""
    directory = a_chain(MOST_STEPS + 2)
    late = DAY_ONE + 30 * DAY
    last = the(f"H{22 + MOST_STEPS}", late, directory)
    line = line_of(last, directory=directory, at=late)

    assert len(line.versions) == MOST_STEPS + 1
    for steps, found in ((MOST_STEPS, 1), (MOST_STEPS + 1, 0)):
        chain = a_chain(steps)
        assert len(heirs_of(the("H20", DAY_ONE, chain), directory=chain, at=late)) == found


@given(directories(), moments())
def test_a_line_is_itself_and_what_ended(directory: Directory, at: datetime) -> None:
    """Nobody is met twice, whatever circles there are; all but the first ended by then; all heirs are in force."""
    for agency in directory.agencies():
        line = line_of(agency, directory=directory, at=at)
        first, *others = line.versions
        assert first == agency
        keys = [(each.code, each.valid_from) for each in line.versions]
        assert len(set(keys)) == len(keys)
        if agency.in_force(at):
            assert all(each.valid_to is not None and each.valid_to <= at for each in others)
        heirs = heirs_of(agency, directory=directory, at=at)
        assert all(each.in_force(at) for each in heirs)
        assert agency not in heirs


@given(directories(), moments())
def test_heirs_follow(directory: Directory, at: datetime) -> None:
    """Whoever bears the code after a body follows it, and is its heir."""
    for agency in directory.agencies():
        now = directory.agency(agency.code, at)
        if now is None or agency.valid_to is None or agency.valid_to > at:
            continue
        assert line_of(now, directory=directory, at=at).includes(
            agency.code, directory=directory, at=agency.valid_to - timedelta(microseconds=1)
        )
