"""Searching a directory: what is found at a moment, with which status, and what is suggested."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from routing.names import NameIndex
from routing.search import Criteria, Page, search, version_at
from routing.status import Status
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory, an_agency, home_agencies

SUSPENDED = replace(an_agency("H26.3", "Sở Tư pháp", kind="department"), status=Status.SUSPENDED)
RENAMED = (
    an_agency("H40", "Sở Cũ", kind="department", valid_to=CUT_OVER),
    an_agency("H40", "Chi cục Mới", kind="department", valid_from=CUT_OVER),
)
DIRECTORY = a_directory(extra=(SUSPENDED, *RENAMED))
INDEX = NameIndex((each.code, each.name) for each in DIRECTORY.agencies())


def look(text: str = "", at: datetime = AFTER, **more: Any) -> Page:
    """Search the small directory."""
    return search(DIRECTORY, INDEX, Criteria(text=text, at=at, **more))


def codes(page: Page) -> list[str]:
    """Return the codes of a page."""
    return [hit.agency.code for hit in page.hits]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("noi vu", ["H26.2"]),
        ("Ha Noi van phong", ["H26.1"]),
        ("tay ninh", ["H53"]),
        ("h26.1", ["H26.1", "H26.105"]),
        ("000.00.00.H53", ["H53"]),
        ("long an", []),
        ("ba dinh", ["H26.105"]),
        ("...", []),
    ],
)
def test_by_name_or_code(text: str, found: list[str]) -> None:
    """Names without diacritics, beginnings of codes and older forms lead to codes in force."""
    assert codes(look(text)) == found


def test_at_a_time() -> None:
    """What is found is what was in force then, under the name that it had then."""
    assert codes(look("ba dinh", BEFORE)) == ["H26.21"]
    assert codes(look("long an", BEFORE)) == ["H39"]
    assert codes(look("so cu", BEFORE)) == ["H40"]
    assert codes(look("so cu")) == []
    assert codes(look("chi cuc", BEFORE)) == []


def test_status() -> None:
    """Codes that are not in force are found where their status is asked for."""
    assert [(h.agency.code, h.status) for h in look("so tu phap").hits] == [("H26.3", Status.SUSPENDED)]
    assert codes(look(statuses=frozenset({Status.MERGED}))) == ["H39"]
    assert codes(look(statuses=frozenset({Status.CLOSED}))) == ["H26.21"]
    assert codes(look(at=BEFORE, statuses=frozenset({Status.PLANNED}))) == ["H26.105"]
    assert len(look(statuses=frozenset()).hits) == len(DIRECTORY)


def test_prefix_and_kind() -> None:
    """A prefix counts in whole groups."""
    assert codes(look(prefix="H26.1")) == ["H26.1"]
    assert codes(look(prefix="H26", kind="department")) == ["H26.1", "H26.2", "H26.3"]
    assert codes(look("ha noi", prefix="H26", kind="province")) == ["H26"]


@pytest.mark.parametrize("text", ["", "uy ban", "h26"])
def test_pages(text: str) -> None:
    """Page after page gives everything once, in order."""
    whole, pages, after = codes(look(text)), [], ""
    while True:
        page = look(text, limit=2, after=after)
        pages += codes(page)
        if page.after is None:
            break
        after = page.after

    assert pages == whole == sorted(whole)


def test_suggestions() -> None:
    """A code that leads to nothing gets similar ones; words do not."""
    assert [each.code for each in look("H35").suggestions] == ["H53"]
    assert look("nobody").suggestions == ()
    assert look("H53").suggestions == ()


def test_version_at() -> None:
    """The version that a moment is about: the one around it, else the last before, else the first to come."""
    long_an = version_at(DIRECTORY, "H39", AFTER)
    ba_dinh = version_at(DIRECTORY, "H26.105", BEFORE)

    assert long_an is not None
    assert ba_dinh is not None
    assert (long_an.valid_to, ba_dinh.valid_from) == (CUT_OVER, CUT_OVER)
    assert version_at(DIRECTORY, "H99", AFTER) is None
    assert len(home_agencies()) == len(list(DIRECTORY.agencies())) - 3
