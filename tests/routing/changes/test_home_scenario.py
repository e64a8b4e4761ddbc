"""The night of 1 July 2025 as a change set: 14,481 operations over 11,677 agencies."""

from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

import gateway.demo
from routing.agencies import Directory
from routing.agency_change import AgencyChange
from routing.agency_csv import parse_agencies
from routing.changes.apply import applied
from routing.changes.diff import counts, diff, diff_sha256
from routing.changes.operation import Op, Operation
from routing.changes.parse import Media, parse_change
from routing.changes.undo import rollback
from routing.errors import CodeClosed, CodeNotYetValid
from routing.resolve import resolve
from routing.status import Status
from tests.support.changes import after, faults
from tests.support.registry import AFTER, BEFORE, CUT_OVER, a_directory

DEMO = Path(gateway.demo.__file__).parent
MOMENT = timedelta(microseconds=1)


@cache
def operations() -> tuple[Operation, ...]:
    """Return the operations of the night."""
    return parse_change((DEMO / "cutover-2025-07-01.csv").read_bytes(), Media.CSV)


@cache
def evening() -> Directory:
    """Return the directory of the evening before."""
    return a_directory(parse_agencies((DEMO / "agencies-2025-06-30.csv").read_bytes()), ())


@cache
def change() -> AgencyChange:
    """Return what the night does."""
    return applied(operations(), evening())


@cache
def morning() -> Directory:
    """Return the directory that knows of the night."""
    return after(change(), evening())


def test_the_night_is_without_fault() -> None:
    """All rows rely on each other, and nothing speaks against any."""
    assert len(operations()) == 14_481
    assert faults(evening(), *operations()) == []


def test_the_night_in_figures() -> None:
    """What is told is what the file says, at one moment and nothing withdrawn."""
    found = counts(diff(change(), evening()))
    assert found.per_op == {Op.CLOSE: 11_137, Op.OPEN: 3_321, Op.RECONSTITUTE: 23}
    assert found.per_instant == {CUT_OVER: 14_481}
    assert (found.codes, found.withdrawn) == (14_481, 0)
    assert (len(change().closed), len(change().added)) == (11_160, 14_504)


def test_communes_that_were_split() -> None:
    """471 communes have several successors, the 696 districts none."""
    ended = [each for each in change().added if each.valid_to == CUT_OVER and each.entity_id]
    several = Counter(each.kind for each in ended if len(each.successors) > 1)
    none = Counter(each.kind for each in ended if not each.successors)
    assert several == {"commune": 471}
    assert none == {"district": 696, "province": 23}


@pytest.mark.parametrize("at", [BEFORE, CUT_OVER - MOMENT, CUT_OVER, AFTER], ids=str)
def test_every_code_resolves_or_is_refused_with_its_successors(at: object) -> None:
    """No code is in doubt at any moment, and every successor named is in force."""
    moment = next(each for each in (BEFORE, CUT_OVER - MOMENT, CUT_OVER, AFTER) if each == at)
    outcomes: Counter[str] = Counter()
    for code in {each.code for each in morning().agencies()}:
        try:
            agency = resolve(code, directory=morning(), at=moment).agency
        except CodeClosed as error:
            ended = morning().versions(code)[-1]
            assert error.facts["successors"] == ended.successors  # noqa: PT017 -- one of the right outcomes
            assert all(morning().agency(each, moment) for each in ended.successors)
            outcomes["closed"] += 1
        except CodeNotYetValid:
            assert moment < CUT_OVER
            outcomes["not yet"] += 1
        else:
            assert agency.code == code
            outcomes["in force"] += 1
    before, afterwards = {"in force": 11_677, "not yet": 3_321}, {"in force": 3_861, "closed": 11_137}
    assert outcomes == (before if moment < CUT_OVER else afterwards)


def test_a_code_that_lives_on_names_another_body() -> None:
    """Phú Thọ keeps its code for the province made of three; Hà Nội stays what it was."""
    old, new = morning().versions("H44")
    assert (old.entity_id == new.entity_id, new.reconstituted_at) == (False, CUT_OVER)
    assert len(morning().versions("H26")) == 1
    assert morning().status("H22", AFTER) is Status.MERGED


def test_the_night_taken_back() -> None:
    """Before midnight nothing is left of it; a day later every old code is in force again, and no new one."""
    undone = after(rollback(change(), morning(), now=BEFORE), morning())
    assert undone.sha256 == evening().sha256
    back = rollback(change(), morning(), now=AFTER)
    later = after(back, morning())
    in_force = {each.code for each in later.agencies() if each.in_force(AFTER)}
    assert in_force == {each.code for each in evening().agencies()}
    assert diff_sha256(back) != diff_sha256(change())
