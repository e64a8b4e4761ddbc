"""Resending: dead letters are examined again from the start, as if they had just come, when somebody ordered it.

They do not go over the axis once more: that could lose them, and could only end here anyway. What was taken before is dropped by
the same commit that drops every repeat. One at a time: a letter that ends the process takes none of its neighbours along.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from gateway.dead_letters import LetterItem
from gateway.flow.burying import cause_of, death_of
from gateway.flow.errors_dead_letters import DeliveryLimitError
from gateway.flow.notifying import DEAD, LOG, OUTBOX, Bell, wait
from gateway.flow.receiving import Receiver
from gateway.ports import Clock, DeadLetters, UnavailableError
from gateway.records import Incoming

LEASE: Final = timedelta(seconds=60)
LOOK_AGAIN: Final = 1.0

_log = structlog.get_logger()


class Resender:
    """Works off orders about dead letters and stuck deliveries, then waits for the bell or for the next piece."""

    def __init__(self, *, letters: DeadLetters, receiver: Receiver, clock: Clock, bell: Bell) -> None:
        self._letters = letters
        self._receiver = receiver
        self._clock = clock
        self._bell = bell

    async def one_pass(self) -> None:
        """Examine one letter, or make a piece of what is stuck due; wait if nothing is due."""
        rung = self._bell.listen(DEAD)
        due = await self._letters.next_due()
        now = self._clock()
        if due is None or due > now:
            left = LOOK_AGAIN if due is None else min(LOOK_AGAIN, (due - now).total_seconds())
            await wait(rung, left)
            return
        item = await self._letters.claim(lease=LEASE, crashed=cause_of(DeliveryLimitError()))
        self._bell.ring(OUTBOX)
        self._bell.ring(LOG)
        if item is not None:
            await self._examine(item)

    async def _examine(self, item: LetterItem) -> None:
        incoming = Incoming(
            queue=item.queue, body=item.body, tag=None, id=f"{item.order_id}/{item.fence}", redelivered=True
        )
        try:
            outcome = await self._receiver.again(incoming)
        except UnavailableError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it is about this letter, which waits again
            _log.exception("dead_letter_not_examined", letter=item.id)
            await self._letters.failed(item, None)
            return
        if outcome is True:
            await self._letters.taken(item)
        else:
            await self._letters.failed(item, death_of(incoming, outcome) if outcome else None)
