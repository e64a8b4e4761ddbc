"""Forwarding: from the outbox to the axis, at least once, until the receiver's receipt arrives.

A broker's confirm only slows the clock. A delivery leaves the outbox when the receiving gateway's signed receipt comes back, so a
document survives a broker that loses what it confirmed (docs/adr/0003). Who shall get it is asked anew with each claim: an
addressee's code may have ended since (docs/adr/0024).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from uuid_utils import uuid4

from gateway.flow.envelope import seal_message
from gateway.flow.notifying import LOG, OUTBOX, Bell, wait
from gateway.flow.spool import SMALL
from gateway.keys import SigningKey
from gateway.ports import AxisLink, Documents, Registry
from gateway.records import AxisMessage, OutboxItem, SendOutcome
from gateway.telemetry import Metrics
from routing.heading import Course, Patience

BATCH = 100
LEASE = timedelta(seconds=60)
"""Longer than any send can take, so that a row is not sent twice while its first answer is still awaited."""

GATHER = 0.02
"""Seconds to let rows gather after a batch that was not full: a batch costs the same few transactions whatever its size."""

LOOK_AGAIN = 1.0


class Forwarder:
    """Sends what is due, then waits for the bell."""

    def __init__(
        self,
        *,
        documents: Documents,
        link: AxisLink,
        key: SigningKey,
        resend_after: timedelta,
        bell: Bell,
        metrics: Metrics,
        registry: Registry,
        patience: Patience,
    ) -> None:
        self._documents = documents
        self._link = link
        self._key = key
        self._resend_after = resend_after
        self._bell = bell
        self._metrics = metrics
        self._registry = registry
        self._patience = patience

    async def one_pass(self) -> None:
        """Send one batch of due rows; wait if there was none."""
        rung = self._bell.listen(OUTBOX)
        course = Course(directory=await self._registry.directory(), patience=self._patience)
        items = await self._documents.claim(limit=BATCH, lease=LEASE, course=course)
        if not items:
            await wait(rung, LOOK_AGAIN)
            return
        outcomes = await self._send(items)
        await self._documents.settle(list(zip(items, outcomes, strict=True)), resend_after=self._resend_after)
        self._bell.ring(LOG)
        for outcome in outcomes:
            self._metrics.sent.labels(outcome.result.value).inc()
        if len(items) < BATCH:
            await asyncio.sleep(GATHER)

    async def _send(self, items: tuple[OutboxItem, ...]) -> tuple[SendOutcome, ...]:
        bodies = await self._documents.bodies(
            {item.message.sha256 for item in items if item.message is not None}
        )
        messages = await asyncio.to_thread(self._seal, items, bodies)
        return await self._link.send(messages)

    def _seal(self, items: tuple[OutboxItem, ...], bodies: dict[str, bytes]) -> list[AxisMessage]:
        return [
            # A new id for each attempt: the AMQP library pairs answers by it (docs/adr/0004).
            AxisMessage(id=str(uuid4()), queue=item.queue, body=self._body(item, bodies))
            for item in items
        ]

    def _body(self, item: OutboxItem, bodies: dict[str, bytes]) -> bytes:
        if item.message is None or item.recipient is None:
            if item.body is None:
                raise AssertionError("an outbox row holds a message or a sealed receipt")
            return item.body
        inline = bodies[item.message.sha256] if item.message.size <= SMALL else None
        return seal_message(item.message, item.recipient, inline, key=self._key)
