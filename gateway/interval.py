"""Intervals of time in which a decision stays the same.

Invariant: half-open, as all intervals of the registry are: the instant belongs to what begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple


class Interval(NamedTuple):
    """A half-open interval of time; None is an open end."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether a moment lies within."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def narrowed(self, at: datetime, turns: Iterable[datetime]) -> Interval:
        """Return the part around `at` in which none of these moments comes."""
        since, until = self
        for turn in turns:
            if turn <= at:
                since = turn if since is None or since < turn else since
            else:
                until = turn if until is None or turn < until else until
        return Interval(since, until)


ALWAYS: Final = Interval()
"""All of time."""
