"""What is wrong with single cells of a change set, and that all of it is told at once."""

from datetime import timedelta

import pytest

from routing.changes.cells import cell_faults
from routing.changes.operation import Op, Operation, Unread
from routing.changes.parse import operations_from_rows
from routing.errors_change import ChangeReason
from tests.support.changes import an_opening, an_operation
from tests.support.registry import CUT_OVER

HEADER = ("op", "code", "name", "parent", "kind", "valid_from", "successors", "code_qcvn102", "forward_until")


def found(operation: Operation) -> list[tuple[str, str, str]]:
    """Return (column, value, reason) of every fault in a row."""
    return [
        (str(each.facts["column"]), str(each.facts["value"]), str(each.facts["reason"]))
        for each in cell_faults(operation)
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("open,h53.1,Xã,,commune,2025-07-01,,,", ("code", "h53.1", "grammar")),
        ("open,,Xã,,commune,2025-07-01,,,", ("code", "", "grammar")),
        (",H53,,,,2025-07-01,,,", ("op", "", "unknown_operation")),
        ("close,H53,,,,,,,", ("valid_from", "", "missing_instant")),
        ("close,000.00.02.H26,,,,2025-07-01,,,", ("code", "000.00.02.H26", "old_form")),
        ("close,H26\u200b.2,,,,2025-07-01,,,", ("code", "H26\\u200b.2", "invisible")),
        ("open,H53.1,Xã,h53,commune,2025-07-01,,,", ("parent", "h53", "grammar")),
        ("open,H53.1,Xã,000.00.00.H53,commune,2025-07-01,,,", ("parent", "000.00.00.H53", "old_form")),
        ("open,H53.1,,,commune,2025-07-01,,,", ("name", "", "empty_name")),
        ("open,H53.1,Xã\u200bMới,,commune,2025-07-01,,,", ("name", "Xã\\u200bMới", "invisible")),
        ("open,H53.1,Xã\u00a0Mới,,commune,2025-07-01,,,", ("name", "Xã\\u00a0Mới", "invisible")),
        ("rename,H53,Xã\u3164Mới,,,2025-07-01,,,", ("name", "Xã\\u3164Mới", "invisible")),
        ("rename,H53,Xã\ufe0f,,,2025-07-01,,,", ("name", "Xã\\ufe0f", "invisible")),
        ("rename,H53,=cmd(),,,2025-07-01,,,", ("name", "=cmd()", "formula")),
        ("close,H53,@x,,,2025-07-01,,,", ("name", "@x", "formula")),
        ("open,H53.1,Xã,,,2025-07-01,,,", ("kind", "", "bad_kind")),
        ("rename,H53,,,Xã,2025-07-01,,,", ("kind", "Xã", "bad_kind")),
        ("rename,H53,,,xa\u200d,2025-07-01,,,", ("kind", "xa\\u200d", "invisible")),
        ("open,H53.1,Xã,,commune,2025-07-01,,H99x,", ("code_qcvn102", "H99x", "grammar")),
        ("open,H53.1,Xã,,commune,2025-07-01,,000.00.01\u200b.H53,", ("code_qcvn102", "000.00.01\\u200b.H53", "invisible")),
        ("open,H53.1,Xã,,commune,2025-07-01,,00.01.H53 00.01.H53,", ("code_qcvn102", "00.01.H53", "alias_repeated")),
        ("close,H39,,,,2025-07-01,H53;000.00.00.H26,,", ("successors", "000.00.00.H26", "old_form")),
        ("close,H39,,,,2025-07-01,H53;H53,,", ("successors", "H53", "successor_repeated")),
        ("close,H39,,,,2025-07-01,H39,,", ("successors", "H39", "successor_self")),
        ("open,H53.1,Xã,,commune,2025-07-01,H53,,", ("successors", "H53", "not_taken")),
        ("suspend,H53,,,,2025-07-01,H26,,", ("successors", "H26", "not_taken")),
        ("rename,H53,Mới,,,2025-07-01,,,2025-08-01", ("forward_until", "2025-08-01T00:00:00+07:00", "not_taken")),
        ("close,H39,,,,2025-07-01,,,2025-08-01", ("forward_until", "2025-08-01T00:00:00+07:00", "forward_successor")),
        ("close,H39,,,,2025-07-01,H53;H26,,2025-08-01", ("forward_until", "2025-08-01T00:00:00+07:00", "forward_successor")),
        ("close,H39,,,,2025-07-01,H53,,2025-07-01", ("forward_until", "2025-07-01T00:00:00+07:00", "forward_early")),
    ],
)  # fmt: skip
def test_a_cell_is_named_with_its_reason(row: str, expected: tuple[str, str, str]) -> None:
    """One wrong cell is one fault, with its column, what stands in it and why it cannot."""
    (operation,) = operations_from_rows([HEADER, row.split(",")])
    assert found(operation) == [expected]


@pytest.mark.parametrize(
    "operation",
    [
        an_opening("H53.101", parent="H53", aliases=("000.00.99.H53", "00.99.H53")),
        an_operation(Op.CLOSE, "H39", successors=("H53",), forward_until=CUT_OVER + timedelta(days=30)),
        an_operation(Op.CLOSE, "H39", name="Ủy ban nhân dân tỉnh Long An", kind="Tỉnh", parent="H53"),
        an_operation(Op.RECONSTITUTE, "H53", successors=("H53", "H26")),
        an_operation(Op.RENAME, "H53", parent=""),
        an_operation(Op.ANNUL, "H53", successors=("H26",)),
        an_operation(Op.SUSPEND, "0100109106-001"),
        an_operation(Op.RESUME, "Z01abc"),
    ],
    ids=str,
)
def test_what_may_stand_in_a_row(operation: Operation) -> None:
    """Descriptions beside an operation that needs none are for readers; a new body may succeed the old one's code."""
    assert found(operation) == []


def test_every_fault_of_a_row_is_told() -> None:
    """Nothing waits until another fault is mended."""
    row = ["shut", "h53", "=x", "h9", "Xã", "soon", "H1", "zz", "never"]
    (operation,) = operations_from_rows([HEADER, row])
    assert {column for column, _, _ in found(operation)} == {
        "op",
        "valid_from",
        "forward_until",
        "code",
        "parent",
        "code_qcvn102",
    }


def test_a_cell_that_could_not_be_read_is_told_once() -> None:
    """What is empty only because it could not be read is no second fault."""
    wrong = Unread(column="code", value="3", reason=ChangeReason.BAD_VALUE)
    operation = Operation(row=1, op=Op.CLOSE, code="", valid_from=CUT_OVER, unread=(wrong,))
    assert found(operation) == [("code", "3", "bad_value")]
