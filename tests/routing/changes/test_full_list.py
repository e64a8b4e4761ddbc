"""A full list of agencies as a change set."""

from dataclasses import replace

from routing.agency_csv import format_agencies, parse_agencies
from routing.changes.full_list import operations_from_list
from routing.changes.operation import Op
from tests.support.changes import an_opening, an_operation, faults, made
from tests.support.registry import AFTER, CUT_OVER, a_directory, an_agency

LISTED = (
    an_agency("H26", aliases=("000.00.00.H26",)),
    an_agency("H26.1", "Văn phòng Mới", kind="department", aliases=("000.00.01.H26",)),
    an_agency("H26.7", "Sở Mới", kind="department"),
    an_agency("H26.8", "Sở Sau", kind="department", valid_from=AFTER),
)
HOME = a_directory(
    (
        LISTED[0],
        an_agency(
            "H26.1",
            "Văn phòng Ủy ban nhân dân thành phố Hà Nội",
            kind="department",
            aliases=("000.00.01.H26",),
        ),
        an_agency("H26.2", "Sở Nội vụ", kind="department"),
        an_agency("H26.3", "Sở đã đóng", kind="department", valid_to=CUT_OVER),
    )
)


def test_a_list_opens_renames_and_closes() -> None:
    """What is new opens, what differs is renamed, what is gone closes, and the rest is not touched."""
    operations = operations_from_list(LISTED, HOME, CUT_OVER)
    assert operations == (
        an_operation(Op.RENAME, "H26.1", row=3, name="Văn phòng Mới", parent="H26", kind="department", aliases=LISTED[1].aliases),
        replace(an_opening("H26.7", "Sở Mới", row=4, parent="H26", aliases=()), kind="department"),
        replace(an_opening("H26.8", "Sở Sau", row=5, parent="H26", valid_from=AFTER, aliases=()), kind="department"),
        an_operation(Op.CLOSE, "H26.2", row=0),
    )  # fmt: skip
    assert faults(HOME, *operations) == []


def test_afterwards_the_directory_says_what_the_list_says() -> None:
    """A second time there is nothing to do."""
    directory = made(HOME, *operations_from_list(LISTED, HOME, CUT_OVER))
    assert operations_from_list(LISTED, directory, AFTER) == ()
    assert {each.code for each in directory.agencies() if each.in_force(AFTER)} == {
        "H26",
        "H26.1",
        "H26.7",
        "H26.8",
    }


def test_a_parent_and_older_forms_can_be_taken_away() -> None:
    """A list says everything about an agency, so an empty cell means that there is nothing."""
    directory = a_directory((an_agency("H26"), an_agency("H26.2", aliases=("000.00.02.H26",))))
    listed = (an_agency("H26"), replace(an_agency("H26.2"), parent=None))
    (operation,) = operations_from_list(listed, directory, CUT_OVER)
    assert (operation.parent, operation.aliases) == ("", ())
    (_, new) = made(directory, operation).versions("H26.2")
    assert (new.parent, new.aliases) == (None, ())


def test_the_file_of_the_directory_itself_changes_nothing() -> None:
    """What is exported and handed in again is no change, whatever order its older forms have."""
    agencies = (an_agency("H26", aliases=("00.00.H26", "000.00.00.H26")), an_agency("H53"))
    listed = parse_agencies(format_agencies(agencies))
    swapped = (replace(agencies[0], aliases=agencies[0].aliases[::-1]), agencies[1])
    assert operations_from_list(listed, a_directory(swapped), CUT_OVER) == ()
