"""The database's clock, as this process reckons it between two transactions.

Processes that share a database must agree on the time, and their own clocks do not. Each transaction tells the database's time;
between two of them the time that has passed here is added, by a clock that nobody sets and that goes on while the host sleeps.
Invariant: a wrong or suddenly corrected clock of this host changes no decision.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class ReckonedClock:
    """A `Clock` that follows the one it is told of."""

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

    def tell(self, now: datetime) -> None:
        """Take the time over; from any thread."""
        self._told = (now, _passed())

    def __call__(self) -> datetime:
        """Return the time.

        Raises:
            RuntimeError: nothing was told yet.

        """
        if self._told is None:
            raise RuntimeError("no transaction has told the time yet")
        now, since = self._told
        return now + timedelta(seconds=_passed() - since)


def _passed() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
