"""Timekeeping: the clock by which documents are decided on is watched against one that nobody can set.

Signatures, revocation lists and codes count by that clock. When somebody sets it, or it stands still, auditors have to know from
where on times mean something else: one entry `clock_alarm`, one line of telemetry, one count. Invariants: a clock that merely
drifts, as one without NTP does, is no alarm; a clock that is wrong all the time fills no log.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from gateway.flow.notifying import LOG, Bell
from gateway.ports import Documents, RoutingLog
from gateway.records import Event
from gateway.telemetry import Metrics
from routing.log_kinds import Kind

TOLERANCE: Final = 2.0
"""Seconds by which the clock may differ from the time that has passed."""

WINDOW: Final = 60.0
"""Seconds over which that is measured; and the least time between two alarms."""

LOOK_AGAIN: Final = 1.0
LONGEST_ANSWER: Final = 0.5
"""A clock whose answer took longer says too little about when it was asked."""

_REASON: Final = "wall_clock_jump"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What the clock said after so many seconds."""

    now: datetime
    passed: float


class Watch:
    """Compares what a clock says with the time that has passed."""

    def __init__(self, *, tolerance: float = TOLERANCE) -> None:
        self._tolerance = tolerance
        self._base: _Look | None = None
        self._alarmed_at = float("-inf")

    def look(self, now: datetime, passed: float) -> float | None:
        """Return by how many seconds the clock was set, if that has to be told; negative if it went back."""
        if self._base is None:
            self._base = _Look(now=now, passed=passed)
            return None
        elapsed = passed - self._base.passed
        jump = (now - self._base.now).total_seconds() - elapsed
        due = abs(jump) > self._tolerance
        if due and passed - self._alarmed_at < WINDOW:
            return None
        if due or elapsed >= WINDOW:
            self._base = _Look(now=now, passed=passed)
        if not due:
            return None
        self._alarmed_at = passed
        return jump


class Timekeeper:
    """Looks at the clock every second."""

    def __init__(
        self, *, documents: Documents, log: RoutingLog, bell: Bell, metrics: Metrics, tolerance: float
    ) -> None:
        self._documents = documents
        self._routing_log = log
        self._bell = bell
        self._metrics = metrics
        self._watch = Watch(tolerance=tolerance)

    async def one_pass(self) -> None:
        """Look once, tell of a jump, and wait."""
        asked = _passed()
        now = await self._documents.now()
        answered = _passed()
        if answered - asked <= LONGEST_ANSWER:
            jump = self._watch.look(now, (asked + answered) / 2)
            if jump is not None:
                await self._alarm(jump)
        await asyncio.sleep(LOOK_AGAIN)

    async def _alarm(self, jump: float) -> None:
        self._metrics.clock_alarms.inc()
        _log.error("clock_alarm", reason=_REASON, jump_seconds=round(jump, 3))
        fields = {"reason": _REASON, "jump_ms": round(jump * 1000)}
        await self._routing_log.append([Event(kind=Kind.CLOCK_ALARM, fields=fields)])
        self._bell.ring(LOG)


def _passed() -> float:
    """Return seconds of a clock that nobody sets and that goes on while the host sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
