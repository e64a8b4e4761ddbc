"""Background loops that must not die: one pass after another, errors reported and waited out, cancelled only by shutdown."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from gateway.errors import GatewayError
from gateway.ports import UnavailableError

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 30.0

_log = structlog.get_logger()


def as_it_is(error: Exception) -> Exception:
    """Explain nothing."""
    return error


async def forever(
    name: str, one_pass: Callable[[], Awaitable[None]], explain: Callable[[Exception], Exception] = as_it_is
) -> None:
    """Run passes until cancelled; after an error wait 0.1 s, doubling to 30 s, then go on.

    What `explain` has another error for passes by itself, as what is unavailable or worth trying again does, and is no failure of
    the loop.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            await one_pass()
        except asyncio.CancelledError:
            # A library may raise this inside our task although nobody cancelled it (docs/adr/0004).
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            _log.error("loop_failed", loop=name, pause_seconds=pause, error="cancelled from inside")
        except UnavailableError as error:
            _log.warning("loop_waits", loop=name, pause_seconds=pause, reason=str(error))
        except Exception as error:  # noqa: BLE001 - a loop that delivers documents outlives whatever goes wrong in one pass
            excuse = explain(error)
            if excuse is error and not (isinstance(error, GatewayError) and error.retry):
                _log.exception("loop_failed", loop=name, pause_seconds=pause)
            else:
                _log.warning("loop_waits", loop=name, pause_seconds=pause, reason=repr(error)[:500])
        else:
            pause = FIRST_PAUSE
            continue
        # Jitter, so that processes that lost the same database do not come back in step.
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret depends on it
        pause = min(pause * 2, LONGEST_PAUSE)


async def until_one_ends(*works: Coroutine[object, object, None]) -> None:
    """Do works side by side until one of them ends, then cancel the others; raises what went wrong in any."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
