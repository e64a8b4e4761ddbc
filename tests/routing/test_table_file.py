"""What the files of code administrators have in common: which characters may stand in them, and moments."""

from datetime import datetime

import pytest

from routing.errors import RegistryFileErrors
from routing.table_file import check_header, is_visible, moment_of, scheme_of, sheet_records, spelled_out
from schemas.codes import Scheme
from tests.support.registry import CUT_OVER


@pytest.mark.parametrize(
    "letter", ["\u200b", "\u00ad", "\u3164", "\ufe0f", "\u034f", "\u00a0", "\n", "\x00"], ids=ascii
)
def test_what_nobody_sees(letter: str) -> None:
    """Controls, zero-width characters, fillers and spaces that only look plain are found wherever they stand."""
    assert not is_visible(f"Hà{letter}Nội")


@pytest.mark.parametrize("text", ["", "Ủy ban nhân dân xã Đất Mũi", "H26.21", "x" * 1000])
def test_what_everybody_sees(text: str) -> None:
    """Vietnamese with its accents is visible, and is spelled as it is."""
    assert is_visible(text)
    assert spelled_out(text) == text


def test_characters_are_spelled_out() -> None:
    """What cannot be seen is shown by its code point."""
    assert spelled_out("H\u200b26\u3164") == "H\\u200b26\\u3164"


def test_blank_rows_keep_their_numbers() -> None:
    """Rows are counted as a spreadsheet does, and blank ones passed over."""
    assert list(sheet_records([["", " "], [" op "], [], ["x"]])) == [(2, ["op"]), (4, ["x"])]


def test_a_header_is_needed() -> None:
    """Without one nothing can be read."""
    with pytest.raises(RegistryFileErrors):
        check_header([], columns=("op",), required=("op",), faults=[])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", None), ("2025-07-01", CUT_OVER), ("2025-06-30T17:00:00Z", CUT_OVER)],
)
def test_moments(text: str, expected: datetime | None) -> None:
    """A day begins at midnight in Vietnam."""
    assert moment_of(text) == expected


def test_a_code_is_taken_as_it_is_written() -> None:
    """White space around it, or a lower-case letter, is no code in a file."""
    assert scheme_of("H26.1") is Scheme.QD20
    assert scheme_of("000.00.01.H26") is Scheme.QCVN102
    assert scheme_of(" H26.1") is None
    assert scheme_of("h26") is None
