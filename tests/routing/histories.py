"""Random histories of a few codes, for laws: what each names when, who took over, and until when mail is forwarded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from routing.agencies import Agency, Directory
from routing.status import Status
from tests.support.registry import a_directory, an_agency

DAY_ONE = datetime(2025, 6, 1, tzinfo=UTC)
CODES = ("H26", "H39", "H53", "H60")


def moments() -> st.SearchStrategy[datetime]:
    """Return moments around those at which something happens in a history."""
    near = st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1)])
    return st.builds(lambda day, off: DAY_ONE + timedelta(days=day) + off, st.integers(-1, 12), near)


@st.composite
def versions(draw: st.DrawFn, code: str) -> tuple[Agency, ...]:
    """Return the versions of one code, with gaps or without, of one body or several."""
    days = sorted(draw(st.sets(st.integers(0, 10), min_size=2, max_size=5)))
    made: list[Agency] = []
    for begin, end in pairwise(days):
        if draw(st.integers(0, 3)) == 0:
            continue
        agency = an_agency(
            code,
            f"{code} {begin}",
            valid_from=DAY_ONE + timedelta(days=begin),
            valid_to=DAY_ONE + timedelta(days=end),
            successors=tuple(draw(st.lists(st.sampled_from(CODES), max_size=2, unique=True))),
        )
        until = draw(st.none() | st.integers(end, 12))
        changes: dict[str, Any] = {
            "status": draw(st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.ACTIVE, Status.SUSPENDED])),
            "forward_until": None if until is None else DAY_ONE + timedelta(days=until, hours=12),
        }
        goes_on = draw(st.booleans())
        if made and goes_on:
            changes["entity_id"] = made[-1].entity_id
        made.append(replace(agency, **changes))
    return tuple(made)


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """Return a directory of random histories; its two systems serve what they always do."""
    return a_directory([each for code in CODES for each in draw(versions(code))])
