"""Successors, parents and older forms: what cannot be between codes, told together and not twice."""

from datetime import timedelta

import pytest

from routing.agencies import Directory
from routing.changes.operation import Op, Operation
from tests.support.changes import an_opening, an_operation, faults, made, numbered
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency

DAY = timedelta(days=1)
LATER = CUT_OVER + 7 * DAY
Fault = tuple[int, str, str, str]


def closing(code: str, *successors: str, row: int = 2) -> Operation:
    """Return a row that closes a code at the cut-over."""
    return an_operation(Op.CLOSE, code, row=row, successors=successors)


def a_tree() -> Directory:
    """Return two provinces with a district and two communes each."""
    codes = ("H01", "H01.1", "H01.1.1", "H01.1.2", "H02", "H02.1", "H02.1.1", "H02.1.2")
    return a_directory([an_agency(code) for code in codes], ())


SUCCESSORS: dict[str, tuple[tuple[Operation, ...], list[Fault]]] = {
    "unknown": ((closing("H01.1.1", "H09"),), [(2, "successors", "H09", "successor_unknown")]),
    "opened by a later row": ((closing("H01.1.1", "H09"), an_opening("H09")), []),
    "opened too late": (
        (closing("H01.1.1", "H09"), an_opening("H09", valid_from=AFTER)),
        [(2, "successors", "H09", "successor_not_in_force")],
    ),
    "ends at the same moment": (
        (closing("H01.1.1", "H01.1.2"), closing("H01.1.2", "H02")),
        [(2, "successors", "H01.1.2", "successor_ends")],
    ),
    "annulled at the same moment": (
        (closing("H01.1.1", "H01.1.2"), an_operation(Op.ANNUL, "H01.1.2")),
        [(2, "successors", "H01.1.2", "successor_ends")],
    ),
    "reconstituted at the same moment": (
        (closing("H01.1.1", "H02.1.2"), an_operation(Op.RECONSTITUTE, "H02.1.2")),
        [],
    ),
    "suspended": ((closing("H01.1.1", "H01.1.2"), an_operation(Op.SUSPEND, "H01.1.2")), []),
    "ends later": (
        (closing("H01.1.1", "H01.1.2"), an_operation(Op.CLOSE, "H01.1.2", valid_from=LATER)),
        [],
    ),
    "a circle of two": (
        (closing("H01.1.1", "H01.1.2"), closing("H01.1.2", "H01.1.1")),
        [
            (2, "successors", "H01.1.2", "successor_cycle"),
            (3, "successors", "H01.1.1", "successor_cycle"),
        ],
    ),
    "a circle of three, and one who leads into it": (
        (
            closing("H01.1.1", "H01.1.2"),
            closing("H01.1.2", "H02.1.1", "H02"),
            closing("H02.1.1", "H01.1.1"),
            closing("H02.1.2", "H02.1.1"),
        ),
        [
            (2, "successors", "H01.1.2", "successor_cycle"),
            (3, "successors", "H02.1.1", "successor_cycle"),
            (4, "successors", "H01.1.1", "successor_cycle"),
            (5, "successors", "H02.1.1", "successor_ends"),
        ],
    ),
    "its own successor": ((closing("H01.1.1", "H01.1.1"),), [(2, "successors", "H01.1.1", "successor_self")]),
    "the row that opens it is at fault": (
        (closing("H01.1.1", "H09"), an_opening("H09", "=x"), an_opening("H09", row=9)),
        [(3, "name", "=x", "formula"), (4, "code", "H09", "repeated")],
    ),
    "the row that opens it cannot be read": (
        (closing("H01.1.1", "H09"), an_operation(None, "H09")),
        [(3, "op", "", "unknown_operation")],
    ),
}


@pytest.mark.parametrize(("operations", "expected"), SUCCESSORS.values(), ids=SUCCESSORS.keys())
def test_successors(operations: tuple[Operation, ...], expected: list[Fault]) -> None:
    """Each successor is in force when the code ends, after the whole change."""
    assert faults(a_tree(), *numbered(*operations)) == expected


