"""The database's clock between two transactions."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway.store.reckoned_clock import ReckonedClock

MIDNIGHT = datetime(2025, 6, 30, 17, tzinfo=UTC)


def test_the_time_that_was_told_goes_on() -> None:
    """It is the told time and what has passed since, neither more nor less, whatever the host's clock says."""
    clock = ReckonedClock()
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    clock.tell(MIDNIGHT)
    told = time.clock_gettime(time.CLOCK_BOOTTIME)
    time.sleep(0.01)
    asked = time.clock_gettime(time.CLOCK_BOOTTIME)
    reckoned = clock()
    after = time.clock_gettime(time.CLOCK_BOOTTIME)

    instant = timedelta(microseconds=1)
    assert MIDNIGHT + timedelta(seconds=asked - told) - instant <= reckoned
    assert reckoned <= MIDNIGHT + timedelta(seconds=after - before) + instant


def test_the_last_word_counts() -> None:
    """A database whose clock is set back or forward is followed."""
    clock = ReckonedClock()
    for told in (MIDNIGHT, MIDNIGHT - timedelta(days=1), MIDNIGHT + timedelta(days=8)):
        clock.tell(told)
        assert timedelta(0) <= clock() - told < timedelta(hours=1)


def test_without_a_word_there_is_no_time() -> None:
    """Nothing is guessed before the first transaction."""
    with pytest.raises(RuntimeError):
        ReckonedClock()()
