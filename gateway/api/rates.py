"""How many documents a second each token may send: a token bucket for each, kept in memory and per process."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from aiohttp import web

from gateway.flow.errors_pressure import TooManyRequestsError

KNOWN: Final = 10_000
"""The most tokens that are remembered; whoever was not seen for longest begins anew."""


class Rates:
    """`per_second` documents for each token, and twice as many at once after a pause; 0 is any number."""

    def __init__(self, per_second: int) -> None:
        self._rate = per_second
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, credential_id: str, now: float) -> None:
        """Count one document; `now` is in seconds of a clock that never goes back.

        Raises:
            TooManyRequestsError: it is one too many.

        """
        if not self._rate:
            return
        most = 2.0 * self._rate
        level, at = self._levels.pop(credential_id, (most, now))
        level = min(most, level + (now - at) * self._rate)
        taken = level >= 1
        self._levels[credential_id] = (level - 1 if taken else level, now)
        if len(self._levels) > KNOWN:
            self._levels.popitem(last=False)
        if not taken:
            raise TooManyRequestsError(limit=self._rate)


RATES: Final = web.AppKey("rates", Rates)