def test_a_code_that_another_waits_for_cannot_go() -> None:
    """Whoever is to take over later must be there then; if both go, the one who names it is at fault."""
    planned = made(a_tree(), an_operation(Op.CLOSE, "H01.1.1", valid_from=LATER, successors=("H01.1.2",)))
    assert faults(planned, closing("H01.1.2")) == [(2, "code", "H01.1.1", "awaited_successor")]
    at_once = made(a_tree(), closing("H01.1.1", "H01.1.2"))
    assert faults(at_once, closing("H01.1.2")) == [(2, "code", "H01.1.1", "awaited_successor")]
    assert faults(at_once, an_operation(Op.CLOSE, "H01.1.2", valid_from=AFTER)) == []
    both = (closing("H01.1.2"), an_operation(Op.CLOSE, "H01.1.1", valid_from=AFTER, successors=("H01.1.2",)))
    assert faults(planned, *numbered(*both)) == [(3, "successors", "H01.1.2", "successor_not_in_force")]


PARENTS: dict[str, tuple[tuple[Operation, ...], list[Fault]]] = {
    "unknown": ((an_opening("H01.9", parent="H09"),), [(2, "parent", "H09", "parent_unknown")]),
    "opened by a later row": ((an_opening("H09.1", parent="H09"), an_opening("H09")), []),
    "opened too late": (
        (an_opening("H09.1", parent="H09"), an_opening("H09", valid_from=AFTER)),
        [(2, "parent", "H09", "parent_not_in_force")],
    ),
    "closed at the moment": (
        (an_opening("H01.1.1.9", parent="H01.1.1"), closing("H01.1.1")),
        [(2, "parent", "H01.1.1", "parent_not_in_force")],
    ),
    "closed later": (
        (an_opening("H01.9", parent="H01.1.1"), an_operation(Op.CLOSE, "H01.1.1", valid_from=LATER)),
        [(2, "parent", "H01.1.1", "parent_ends")],
    ),
    "closed later, the agency before it": (
        (
            an_opening("H01.9", parent="H01.1.1"),
            an_operation(Op.RENAME, "H01.9", name="Hai", valid_from=AFTER),
            an_operation(Op.CLOSE, "H01.9", valid_from=LATER),
            an_operation(Op.CLOSE, "H01.1.1", valid_from=LATER),
        ),
        [],
    ),
    "closed later, under an agency that was renamed meanwhile": (
        (
            an_opening("H01.9", parent="H01.1.1"),
            an_operation(Op.RENAME, "H01.9", name="Hai", valid_from=AFTER),
            an_operation(Op.CLOSE, "H01.1.1", valid_from=LATER),
        ),
        [(2, "parent", "H01.1.1", "parent_ends")],
    ),
    "closed over those under it": (
        (closing("H01.1"),),
        [(2, "code", "H01.1.1 (+1)", "open_children")],
    ),
    "closed over one under it": (
        (closing("H01.1"), closing("H01.1.1", "H02")),
        [(2, "code", "H01.1.2", "open_children")],
    ),
    "closed with all under it": ((closing("H01.1"), closing("H01.1.1"), closing("H01.1.2")), []),
    "closed before those under it": (
        (
            closing("H01.1"),
            an_operation(Op.CLOSE, "H01.1.1", valid_from=AFTER),
            closing("H01.1.2"),
        ),
        [(2, "code", "H01.1.1", "open_children")],
    ),
    "closed after those under it went elsewhere": (
        (
            closing("H01.1"),
            an_operation(Op.RENAME, "H01.1.1", parent="H02"),
            an_operation(Op.RENAME, "H01.1.2", parent=""),
        ),
        [],
    ),
    "annulled over those under it": (
        (an_operation(Op.ANNUL, "H01.1"),),
        [(2, "code", "H01.1.1 (+1)", "open_children")],
    ),
    "annulled with all under it": (
        (
            an_operation(Op.ANNUL, "H01.1"),
            an_operation(Op.ANNUL, "H01.1.1"),
            an_operation(Op.ANNUL, "H01.1.2"),
        ),
        [],
    ),
    "reconstituted over those under it": ((an_operation(Op.RECONSTITUTE, "H01.1"),), []),
    "its own": (
        (an_operation(Op.RENAME, "H01", parent="H01"),),
        [(2, "parent", "H01", "parent_cycle")],
    ),
    "under one that is under it": (
        (an_operation(Op.RENAME, "H01", parent="H01.1.1"),),
        [(2, "parent", "H01.1.1", "parent_cycle")],
    ),
    "a circle of two rows": (
        (an_operation(Op.RENAME, "H01", parent="H02"), an_operation(Op.RENAME, "H02", parent="H01")),
        [(2, "parent", "H02", "parent_cycle"), (3, "parent", "H01", "parent_cycle")],
    ),
    "the other way round": (
        (an_operation(Op.RENAME, "H01", parent="H02.1"), an_operation(Op.RENAME, "H02.1", parent="")),
        [],
    ),
    "the row that opens it is at fault": (
        (an_opening("H09.1", parent="H09"), an_operation(None, "H09")),
        [(3, "op", "", "unknown_operation")],
    ),
}


