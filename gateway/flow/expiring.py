"""Expiring: what no receipt came for by its deadline is given up, and its sender told; the database's clock decides.

It depends on no broker, so that deadlines hold while nothing can be sent.
"""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.flow.notifying import LOG, Bell
from gateway.ports import Store

BATCH: Final = 100
"""Expired in one transaction: others that write wait for it for some milliseconds."""

LOOK_AGAIN: Final = 1.0


class Expiry:
    """Expires what is past its deadline, then waits a moment."""

    def __init__(self, *, store: Store, bell: Bell) -> None:
        self._store = store
        self._bell = bell

    async def one_pass(self) -> None:
        """Expire one batch; wait if there was none."""
        if await self._store.under_way.expire(limit=BATCH):
            self._bell.ring(LOG)
        else:
            await asyncio.sleep(LOOK_AGAIN)
