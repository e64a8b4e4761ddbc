"""Intervals in which a decision stays the same."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.interval import ALWAYS, Interval

START = datetime(2025, 6, 30, 17, tzinfo=UTC)
MOMENTS = st.integers(-9, 9).map(lambda hours: START + timedelta(hours=hours))


def test_the_instant_belongs_to_what_begins() -> None:
    """Half-open, as everything in the registry."""
    hour = Interval(START, START + timedelta(hours=1))
    assert hour.holds(START)
    assert not hour.holds(START + timedelta(hours=1))
    assert not hour.holds(START - timedelta(microseconds=1))
    assert ALWAYS.holds(START)


@given(MOMENTS, st.lists(MOMENTS), MOMENTS)
def test_a_narrowed_interval_is_the_part_without_a_turn(
    at: datetime, turns: list[datetime], now: datetime
) -> None:
    """It holds exactly where no turn lies between the two moments."""
    between = [turn for turn in turns if min(at, now) < turn <= max(at, now)]
    assert ALWAYS.narrowed(at, turns).holds(now) is (not between)
