"""Taking a change back: before its moment nothing is left of it, afterwards history stays."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from routing.agencies import Agency, Directory
from routing.agency_change import AgencyChange
from routing.changes.apply import applied
from routing.changes.diff import diff
from routing.changes.operation import Op, Operation
from routing.changes.undo import rollback
from routing.errors_change import ChangeOvertaken
from routing.status import Status
from tests.support.changes import after, an_opening, an_operation, made, numbered
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency

DAY = timedelta(days=1)
LATER = CUT_OVER + 7 * DAY
MERGER = numbered(
    an_operation(Op.CLOSE, "H26.1", successors=("H26.9",)),
    an_operation(Op.CLOSE, "H26.2", successors=("H26.9", "H26")),
    an_opening("H26.9", parent="H26"),
    an_operation(Op.RECONSTITUTE, "H26"),
)


def undone(*operations: Operation, now: datetime, directory: Directory | None = None) -> Directory:
    """Return the home scenario, or another directory, after operations and their rollback."""
    first = directory or a_directory()
    change = applied(operations, first)
    second = after(change, first)
    return after(rollback(change, second, now=now), second)


def refused(change: AgencyChange, directory: Directory, now: datetime) -> tuple[str, ...]:
    """Return the codes on which later changes stand."""
    with pytest.raises(ChangeOvertaken) as caught:
        rollback(change, directory, now=now)
    codes = caught.value.facts["codes"]
    assert isinstance(codes, tuple)
    assert caught.value.facts["count"] >= len(codes)  # type: ignore[operator]  # a fact is any object
    return codes


@pytest.mark.parametrize("now", [BEFORE, CUT_OVER])
def test_before_its_moment_a_change_leaves_nothing(now: datetime) -> None:
    """The content is exactly what it was, in a higher version."""
    directory = undone(*MERGER, now=now)
    assert directory.sha256 == a_directory().sha256
    assert directory.version == 3


def test_after_its_moment_history_stays() -> None:
    """What was closed is in force again as the same entity, and what was opened ends in favour of it."""
    before, directory = a_directory(), undone(*MERGER, now=AFTER)
    (was,) = before.versions("H26.2")
    assert directory.versions("H26.2") == (
        replace(was, valid_to=CUT_OVER, successors=("H26.9", "H26")),
        replace(was, valid_from=AFTER),
    )
    (opened,) = directory.versions("H26.9")
    assert (opened.valid_from, opened.valid_to, opened.successors) == (CUT_OVER, AFTER, ("H26.1", "H26.2"))
    assert [each.entity_id for each in directory.versions("H26")] == [
        was_then := before.versions("H26")[0].entity_id,
        directory.versions("H26")[1].entity_id,
        was_then,
    ]
    assert directory.status("H26.9", AFTER) is Status.MERGED


def test_what_was_opened_for_nobody_ends_without_successors() -> None:
    """Nobody is named who did not give way to it."""
    directory = undone(an_opening("H26.9", parent="H26"), now=AFTER)
    assert directory.status("H26.9", AFTER) is Status.CLOSED


def test_only_those_that_came_back_take_over() -> None:
    """One that would have ended anyway, and one that has not ended yet, are no successors."""
    planned = made(a_directory(), an_operation(Op.CLOSE, "H26.1", valid_from=AFTER))
    operations = numbered(
        an_operation(Op.CLOSE, "H26.1", successors=("H26.9",)),
        an_operation(Op.CLOSE, "H26.2", successors=("H26.9",), valid_from=LATER + DAY),
        an_opening("H26.9", parent="H26"),
    )
    directory = undone(*operations, now=LATER, directory=planned)
    assert directory.versions("H26.9")[0].successors == ()
    assert directory.agency("H26.1", LATER) is None
    assert directory.versions("H26.2") == planned.versions("H26.2")


@pytest.mark.parametrize("now", [BEFORE, CUT_OVER, AFTER, LATER, LATER + DAY])
def test_each_operation_taken_back_at_each_time(now: datetime) -> None:
    """Up to `now` the code is what the change made of it, from then on what it was without."""
    operations = numbered(
        an_operation(Op.SUSPEND, "H26.2"),
        an_operation(Op.RESUME, "H26.2", valid_from=LATER),
        an_operation(Op.RENAME, "H26.1", name="Mới"),
        an_operation(Op.ANNUL, "H26.105", valid_from=AFTER),
    )
    first, second, third = a_directory(), made(a_directory(), *operations), undone(*operations, now=now)
    for code in ("H26.1", "H26.2", "H26.105", "H53"):
        for moment in (BEFORE, CUT_OVER, AFTER, LATER, LATER + DAY):
            expected = second if moment < now else first
            assert _said(third.agency(code, moment)) == _said(expected.agency(code, moment))


def _said(agency: Agency | None) -> tuple[object, ...]:
    return () if agency is None else (agency.entity_id, agency.name, agency.status)


def test_a_rollback_can_be_taken_back() -> None:
    """It is a change like any other."""
    first = a_directory()
    change = applied(MERGER, first)
    second = after(change, first)
    back = rollback(change, second, now=AFTER)
    third = after(back, second)
    fourth = after(rollback(back, third, now=AFTER), third)
    assert fourth.sha256 == second.sha256
    later = after(rollback(back, third, now=LATER), third)
    assert [each.valid_from for each in later.versions("H26.9")] == [CUT_OVER, LATER]
    assert later.versions("H26.2")[-1].valid_to == LATER


def test_a_rollback_is_told_like_any_change() -> None:
    """People see what opens and what ends."""
    directory = a_directory()
    change = applied(MERGER, directory)
    current = after(change, directory)
    found = diff(rollback(change, current, now=AFTER), current)
    assert [(each.op, each.code, each.instant, each.withdrawn) for each in found] == [
        (Op.RECONSTITUTE, "H26", AFTER, False),
        (Op.OPEN, "H26.1", AFTER, False),
        (Op.OPEN, "H26.2", AFTER, False),
        (Op.CLOSE, "H26.9", AFTER, False),
    ]


def test_registrations_made_meanwhile_are_not_in_the_way() -> None:
    """A certificate registered after the change does not make the code another one."""
    directory = a_directory()
    change = applied(MERGER, directory)
    current = after(change, directory)
    certificates = an_agency(certificates=("ab" * 32,)).certificates
    registered = a_directory([replace(each, certificates=certificates) for each in current.agencies()])
    assert rollback(change, registered, now=BEFORE).codes == change.codes


OVERTAKEN: dict[str, tuple[Operation, tuple[str, ...]]] = {
    "the same code": (an_operation(Op.RENAME, "H26.9", name="Mới", valid_from=AFTER), ("H26.9",)),
    "the same code, opened again": (an_opening("H26.2", parent="H26", valid_from=LATER), ("H26.2",)),
    "an agency under it": (an_opening("H26.9.1", parent="H26.9", valid_from=AFTER), ("H26.9",)),
    "a code that gave way to it": (
        an_operation(Op.CLOSE, "H26.105", valid_from=LATER, successors=("H26.9",)),
        ("H26.9",),
    ),
}


@pytest.mark.parametrize(("later", "codes"), OVERTAKEN.values(), ids=OVERTAKEN.keys())
@pytest.mark.parametrize("now", [BEFORE, AFTER])
def test_a_change_on_which_others_stand_cannot_be_taken_back(
    later: Operation, codes: tuple[str, ...], now: datetime
) -> None:
    """The codes are named; once the later change is taken back, the earlier can be."""
    directory = a_directory()
    change = applied(MERGER, directory)
    current = after(change, directory)
    above = applied((later,), current)
    latest = after(above, current)
    assert refused(change, latest, now) == codes
    again = after(rollback(above, latest, now=BEFORE), latest)
    assert rollback(change, again, now=now).codes == change.codes


def test_a_parent_that_has_gone_meanwhile_is_in_the_way() -> None:
    """What comes back needs its parent; one that the registry never had is nobody's fault."""
    directory = a_directory([*(an_agency(code) for code in ("H01", "H01.1", "H02.1"))], ())
    change = applied(numbered(an_operation(Op.CLOSE, "H01.1"), an_operation(Op.CLOSE, "H02.1")), directory)
    gone = made(after(change, directory), an_operation(Op.CLOSE, "H01", valid_from=AFTER))
    assert refused(change, gone, LATER) == ("H01.1",)


