"""Recovering: when the axis works again after it was away, what waits for its next try is sent now and not minutes later.

Every failed try doubles the pause before the next one, up to ten minutes, which spares a queue that is missing for long. An axis
that was away for an hour has driven everything in the outbox to the longest pause, and is well again for all of it at once.
"""

from __future__ import annotations

import asyncio

import structlog

from gateway.flow.notifying import OUTBOX, Bell
from gateway.ports import AxisLink, Documents, UnavailableError

LOOK_AGAIN = 5.0

_log = structlog.get_logger()


class Recovery:
    """Asks the axis now and then whether it takes messages; the first yes after a no makes what failed due."""

    def __init__(
        self, *, documents: Documents, link: AxisLink, bell: Bell, pause: float = LOOK_AGAIN
    ) -> None:
        self._documents = documents
        self._link = link
        self._bell = bell
        self._pause = pause
        self._is_away = False

    async def one_pass(self) -> None:
        """Ask once, act on a change, and wait."""
        try:
            await self._link.ready()
        except UnavailableError:
            self._is_away = True
        else:
            if self._is_away:
                hastened = await self._documents.hasten()
                self._is_away = False
                self._bell.ring(OUTBOX)
                _log.info("axis_is_back", hastened=hastened)
        await asyncio.sleep(self._pause)
