"""Back-pressure: how near the gateway is to its limits, looked at once a second, so that a body is refused before it is read.

A broker that is away for hours is normal operation: documents are taken and wait in the outbox, up to a stated quota. Then, or if
a disk has only its reserve left, or the routing log is behind, no document is taken until that is over. Everything else goes on:
reading, receipts, acknowledging, administration; so what was accepted can still be delivered and make room.

Counting costs little however much waits: the outbox is walked in portions, a bounded number in each look, and what this process
takes meanwhile is added to what the last walk found. So numbers are exact while little waits, and an estimate that lags a few
seconds behind when much does.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from gateway.errors import GatewayError
from gateway.flow.errors_pressure import DiskReserveError, LogBehindError, OutboxFullError, OwedBytesError
from gateway.ports import Clock, Ledger
from gateway.telemetry import Metrics

LOOK_EVERY: Final = 1.0
PORTION: Final = 2000
PORTIONS: Final = 10
"""Portions of the outbox in one look: some milliseconds each."""

LOG_LAG: Final = 30.0
"""Seconds that an entry may wait for its place in the log; receipts promise 60."""

LAGGING: Final = 5.0
"""Seconds for which it must have been so: a clock that is set makes entries look old until the next ones are placed."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be owed to the axis, in deliveries and in bytes of bodies, and how much of each disk stays free."""

    rows: int
    size: int
    reserve: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was found in the last look."""

    rows: int = 0
    size: int = 0
    free: int | None = None
    """Bytes free on the fullest disk; None before the first look."""

    log_lag: float = 0.0


class Pressure:
    """Knows the load, and says no in time."""

    def __init__(
        self, *, ledger: Ledger, limits: Limits, folders: Sequence[Path], clock: Clock, metrics: Metrics
    ) -> None:
        self._ledger = ledger
        self._limits = limits
        self._folders = folders
        self._clock = clock
        self._metrics = metrics
        self._after: str | None = None
        self._walked = (0, 0)
        self._taken = (0, 0)
        self._lagging_since: float | None = None
        self._kinds: frozenset[str] = frozenset()
        self.load = Load()

    @property
    def limits(self) -> Limits:
        """The limits."""
        return self._limits

    async def one_pass(self) -> None:
        """Look, then rest."""
        await self.look()
        await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Find out how much is owed, how much is free and how far the log is; say so once when that changes."""
        free = await asyncio.to_thread(lambda: min(shutil.disk_usage(each).free for each in self._folders))
        lag = await self._lag()
        rows, size = await self._owed()
        self.load = Load(rows=rows, size=size, free=free, log_lag=lag)
        self._tell()

    def took(self, *, deliveries: int, size: int) -> None:
        """Count what this process has accepted since."""
        rows, taken = self._taken
        self._taken = (rows + deliveries, taken + size)
        load = self.load
        self.load = Load(
            rows=load.rows + deliveries, size=load.size + size, free=load.free, log_lag=load.log_lag
        )

    def require_room(self, size: int) -> None:
        """Refuse a body of `size` bytes if there is no room for it.

        Raises:
            OutboxFullError, OwedBytesError, DiskReserveError, LogBehindError: there is none.

        """
        for error in self.objections(size):
            raise error

    def objections(self, size: int = 0) -> tuple[GatewayError, ...]:
        """Return everything that speaks against taking a body of `size` bytes."""
        load, limits = self.load, self._limits
        found: list[GatewayError] = []
        if load.rows >= limits.rows:
            found.append(OutboxFullError(found=load.rows, limit=limits.rows))
        if load.size + size > limits.size:
            found.append(OwedBytesError(found=load.size, limit=limits.size))
        if load.free is not None and load.free - size < limits.reserve:
            found.append(DiskReserveError(found=load.free, limit=limits.reserve))
        if self._is_behind():
            found.append(LogBehindError(found=int(load.log_lag), limit=int(LOG_LAG)))
        return tuple(found)

    async def _owed(self) -> tuple[int, int]:
        """Walk on through the outbox; return what is owed by the last whole walk and what was taken since it began."""
        for _ in range(PORTIONS):
            if self._after is None:
                self._walked, self._taken = (0, 0), (0, 0)
            page = await self._ledger.outbox(after=self._after, limit=PORTION)
            self._walked = (self._walked[0] + page.rows, self._walked[1] + page.size)
            self._after = page.last
            if page.last is None:
                # What was taken while the walk went on may have been counted by it, too: rather too much than too little.
                return self._walked[0] + self._taken[0], self._walked[1] + self._taken[1]
        return max(self.load.rows, self._walked[0]), max(self.load.size, self._walked[1])

    async def _lag(self) -> float:
        oldest = await self._ledger.oldest_unplaced()
        lag = 0.0 if oldest is None else max(0.0, (self._clock() - oldest).total_seconds())
        if lag <= LOG_LAG:
            self._lagging_since = None
        elif self._lagging_since is None:
            self._lagging_since = asyncio.get_running_loop().time()
        return lag

    def _is_behind(self) -> bool:
        since = self._lagging_since
        return since is not None and asyncio.get_running_loop().time() - since >= LAGGING

    def _tell(self) -> None:
        load, limits = self.load, self._limits
        gauge = self._metrics.ledger.pressure
        gauge.labels("outbox_rows").set(load.rows / limits.rows if limits.rows else 1.0)
        gauge.labels("outbox_bytes").set(load.size / limits.size if limits.size else 1.0)
        gauge.labels("disk_reserve").set(limits.reserve / load.free if load.free else 1.0)
        gauge.labels("log_behind").set(load.log_lag / LOG_LAG)
        kinds = frozenset(error.code for error in self.objections())
        if kinds != self._kinds:
            _log.warning(
                "pressure" if kinds else "pressure_over",
                codes=sorted(kinds or self._kinds),
                rows=load.rows,
                bytes=load.size,
                free=load.free,
            )
        self._kinds = kinds
