"""Code lists."""

import csv
from pathlib import Path

import pytest

from schemas.codelists import (
    BUSINESS_TYPES,
    DOCUMENT_TYPES,
    PRIORITIES,
    REASON_EXPECTED,
    RECALL,
    RECEIVER_TYPES,
    REPLACEMENT,
    SENT_BY_SENDER,
    STATUS_CODES,
    UPDATE,
    may_send,
)

LISTS = sorted((Path(__file__).parents[2] / "schemas/lists").glob("*.csv"))


def test_lists_are_complete() -> None:
    """The lists hold the codes of the standard, each with a name in both languages."""
    assert list(STATUS_CODES) == ["01", "02", "03", "04", "05", "06", "13", "15", "16"]
    assert list(PRIORITIES) == [0, 1, 2, 3, 4]
    assert list(BUSINESS_TYPES) == [0, RECALL, UPDATE, REPLACEMENT]
    assert list(RECEIVER_TYPES) == [0, 1]
    assert list(DOCUMENT_TYPES) == list(range(1, 30))
    names = [
        *(*STATUS_CODES.values(), *PRIORITIES.values(), *BUSINESS_TYPES.values()),
        *(*RECEIVER_TYPES.values(), *DOCUMENT_TYPES.values()),
    ]
    assert all(name.vi and name.en for name in names)


def test_special_statuses_are_in_the_list() -> None:
    """A take-back is asked for by the sender; refusals and requests give a reason."""
    assert frozenset({"13"}) == SENT_BY_SENDER
    assert frozenset({"02", "13", "16"}) == REASON_EXPECTED


def test_who_may_send_which() -> None:
    """A request to give a document back comes from its sender, every other status from a receiver."""
    assert [code for code in STATUS_CODES if may_send(code, is_sender=True)] == ["13"]
    assert [code for code in STATUS_CODES if not may_send(code, is_sender=False)] == ["13"]
    assert not may_send("07", is_sender=True)
    assert not may_send("07", is_sender=False)


def test_document_types_have_their_abbreviations() -> None:
    """Abbreviations are unique, and only letters have none."""
    short = [kind.abbreviation for kind in DOCUMENT_TYPES.values() if kind.abbreviation]

    assert len(short) == len(set(short)) == 27
    assert [kind.vi for kind in DOCUMENT_TYPES.values() if kind.abbreviation is None] == [
        "Công văn",
        "Thư công",
    ]
    assert DOCUMENT_TYPES[16].abbreviation == "TTr"


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_files_are_well_formed(path: Path) -> None:
    """Every row has all columns, no stray spaces, and its origin is told."""
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))

    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(cell == cell.strip() for row in rows for cell in row)
    assert f"`{path.name}`" in path.with_name("SOURCES.md").read_text(encoding="utf-8")
