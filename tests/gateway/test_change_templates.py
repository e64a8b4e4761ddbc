"""Templates are what the readers read."""

from __future__ import annotations

import pytest

from gateway.change_templates import TEMPLATES
from gateway.workbook import rows_of_workbook
from routing.agency_csv import parse_agencies
from routing.changes.parse import Media, operations_from_rows, parse_change


def test_changes_say_the_same_in_every_form() -> None:
    """CSV, workbook and JSON are read without a fault, and as the same operations."""
    rows = parse_change(TEMPLATES["changes.csv"](), Media.CSV)
    sheet = operations_from_rows(rows_of_workbook(TEMPLATES["changes.xlsx"]()))
    objects = parse_change(TEMPLATES["changes.json"](), Media.JSON)

    assert [each.unread for each in rows] == [()] * len(rows)
    assert sheet == rows
    assert [(each.op, each.code, each.successors) for each in objects] == [
        (each.op, each.code, each.successors) for each in rows
    ]


def test_the_list_is_read() -> None:
    """The template of a whole list is one."""
    assert [each.code for each in parse_agencies(TEMPLATES["agencies.csv"]())] == ["H99", "H99.1"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_made(name: str) -> None:
    """Each has content."""
    assert len(TEMPLATES[name]()) > 100
