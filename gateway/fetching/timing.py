"""When something is fetched again: at half of its life, not all at the same moment, and with patience where it fails.

Invariant: however often somebody asks, an address is called at most once in `ASKED`.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(hours=1)
ASKED: Final = timedelta(seconds=30)
LOOK: Final = timedelta(minutes=10)
"""How long until somebody looks again whether another process has recorded something."""
FORGOTTEN: Final = timedelta(days=180)
"""What nobody asked for in so long a time is not fetched any more."""

_JITTER: Final = 0.1


def after_success(this_update: datetime, next_update: datetime, *, now: datetime) -> datetime:
    """Return when to fetch again: past half of the time that it is in force, and from then on now and then until it changes."""
    life = max(next_update - this_update, timedelta())
    half = this_update + life * (0.5 + _JITTER * random.random())  # noqa: S311 - no secret depends on it
    if half >= now + SOONEST:
        return half
    return now + min(max((next_update - now) / 10, SOONEST), LATEST)


def after_failure(failures: int, *, now: datetime) -> datetime:
    """Return when to try again after so many failures: a minute, doubling to an hour."""
    pause = min(SOONEST * (1 << min(failures - 1, 10)), LATEST)
    return now + pause * random.uniform(0.8, 1.2)  # noqa: S311 - as above
