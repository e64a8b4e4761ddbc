"""Sequencing: staged log entries get their place in the tree, and the new head is signed (RFC 6962; C2SP tlog-checkpoint).

Entries are staged by the transaction that decides, so a decision never waits for the tree. The store's compare-and-swap allows
one head only, however many processes sequence.
"""

from __future__ import annotations

import asyncio

from gateway.flow.notifying import LOG, Bell, wait
from gateway.ports import RoutingLog
from gateway.telemetry import Metrics

BATCH = 1000
GATHER = 0.2
"""Seconds to let entries gather, so that one signature and one commit serve many."""

LOOK_AGAIN = 1.0


class Sequencer:
    """Places staged entries until there are none, then waits for the bell."""

    def __init__(self, *, log: RoutingLog, bell: Bell, metrics: Metrics) -> None:
        self._log = log
        self._bell = bell
        self._metrics = metrics
        self._size = 0

    async def one_pass(self) -> None:
        """Place one batch; then let more gather, or wait for the first if there was none."""
        rung = self._bell.listen(LOG)
        placed = await self._place()
        if not placed:
            await wait(rung, LOOK_AGAIN)
        if placed < BATCH:
            await asyncio.sleep(GATHER)

    async def drain(self) -> None:
        """Place everything that is staged."""
        while await self._place():
            pass

    async def _place(self) -> int:
        """Place one batch and return how many entries it had (more, if other processes placed some too)."""
        checkpoint = await self._log.sequence(limit=BATCH)
        if checkpoint is None:
            return 0
        placed, self._size = checkpoint.size - self._size, checkpoint.size
        self._metrics.log_size.set(checkpoint.size)
        return placed
