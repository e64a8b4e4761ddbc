"""Following successors: at each instant of the registry, whatever is under way is looked at once more, and then left alone.

What is due to be sent is looked at by whoever sends it (`gateway.flow.forwarding`); here it is the rest: what waits for its
receipt, what is held, and what lies in inboxes. Between instants nothing is done, because the directory says until when nothing
begins or ends, and when the grace of an old queue is over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from gateway.flow.notifying import LOG, OUTBOX, Bell, wait
from gateway.ports import Clock, Store
from gateway.under_way import Swept
from routing.heading import Course, Patience

BATCH: Final = 200
"""Looked at in one transaction: others that write wait for it for some milliseconds."""

LOOK_AGAIN: Final = 1.0
SETTLE: Final = timedelta(seconds=10)
"""What was decided before the instant may be committed after the first look: it is looked at once more after this."""

_Key: TypeAlias = tuple[object, ...]
_Sweep: TypeAlias = Callable[[str | None], Awaitable[Swept]]


class Succession:
    """Applies each change of the registry to what is under way."""

    def __init__(self, *, gateway: str, store: Store, patience: Patience, clock: Clock, bell: Bell) -> None:
        self._gateway = gateway
        self._store = store
        self._patience = patience
        self._clock = clock
        self._bell = bell
        self._known: _Key | None = None
        self._again_at: datetime | None = None

    async def one_pass(self) -> None:
        """Look at everything if the registry says something else than at the last look; then wait."""
        course = Course(directory=await self._store.registry.directory(), patience=self._patience)
        now = self._clock()
        if self._known != self._key(course, now) or (self._again_at is not None and self._again_at <= now):
            await self.follow(course)
        await wait(self._bell.listen(OUTBOX), LOOK_AGAIN)

    async def follow(self, course: Course) -> int:
        """Apply a version of the registry to all that is under way; return how much changed."""
        documents = self._store.under_way
        at, sent = await self._all(lambda after: documents.sweep(course, after=after, limit=BATCH))
        _, handed = await self._all(
            lambda after: documents.hand_over(course, gateway=self._gateway, after=after, limit=BATCH)
        )
        # By the database's time, in case this process's clock is ahead of it.
        key = self._key(course, at)
        self._again_at = at + SETTLE if key != self._known else None
        self._known = key
        if sent + handed:
            self._bell.ring(OUTBOX)
            self._bell.ring(LOG)
        return sent + handed

    async def _all(self, sweep: _Sweep) -> tuple[datetime, int]:
        """Sweep to the end; return when that began, and how much changed."""
        swept = await sweep(None)
        began, changed = swept.at, swept.changed
        while swept.last is not None:
            swept = await sweep(swept.last)
            changed += swept.changed
        return began, changed

    def _key(self, course: Course, now: datetime) -> _Key:
        """Return what stays the same for as long as nothing has to be done."""
        directory = course.directory
        graced = directory.steady(now - self._patience.queue)
        return (directory.version, directory.sha256, directory.steady(now), graced)
