"""Watching the clock: a jump is told once, in the log and to the operator; drift and slow answers are none."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app import running
from gateway.flow.timekeeping import TOLERANCE, WINDOW, Watch
from gateway.ports import RoutingLog
from gateway.settings import Settings
from routing.log import LogEntry, read_leaf
from routing.log_kinds import Kind

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)


def looks(watch: Watch, *pairs: tuple[float, float]) -> list[float | None]:
    """Look several times: what the clock says, in seconds after noon, and the seconds that have passed."""
    return [watch.look(NOON + timedelta(seconds=said), passed) for said, passed in pairs]


@pytest.mark.parametrize("jump", [-3600.0, -2.5, 2.5, 3600.0, 315_360_000.0])
def test_a_jump_is_told_once(jump: float) -> None:
    """An hour back, an hour on, ten years on: told with its size when it is seen, and not again while the clock goes on."""
    told = looks(Watch(), (0, 0), (1, 1), (2 + jump, 2), (3 + jump, 3), (100 + jump, 100), (200 + jump, 200))

    assert told == [None, None, pytest.approx(jump), None, None, None]


def test_a_clock_that_stands_still() -> None:
    """It is told of after a few seconds, and then once in a window, however long it stands."""
    watch = Watch()
    told = [watch.look(NOON, float(passed)) for passed in range(601)]

    alarms = [passed for passed, jump in enumerate(told) if jump is not None]
    assert alarms[0] == TOLERANCE + 1
    assert all(later - before >= WINDOW for before, later in pairwise(alarms))
    assert len(alarms) >= 600 / WINDOW - 1


@given(st.floats(-0.03, 0.03))
def test_drift_is_no_alarm(rate: float) -> None:
    """A clock that runs a little too fast or too slow for a whole day is left alone."""
    watch = Watch()
    assert not any(watch.look(NOON + timedelta(seconds=t * (1 + rate)), t) for t in range(0, 86_400, 30))


def test_a_jump_within_the_window_of_an_alarm_is_told_when_it_is_over() -> None:
    """Nothing is forgotten because there was an alarm a moment ago."""
    told = looks(Watch(), (0, 0), (11, 1), (22, 2), (91, 61))

    assert told == [None, pytest.approx(10.0), None, pytest.approx(20.0)]


class Wall:
    """The host's clock, with an error that a test sets."""

    def __init__(self) -> None:
        self.error = timedelta()

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return datetime.now(UTC) + self.error


async def test_gateway_whose_clock_is_set(tmp_path: Path) -> None:
    """The routing log and the metrics have it."""
    wall = Wall()
    async with running(Settings(data=tmp_path, port=0), clock=wall) as gateway, asyncio.timeout(60):
        while not (alarms := await _alarms(gateway.store.log)):
            wall.error += timedelta(hours=1)
            await asyncio.sleep(2.5)

        assert alarms[0].fields["reason"] == "wall_clock_jump"
        jump = alarms[0].fields["jump_ms"]
        assert isinstance(jump, int)
        assert abs(jump % 3_600_000 - 1_800_000) > 1_790_000, "whole hours, whenever they were seen"
        assert gateway.context.metrics.registry.get_sample_value("vanthu_clock_alarms_total") == 1.0


async def _alarms(log: RoutingLog) -> list[LogEntry]:
    rows = await log.entries(start=0, limit=1000)
    return [entry for entry in (read_leaf(row.leaf) for row in rows) if entry.kind is Kind.CLOCK_ALARM]
