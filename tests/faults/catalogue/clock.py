"""F22: the clock is wrong: set back, set forward, years ahead, or standing still."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.store import open_audit
from routing.log import Kind, read_leaf
from tests.faults.host import HostFault, quiet, trying
from tests.faults.lone import Host, Lone
from tests.faults.trial import Outcome
from tests.faults.world import Plan

_SENDERS: Final = 2
_HOUR: Final = 3600.0
_TEN_YEARS: Final = 10 * 365 * 24 * _HOUR
_ALARM_SECONDS: Final = 120.0
"""Within which an alarm has to be in the log; there is one a minute at most."""


class ClockIsSet(HostFault):
    """F22: on SQLite the clock of the process decides; each time that it is set is told in the log, and nothing is lost by it."""

    id = "F22"
    title = "the clock is set"

    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Set it, wait until that is told, and set it right again."""
        folder.mkdir(parents=True, exist_ok=True)
        clock = folder / "clock"
        clock.write_text("0")
        host = Host(place=folder / "place", plant=plant, clock=clock)
        errors = (-_HOUR, _HOUR, _TEN_YEARS, None) if long else (-_HOUR,)
        async with trying(self, quiet(plan, senders=_SENDERS), folder / "ledger", host) as (lone, verdict):
            for error in errors:
                await lone.accepted(2)
                told = await asyncio.to_thread(_alarms, lone)
                _set(clock, error)
                await _until_told(lone, told, error)
                verdict.times += 1
                _set(clock, 0.0)
        return verdict.told


def _set(clock: Path, error: float | None) -> None:
    """Let the clock be wrong by so many seconds, or stand still."""
    written = clock.with_suffix(".new")
    written.write_text(f"={datetime.now(UTC).isoformat()}" if error is None else str(error))
    written.rename(clock)


async def _until_told(lone: Lone, before: int, error: float | None) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + _ALARM_SECONDS
    while await asyncio.to_thread(_alarms, lone) <= before:
        if loop.time() > until:
            lone.wrong("I8", f"nothing in the log tells that the clock was set by {error} s")
            return
        await asyncio.sleep(0.5)


def _alarms(lone: Lone) -> int:
    """Count the entries about the clock."""
    with open_audit(lone.gateway.database_url) as audit:
        return sum(read_leaf(leaf).kind is Kind.CLOCK_ALARM for _, leaf, _ in audit.entries())
