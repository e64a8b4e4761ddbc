"""Background loops that must not die: one pass after another, errors reported and waited out, cancelled only by shutdown."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

LONGEST_PAUSE = 30.0

_log = structlog.get_logger()


async def forever(name: str, one_pass: Callable[[], Awaitable[None]]) -> None:
    """Run passes until cancelled; after an error wait 0.1 s, doubling to 30 s, then go on."""
    pause = 0.1
    while True:
        try:
            await one_pass()
        except asyncio.CancelledError:
            # A library may raise this inside our task although nobody cancelled it (docs/adr/0004).
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            await _report(name, pause, "cancelled from inside")
        except Exception:  # noqa: BLE001 - a loop that delivers documents outlives whatever goes wrong in one pass
            await _report(name, pause, None)
        else:
            pause = 0.1
            continue
        pause = min(pause * 2, LONGEST_PAUSE)


async def _report(name: str, pause: float, what: str | None) -> None:
    if what is None:
        _log.exception("loop_failed", loop=name, pause_seconds=pause)
    else:
        _log.error("loop_failed", loop=name, pause_seconds=pause, error=what)
    # Jitter, so that processes that lost the same database do not come back in step.
    await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret depends on it
