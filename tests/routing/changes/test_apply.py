"""Operations become whole versions that are closed and added, and nothing else."""

from dataclasses import replace

import pytest

from routing.agency_change import AgencyChange
from routing.changes.apply import applied, change_to, plain
from routing.changes.operation import Op
from routing.changes.parse import Media, parse_change
from routing.errors_change import ChangeRefused
from tests.support.changes import an_opening, an_operation, cells, numbered
from tests.support.registry import AFTER, CUT_OVER, a_directory, an_agency


def test_a_change_holds_the_versions_that_differ() -> None:
    """Closing closes a version and adds it with its end; opening only adds; the rest is not in it."""
    directory = a_directory(version=7)
    before = directory.versions("H26.2")[0]
    opening = an_opening("H26.106", parent="H26")
    change = applied(numbered(an_operation(successors=("H26.1",)), opening), directory)
    assert change == AgencyChange(
        base_version=7,
        closed=(before,),
        added=(
            an_agency("H26.106", opening.name or "", kind="commune", valid_from=CUT_OVER),
            replace(before, valid_to=CUT_OVER, successors=("H26.1",)),
        ),
    )
    assert change.codes == {"H26.106", "H26.2"}


def test_versions_before_and_after_are_left_alone() -> None:
    """A later renaming touches neither the old body of H53 nor what the directory derives of the new one."""
    change = applied((an_operation(Op.RENAME, "H53", name="Mới", valid_from=AFTER),), a_directory())
    (closed,) = change.closed
    assert (closed.valid_from, closed.reconstituted_at) == (CUT_OVER, None)
    assert [(each.name, each.valid_from, each.valid_to) for each in change.added] == [
        (closed.name, CUT_OVER, AFTER),
        ("Mới", AFTER, None),
    ]
    assert all(each.reconstituted_at is None for each in change.added)


def test_operations_that_cannot_be_carried_out_are_refused_together() -> None:
    """Every row that is in the way is named, in the order of the file."""
    content = cells(
        [
            ["op", "code", "valid_from"],
            ["close", "H99", "2025-07-01"],
            ["shut", "H26", "2025-07-01"],
            ["close", "H26.2", "2025-07-01"],
            ["close", "H26.1", ""],
        ]
    )
    with pytest.raises(ChangeRefused) as caught:
        applied(parse_change(content, Media.CSV), a_directory())
    assert [(each.row, each.facts["reason"]) for each in caught.value.faults] == [
        (2, "unknown_code"),
        (3, "unknown_operation"),
        (5, "missing_instant"),
    ]
    assert str(caught.value).startswith("The change set is refused: 3 faults.")


def test_certificates_and_what_is_derived_make_no_other_version() -> None:
    """A registration made meanwhile does not make a version another one, and neither does the order of older forms."""
    agency = an_agency("H26.2", certificates=("ab" * 32,), aliases=("00.02.H26", "000.00.02.H26"))
    other = replace(agency, certificates=(), aliases=agency.aliases[::-1], reconstituted_at=CUT_OVER)
    assert plain(replace(agency, reconstituted_at=CUT_OVER)) == agency
    directory = a_directory((agency,))
    assert change_to({"H26.2": (other,)}, directory) == AgencyChange(base_version=1, closed=(), added=())
