"""Inquiring: what arrived and was not heard of again is asked about, because a receipt can be lost as a document can.

While nothing has come back, the outbox sends the document again (docs/adr/0003). Once it has arrived that would be a waste; then
a question goes to its queue, and the other gateway gives its last receipt again, if it has one (docs/adr/0035).
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from gateway.flow.envelope import seal_inquiry
from gateway.flow.notifying import OUTBOX, Bell
from gateway.flow.stated import Inquiry
from gateway.inquiries import Asked, Question
from gateway.keys import SigningKey
from gateway.ports import AxisLink, Inquiries, UnavailableError

BATCH: Final = 100
LOOK_AGAIN: Final = 1.0

_log = structlog.get_logger()


class Inquirer:
    """Asks about what is due, a batch at a time."""

    def __init__(
        self, *, gateway: str, inquiries: Inquiries, link: AxisLink, key: SigningKey, bell: Bell
    ) -> None:
        self._gateway = gateway
        self._inquiries = inquiries
        self._link = link
        self._key = key
        self._bell = bell

    async def one_pass(self) -> None:
        """Ask about one batch; wait if that was all, or while the axis is away: nobody could answer."""
        due = await self._inquiries.due(limit=BATCH)
        if due and await self._can_send():
            asked = await self._inquiries.ask([self._question(each) for each in due])
            _log.info("deliveries_asked_about", deliveries=asked)
            self._bell.ring(OUTBOX)
            if len(due) == BATCH:
                return
        await asyncio.sleep(LOOK_AGAIN)

    async def _can_send(self) -> bool:
        try:
            await self._link.ready()
        except UnavailableError:
            return False
        return True

    def _question(self, about: Asked) -> Question:
        inquiry = Inquiry(gateway=self._gateway, delivery_id=about.delivery_id, message_id=about.message_id)
        return Question(delivery_id=about.delivery_id, envelope=seal_inquiry(inquiry, key=self._key))