def test_a_successor_that_has_gone_meanwhile_is_in_the_way() -> None:
    """An end that was planned before needs its successor, too."""
    directory = made(a_directory(), an_operation(Op.CLOSE, "H26.2", valid_from=LATER, successors=("H26.1",)))
    change = applied((an_operation(Op.CLOSE, "H26.2"),), directory)
    gone = made(after(change, directory), an_operation(Op.CLOSE, "H26.1", valid_from=AFTER))
    assert refused(change, gone, AFTER) == ("H26.2",)


def test_an_older_form_that_leads_elsewhere_meanwhile_is_in_the_way() -> None:
    """What comes back may not bring an older form that another agency has got."""
    directory = a_directory((an_agency("H26", valid_from=CUT_OVER, aliases=("000.00.00.H26",)),))
    change = applied((an_operation(Op.RENAME, "H26", aliases=()),), directory)
    taken = made(after(change, directory), an_opening("H53", aliases=("000.00.00.H26",)))
    assert refused(change, taken, BEFORE) == ("H26",)


def test_a_change_that_was_never_made_cannot_be_taken_back() -> None:
    """The directory has what it closes, and not what it adds."""
    change = applied(MERGER, a_directory())
    assert refused(change, a_directory(), BEFORE) == ("H26", "H26.1", "H26.2", "H26.9")


def test_many_codes_are_counted_and_a_few_named() -> None:
    """A refusal stays short."""
    directory = a_directory()
    change = applied(numbered(*(an_opening(f"H26.20{n}", parent="H26") for n in range(9))), directory)
    with pytest.raises(ChangeOvertaken) as caught:
        rollback(change, directory, now=BEFORE)
    assert str(caught.value) == (
        "It cannot be taken back: later changes stand on 9 codes of this one: "
        "H26.200, H26.201, H26.202, H26.203, H26.204."
    )
