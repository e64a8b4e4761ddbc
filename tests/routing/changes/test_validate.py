"""Moments that are past, and how faults are told."""

from datetime import timedelta

from routing.changes.operation import Op
from routing.changes.parse import COLUMNS, Media, parse_change
from routing.changes.validate import validate
from tests.support.changes import an_operation, cells, faults
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory


def test_a_moment_that_is_past_has_to_be_declared() -> None:
    """A change takes effect now or later, unless it is said to be retroactive."""
    operation = an_operation()
    later = CUT_OVER + timedelta(microseconds=1)
    assert faults(a_directory(), operation, now=CUT_OVER) == []
    assert faults(a_directory(), operation, now=later) == [
        (2, "valid_from", "2025-07-01T00:00:00+07:00", "retroactive")
    ]
    assert faults(a_directory(), operation, now=AFTER, retroactive=True) == []


def test_a_fault_is_told_in_both_languages() -> None:
    """Row, column, value and reason stand in one sentence that a code administrator can act upon."""
    content = cells([COLUMNS, ["close", "H26.2", "", "", "", "2025-07-01", "H99", "", ""]])
    (fault,) = validate(parse_change(content, Media.CSV), a_directory(), now=BEFORE)
    assert fault.vi.format(**fault.facts) == (
        "Dòng 2, cột successors, giá trị “H99”: danh mục không có cơ quan kế thừa này, và thay đổi này không mở."
    )
    assert str(fault) == (
        "Row 2, column successors, value “H99”: "
        "the registry does not have this successor, and this change does not open it."
    )


def test_a_value_of_the_file_cannot_disguise_itself() -> None:
    """What cannot be seen is shown as what it is, and what is long is cut."""
    (fault,) = validate((an_operation(Op.RENAME, "H26.2", name="a\u202e" * 100),), a_directory(), now=BEFORE)
    assert str(fault.facts["value"]).startswith("a\\u202ea\\u202e")
    assert len(str(fault.facts["value"])) == 80
