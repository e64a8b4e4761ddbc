"""The errors of change sets: texts in both languages, and a page that names every column, operation and reason."""

import re
from pathlib import Path

import pytest

from routing.changes.operation import Op
from routing.changes.parse import COLUMNS
from routing.errors import RegistryFault
from routing.errors_change import ChangeFault, ChangeOvertaken, ChangeReason, ChangeRefused

PAGE = (Path(__file__).parents[2] / "docs" / "change-sets.md").read_text(encoding="utf-8")


def test_reasons_speak_both_languages() -> None:
    """Each reason has a Vietnamese and an English text of its own, also beside those of single cells."""
    texts = [text for fault in (*ChangeReason, *RegistryFault) for text in fault.value]
    assert len(set(texts)) == 2 * (len(ChangeReason) + len(RegistryFault))
    assert not {each.name for each in ChangeReason} & {each.name for each in RegistryFault}


@pytest.mark.parametrize("reason", ChangeReason)
def test_every_reason_is_documented(reason: ChangeReason) -> None:
    """The page has a row for it, with both texts."""
    assert f"| `{reason.name.lower()}` | {reason.value[0]} | {reason.value[1]} |" in PAGE


def test_every_documented_reason_exists() -> None:
    """The page tells no reason that nobody gives."""
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE.partition("## What is checked")[2], re.MULTILINE
    )
    known = {each.name.lower(): each.value for each in (*ChangeReason, *RegistryFault)}
    assert rows
    assert [row for row in rows if known.get(row[0]) != row[1:]] == []


def test_every_column_and_operation_is_documented() -> None:
    """The page names what a file may say."""
    assert [name for name in (*COLUMNS, *Op) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("kind", [ChangeFault, ChangeRefused, ChangeOvertaken])
def test_the_errors_stand_in_the_tree_on_top(
    kind: type[ChangeFault | ChangeRefused | ChangeOvertaken],
) -> None:
    """The drawing in the module docstring names each error and its code."""
    doc = __import__(kind.__module__, fromlist=["x"]).__doc__
    assert re.search(rf"── {kind.__name__} +{re.escape(kind.code)}\b", doc or "")


def test_a_refusal_tells_the_first_fault() -> None:
    """All faults are in it, and its message has the first."""
    faults = (
        ChangeFault(ChangeReason.UNKNOWN_CODE, row=3, column="code", value="H99"),
        ChangeFault(RegistryFault.GRAMMAR, row=4, column="code", value="h9"),
    )
    error = ChangeRefused(faults)
    assert error.faults == faults
    assert str(error) == (
        "The change set is refused: 2 faults. The registry is unchanged. The first: "
        "Row 3, column code, value “H99”: the registry does not have this code."
    )
    assert error.vi.format(**error.facts).endswith(
        "Dòng 3, cột code, giá trị “H99”: danh mục không có mã này."
    )
