"""Recovering: when the axis works again after it was away, what waits for its next try is sent now and not minutes later.

Every failed try doubles the pause before the next one, up to ten minutes, which spares a queue that is missing for long. An axis
that was away for an hour has driven everything in the outbox to the longest pause, and is well again for all of it at once. A new
queue does the same to what is sent to it before it is in use.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from gateway.flow.notifying import OUTBOX, Bell
from gateway.ports import AxisLink, Documents, UnavailableError

LOOK_AGAIN = 5.0

_log = structlog.get_logger()


class Recovery:
    """Asks the axis now and then whether it takes messages; the first yes after a no, or after news, makes what failed due."""

    def __init__(
        self, *, documents: Documents, link: AxisLink, bell: Bell, pause: float = LOOK_AGAIN
    ) -> None:
        self._documents = documents
        self._link = link
        self._bell = bell
        self._pause = pause
        self._was_away = False
        self._has_news = False

    async def one_pass(self) -> None:
        """Ask once, act on a change, and wait for the next time or for news."""
        try:
            await self._link.ready()
        except UnavailableError:
            self._was_away = True
        else:
            if self._was_away or self._has_news:
                await self._hasten()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._link.opened()
                self._has_news = True

    async def _hasten(self) -> None:
        hastened = await self._documents.hasten()
        self._bell.ring(OUTBOX)
        if self._was_away:
            _log.info("axis_is_back", hastened=hastened)
        elif hastened:
            _log.info("axis_queues_awaited", hastened=hastened)
        self._was_away = self._has_news = False
