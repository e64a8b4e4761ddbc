"""Laws of change sets over random histories of a small registry.

A history is made of change sets with any operations whatever; of each, the rows that are refused are left out until
none is, and the rest is made. So the rows that remain rely on each other and on the history before them.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.agencies import Agency, Directory
from routing.agency_change import AgencyChange
from routing.changes.apply import applied
from routing.changes.diff import diff, diff_sha256
from routing.changes.operation import Op, Operation
from routing.changes.undo import rollback
from routing.changes.validate import validate
from routing.errors import CodeClosed, CodeError
from routing.errors_change import ChangeOvertaken
from routing.resolve import resolve
from tests.support.changes import after
from tests.support.registry import CUT_OVER, a_directory, an_agency

DAY = timedelta(days=1)
MOMENTS = tuple(CUT_OVER + n * DAY for n in range(6))
BETWEEN = tuple(moment + shift for moment in MOMENTS for shift in (-DAY / 2, timedelta(0), DAY / 2))
CODES = ("H01", "H01.1", "H01.2", "H02", "H02.1", "H02.1.1")
START = a_directory([an_agency(code, aliases=(f"000.00.0{i}.H09",)) for i, code in enumerate(CODES[:5])], ())
NOW = MOMENTS[0] - DAY

OPERATIONS = st.builds(
    Operation,
    row=st.just(0),
    op=st.sampled_from(Op),
    code=st.sampled_from(CODES),
    name=st.none() | st.sampled_from(["Một", "Hai"]),
    parent=st.none() | st.sampled_from(["", *CODES[:4]]),
    kind=st.none() | st.just("unit"),
    valid_from=st.sampled_from(MOMENTS),
    successors=st.lists(st.sampled_from(CODES), max_size=2, unique=True).map(tuple),
    aliases=st.none() | st.lists(st.sampled_from(["000.00.01.H09", "000.00.07.H09"]), max_size=1).map(tuple),
    forward_until=st.none() | st.sampled_from(MOMENTS),
)
CHANGES = st.lists(OPERATIONS, min_size=1, max_size=8).map(
    lambda rows: tuple(replace(_likely(each), row=row) for row, each in enumerate(rows, start=2))
)
HISTORIES = st.lists(CHANGES, min_size=1, max_size=4)


def _likely(operation: Operation) -> Operation:
    """Return an operation that is not refused for what it says about itself alone."""
    if operation.op not in {Op.CLOSE, Op.ANNUL, Op.RECONSTITUTE}:
        operation = replace(operation, successors=())
    if operation.op is Op.OPEN:
        operation = replace(operation, name=operation.name or "Ba", kind="unit")
    plain = operation.op is not Op.CLOSE or len(operation.successors) != 1
    return replace(operation, forward_until=None) if plain else operation


def acceptable(operations: tuple[Operation, ...], directory: Directory) -> tuple[Operation, ...]:
    """Return the rows that can be made, once those that are refused are left out."""
    while refused := {fault.row for fault in validate(operations, directory, now=NOW)}:
        operations = tuple(each for each in operations if each.row not in refused)
    return operations


def played(history: list[tuple[Operation, ...]]) -> list[tuple[Directory, AgencyChange, Directory]]:
    """Return each change of a history with the directory before and after it."""
    found: list[tuple[Directory, AgencyChange, Directory]] = []
    directory = START
    for operations in history:
        change = applied(acceptable(operations, directory), directory)
        latest = after(change, directory)
        found.append((directory, change, latest))
        directory = latest
    return found


def said(directory: Directory, at: datetime) -> list[tuple[object, ...] | None]:
    """Return what every code names at a moment."""
    agencies = (directory.agency(code, at) for code in CODES)
    return [
        None if each is None else (each.entity_id, each.name, each.parent, each.kind, each.status)
        for each in agencies
    ]


@settings(max_examples=60)
@given(history=HISTORIES)
def test_no_history_contradicts_itself(history: list[tuple[Operation, ...]]) -> None:
    """A directory can be built after every change, and no two versions of a code overlap."""
    for _, _, directory in played(history):
        for code in CODES:
            for earlier, later in pairwise(directory.versions(code)):
                assert earlier.valid_to is not None
                assert later.valid_from is not None
                assert earlier.valid_to <= later.valid_from


@settings(max_examples=60)
@given(history=HISTORIES)
def test_resolution_is_total_or_explicit(history: list[tuple[Operation, ...]]) -> None:
    """Every code is an agency in force at every moment, or refused; one that ended names who took over."""
    for _, _, directory in played(history):
        for code in CODES:
            for at in BETWEEN:
                try:
                    agency = resolve(code, directory=directory, at=at).agency
                except CodeClosed as error:
                    last = [
                        each for each in directory.versions(code) if each.valid_to and each.valid_to <= at
                    ]
                    assert error.facts["successors"] in {each.successors for each in last}  # noqa: PT017 -- one of the right outcomes
                except CodeError:
                    assert directory.agency(code, at) is None or directory.status(code, at) == "suspended"
                else:
                    assert agency.in_force(at)


@settings(max_examples=60)
@given(history=HISTORIES)
def test_what_ends_leads_on_and_what_is_under_somebody_has_somebody(
    history: list[tuple[Operation, ...]],
) -> None:
    """Successors are in force when they take over, and parents as long as those under them."""
    for _, _, directory in played(history):
        for agency in directory.agencies():
            if agency.status == "annulled":
                continue
            for successor in agency.successors:
                assert agency.valid_to is not None
                assert directory.agency(successor, agency.valid_to) is not None
            for at in BETWEEN:
                if agency.parent and agency.in_force(at):
                    assert directory.agency(agency.parent, at) is not None


@settings(max_examples=60)
@given(history=HISTORIES)
def test_nothing_changes_before_the_first_moment(history: list[tuple[Operation, ...]]) -> None:
    """What a change says of a code holds from its moment on, and not before."""
    directory = START
    for operations in history:
        made = acceptable(operations, directory)
        latest = after(applied(made, directory), directory)
        first = min((each.valid_from for each in made if each.valid_from), default=MOMENTS[-1])
        for at in BETWEEN:
            if at < first:
                assert said(latest, at) == said(directory, at)
        directory = latest


@settings(max_examples=60)
@given(history=HISTORIES, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing(history: list[tuple[Operation, ...]], order: Random) -> None:
    """Rows in any order are the same change, with the same faults and the same hash."""
    directory = START
    for operations in history:
        rows = list({(each.code, each.valid_from): each for each in operations}.values())
        faults = {str(fault) for fault in validate(rows, directory, now=NOW)}
        order.shuffle(rows)
        assert {str(fault) for fault in validate(rows, directory, now=NOW)} == faults
        change = applied(acceptable(tuple(sorted(rows, key=lambda each: each.row)), directory), directory)
        again = applied(acceptable(tuple(rows), directory), directory)
        assert (again.closed, again.added) == (change.closed, change.added)
        shuffled = replace(
            change, added=tuple(order.sample(change.added, len(change.added))), base_version=99
        )
        assert diff_sha256(shuffled) == diff_sha256(change)
        directory = after(change, directory)


@settings(max_examples=60)
@given(history=HISTORIES)
def test_a_change_and_its_rollback_before_the_first_moment_leave_the_content_as_it_was(
    history: list[tuple[Operation, ...]],
) -> None:
    """To the last octet of the hash, back through the whole history; what was told is told as withdrawn."""
    for before, change, latest in reversed(played(history)):
        back = rollback(change, latest, now=NOW)
        assert after(back, latest).sha256 == before.sha256
        forth = {(each.code, each.op, each.instant, each.withdrawn) for each in diff(change, before)}
        undone = {(each.code, each.op, each.instant, not each.withdrawn) for each in diff(back, latest)}
        assert undone == forth


@settings(max_examples=60)
@given(history=HISTORIES, now=st.sampled_from(BETWEEN))
def test_a_rollback_leaves_history_and_restores_what_follows(
    history: list[tuple[Operation, ...]], now: datetime
) -> None:
    """Before `now` everything is as the change made it, from then on as it was without; and it can be taken back."""
    *_, (before, change, latest) = played(history)
    back = rollback(change, latest, now=now)
    undone = after(back, latest)
    for at in BETWEEN:
        assert said(undone, at) == said(latest if at < now else before, at)
    assert after(rollback(back, undone, now=now), undone).sha256 == latest.sha256


@settings(max_examples=60)
@given(history=HISTORIES, now=st.sampled_from(BETWEEN))
def test_any_change_of_a_history_is_taken_back_or_overtaken(
    history: list[tuple[Operation, ...]], now: datetime
) -> None:
    """Later changes are never undone with it: what cannot be taken back alone is refused."""
    changes = played(history)
    latest = changes[-1][2]
    for _, change, _ in changes:
        try:
            back = rollback(change, latest, now=now)
        except ChangeOvertaken as error:
            assert error.facts["count"]  # noqa: PT017 -- one of two right outcomes
        else:
            undone = after(back, latest)
            assert {each.code for each in (*back.closed, *back.added)} <= change.codes
            assert said(undone, NOW) == said(latest, NOW)


@settings(max_examples=60)
@given(history=HISTORIES)
def test_what_is_told_is_what_was_done(history: list[tuple[Operation, ...]]) -> None:
    """The versions on the two sides of each moment are those of the directories before and after the change."""
    for before, change, latest in played(history):
        for told in diff(change, before):
            source = before if told.withdrawn else latest
            assert told.before is None or _has(source, told.before)
            assert told.after is None or _has(source, told.after)


def _has(directory: Directory, agency: Agency) -> bool:
    return agency in [replace(each, reconstituted_at=None) for each in directory.versions(agency.code)]