@pytest.mark.parametrize(("operations", "expected"), PARENTS.values(), ids=PARENTS.keys())
def test_parents(operations: tuple[Operation, ...], expected: list[Fault]) -> None:
    """Whoever is under somebody is so as long as that one is there, after the whole change."""
    assert faults(a_tree(), *numbered(*operations)) == expected


def test_a_renaming_does_not_answer_for_an_old_parent() -> None:
    """What the registry had wrong before is not the fault of a row that does not speak of it."""
    directory = a_directory([an_agency("H01.1")], ())
    assert faults(directory, an_operation(Op.RENAME, "H01.1", name="Mới")) == []


ALIASES: dict[str, tuple[tuple[Operation, ...], list[Fault]]] = {
    "free": ((an_opening("H26.9", aliases=("000.00.09.H26",)),), []),
    "of an agency in force": (
        (an_opening("H26.9", aliases=("000.00.02.H26",)),),
        [(2, "code_qcvn102", "000.00.02.H26", "alias_taken")],
    ),
    "of an agency that is gone": (
        (an_opening("H26.9", aliases=("000.00.21.H26",), valid_from=AFTER),),
        [(2, "code_qcvn102", "000.00.21.H26", "alias_taken")],
    ),
    "of two rows": (
        (an_opening("H26.8", aliases=("000.00.09.H26",)), an_opening("H26.9", aliases=("000.00.09.H26",))),
        [(3, "code_qcvn102", "000.00.09.H26", "alias_taken")],
    ),
    "its own": ((an_operation(Op.RENAME, "H26.2", aliases=("000.00.02.H26", "00.02.H26")),), []),
    "a code": ((an_opening("H26.9", aliases=("H26.2",)),), [(2, "code_qcvn102", "H26.2", "alias_is_code")]),
    "its own code": (
        (an_opening("H26.9", aliases=("H26.9",)),),
        [(2, "code_qcvn102", "H26.9", "alias_is_code")],
    ),
    "a code that another row opens": (
        (an_opening("H26.8", aliases=("H26.9",)), an_opening("H26.9")),
        [(2, "code_qcvn102", "H26.9", "alias_is_code")],
    ),
}


@pytest.mark.parametrize(("operations", "expected"), ALIASES.values(), ids=ALIASES.keys())
def test_aliases(operations: tuple[Operation, ...], expected: list[Fault]) -> None:
    """An older form leads to one agency for all time."""
    assert faults(a_directory(), *numbered(*operations)) == expected


def test_a_code_that_is_an_older_form_cannot_be_opened() -> None:
    """A code that led elsewhere so far leads there for ever."""
    recoded = a_directory(extra=(an_agency("H26.90", aliases=("H26.9",)),))
    assert faults(recoded, an_opening("H26.9")) == [(2, "code", "H26.9", "code_is_alias")]


def test_everything_is_told_at_once_and_in_the_order_of_the_rows() -> None:
    """Cells, moments, places in time and relations: one answer for the whole file."""
    rows = numbered(
        an_operation(Op.CLOSE, "h1"),
        an_operation(Op.CLOSE, "H26.2", successors=("H99",)),
        an_operation(Op.CLOSE, "H98"),
        an_operation(Op.RENAME, "H26.1", name="=x", valid_from=BEFORE - DAY),
        an_opening("H26.9", parent="H97", aliases=("000.00.02.H26",)),
    )
    assert faults(a_directory(), *rows) == [
        (2, "code", "h1", "grammar"),
        (3, "successors", "H99", "successor_unknown"),
        (4, "code", "H98", "unknown_code"),
        (5, "name", "=x", "formula"),
        (5, "valid_from", "2025-06-29T19:00:00+07:00", "retroactive"),
        (6, "parent", "H97", "parent_unknown"),
        (6, "code_qcvn102", "000.00.02.H26", "alias_taken"),
    ]
