"""Workbooks: what is read of them, and what is refused before it can do harm."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from gateway import workbook
from gateway.change_templates import TEMPLATES
from gateway.workbook import rows_of_workbook
from routing.errors_change_sets import WorkbookRefusedError


def a_workbook(*rows: Sequence[Any]) -> bytes:
    """Return a workbook with these rows."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def changed(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with one part of it changed."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for each in source.namelist():
            part = source.read(each)
            made.writestr(each, change(part) if each == name else part)
    return target.getvalue()


MORNING = datetime(2025, 7, 1, 7, 30)  # noqa: DTZ001 -- a cell has no zone
SHEET = "xl/worksheets/sheet1.xml"


def test_cells_become_text() -> None:
    """Numbers, days and moments are written as a code administrator writes them; formulas stay formulas."""
    content = a_workbook(
        ["op", "code", None, 12, 12.0, 1.5, True, date(2025, 7, 1), MORNING],
        [],
        ["=1+1", '=HYPERLINK("http://x")'],
    )

    rows = [list(row) for row in rows_of_workbook(content)]

    assert rows[0] == ["op", "code", "", "12", "12", "1.5", "TRUE", "2025-07-01", "2025-07-01T07:30:00+07:00"]
    assert not any(rows[1])
    assert rows[2][:2] == ["=1+1", '=HYPERLINK("http://x")']


def test_the_size_that_the_sheet_claims_is_not_believed() -> None:
    """Many writers say A1 and have more."""
    content = a_workbook(["a", "b"], ["c", "d"])
    lying = changed(content, SHEET, lambda part: part.replace(b'ref="A1:B2"', b'ref="A1"'))

    assert [list(row) for row in rows_of_workbook(lying)] == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.endswith("xlsx")])
def test_templates_are_read(name: str) -> None:
    """The first sheet of a template has the header."""
    assert "code" in next(iter(rows_of_workbook(TEMPLATES[name]())))


BOMB = b"<x>" + b" " * (300 * 2**20) + b"</x>"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"op,code\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        changed(a_workbook(["a"]), "xl/workbook.xml", lambda _: b""),
        changed(a_workbook(["a"]), "xl/workbook.xml", lambda part: re.sub(rb"<sheet\b[^>]*/>", b"", part)),
        changed(a_workbook(["a"]), SHEET, lambda part: part[: len(part) // 2]),
        changed(
            a_workbook(["a"]),
            SHEET,
            lambda part: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + part[part.index(b"<worksheet") :],
        ),
        changed(a_workbook(["a"]), SHEET, lambda part: part.decode().encode("utf-16")),
        changed(a_workbook(["a"]), SHEET, lambda _: BOMB),
        a_workbook(["x"] * 70),
    ],
    ids=["empty", "cut", "CSV", "old", "no book", "no sheet", "half", "entities", "UTF-16", "bomb", "wide"],
)
def test_what_is_refused(content: bytes) -> None:
    """What is no workbook, is broken, or was made to do harm is refused with a reason in both languages."""
    with pytest.raises(WorkbookRefusedError) as refusal:
        list(rows_of_workbook(content))

    assert refusal.value.facts["reason_vi"]
    assert refusal.value.facts["reason_en"]


_INTACT = a_workbook(["a", "b"], ["c", "d"])


@given(place=st.integers(0, len(_INTACT) - 1), octets=st.binary(min_size=1, max_size=4))
def test_damage_is_refused_or_does_no_harm(place: int, octets: bytes) -> None:
    """Whatever bytes change on the way, also inside what is packed: it is read, or refused as what cannot be read."""
    damaged = _INTACT[:place] + octets + _INTACT[place + len(octets) :]

    with suppress(WorkbookRefusedError):
        list(rows_of_workbook(damaged))


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many rows or parts are refused; blank rows after the last one are no rows."""
    content = a_workbook(*[["a"]] * 6)
    monkeypatch.setattr(workbook, "ROWS", 5)
    with pytest.raises(WorkbookRefusedError, match="rows"):
        list(rows_of_workbook(content))
    assert len(list(rows_of_workbook(a_workbook(*[["a"]] * 5, [""], [None])))) == 5
    monkeypatch.setattr(workbook, "PARTS", 3)
    with pytest.raises(WorkbookRefusedError, match="parts"):
        list(rows_of_workbook(content))


def _far_below(part: bytes) -> bytes:
    return part.replace(b'r="2"', b'r="1048576"').replace(b"A2", b"A1048576")


def test_a_row_far_below() -> None:
    """A sheet that claims a row at the end of the world does not make rows of nothing for ever."""
    content = changed(a_workbook(["a"], ["b"]), SHEET, _far_below)
    with pytest.raises(WorkbookRefusedError, match="rows"):
        list(rows_of_workbook(content))
