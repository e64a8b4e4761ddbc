"""What is printed: nothing that steers a terminal, nothing wider than it should be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.output import (
    WIDTH,
    UnreadableFileError,
    count,
    local,
    make_console,
    plain,
    read_file,
    show_facts,
    show_table,
)
from tests.cli.world import lines_wider_than


@given(st.text())
def test_plain_text_only_shows(text: str) -> None:
    """Whatever comes in, only characters that can be seen go out, as many as there were."""
    shown = plain(text)

    assert shown.isprintable()
    assert len(shown) == len(text)


@given(st.integers(0, 10**15))
def test_counts_read_back(number: int) -> None:
    """A number is written with dots between thousands and means the same."""
    assert int(count(number).replace(".", "")) == number
    assert all(len(part) == 3 for part in count(number).split(".")[1:])


@given(value=st.text(st.characters(codec="utf-8", categories=["Ll", "Lu", "Nd", "Zs"]), max_size=300))
def test_nothing_is_wider_than_the_page(value: str) -> None:
    """Facts and tables fold long values."""
    console = make_console()
    with console.capture() as captured:
        show_facts(console, [("nhãn · label", value), ("bỏ qua · left out", None)])
        show_table(console, ("a", "b"), [(value, None)])

    assert lines_wider_than(WIDTH, captured.get()) == []
    assert "left out" not in captured.get()


def test_times_are_vietnams() -> None:
    """Moments are shown as people in Vietnam read them."""
    assert local(datetime(2025, 6, 30, 17, 0, tzinfo=UTC)) == "01/07/2025 00:00:00"


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    """A folder, or a file that is not there, is told apart by the system's own words."""
    with pytest.raises(UnreadableFileError, match="directory"):
        read_file(tmp_path)
    with pytest.raises(UnreadableFileError, match="No such file"):
        read_file(tmp_path / "none")
