"""Forwarding: from the outbox to the axis, at least once, until the receiver's receipt arrives.

A broker's confirm only slows the clock. A delivery leaves the outbox when the receiving gateway's signed receipt comes back, so a
document survives a broker that loses what it confirmed (docs/adr/0003). Who shall get it is asked anew with each claim: an
addressee's code may have ended since (docs/adr/0024).

Where a gateway takes documents in pieces, big ones go aside (docs/adr/0028): `Forwarder` claims what is quickly sent, an
`AsideForwarder` for each range of sizes the rest, a few at a time. Where nobody does, `Forwarder` claims everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from gateway.flow.notifying import LOG, OUTBOX, Bell, wait
from gateway.flow.shipping import LEASE, Shipper
from gateway.ports import Documents, Registry
from gateway.ports.documents import ANY_SIZE
from gateway.records import OutboxItem, SendOutcome
from gateway.telemetry import Metrics
from routing.agencies import Directory
from routing.heading import Course, Patience

BATCH = 100

GATHER = 0.02
"""Seconds to let rows gather after a batch that was not full: a batch costs the same few transactions whatever its size."""

LOOK_AGAIN = 1.0

_PAUSES: Final = (0.1, 0.5, 2.0, 8.0)
"""Seconds before trying again to record what the axis said; together well below the lease."""

SLICE_BYTES: Final = 4 * 2**20
ASIDE_SLICE_BYTES: Final = 2**20
"""Less than for a batch, because each document that goes aside has one under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Which sizes go aside together, and how many documents of them at a time."""

    sizes: range
    slots: int


QUICK: Final = range(256 * 2**10 + 1)
"""Sizes that do not hold up a batch: two pieces and a manifest at most."""

LANES: Final = {
    "forward_big": Lane(sizes=range(QUICK.stop, 8 * 2**20), slots=4),
    "forward_huge": Lane(sizes=range(8 * 2**20, ANY_SIZE.stop), slots=2),
}


_log = structlog.get_logger()


class Outgoing:
    """What all forwarders share: claiming by the registry of the moment, and settling."""

    def __init__(
        self,
        *,
        gateway: str,
        documents: Documents,
        registry: Registry,
        shipper: Shipper,
        resend_after: timedelta,
        bell: Bell,
        metrics: Metrics,
        patience: Patience,
    ) -> None:
        self.bell = bell
        self._gateway = gateway
        self._documents = documents
        self._registry = registry
        self._shipper = shipper
        self._resend_after = resend_after
        self._metrics = metrics
        self._patience = patience

    async def queues_apart(self) -> frozenset[str]:
        """Return the queues of the systems whose gateways do not share the payload store."""
        apart = {
            peer.name
            for peer in await self._registry.peers()
            if not peer.shares_payloads and peer.name != self._gateway
        }
        members = (await self._registry.directory()).members if apart else ()
        return frozenset(member.queue for member in members if member.gateway in apart)

    async def claim(self, *, limit: int, sizes: range) -> tuple[OutboxItem, ...]:
        """Lease due rows; a receipt counts as small."""
        course = Course(directory=await self._directory(), patience=self._patience)
        return await self._documents.claim(limit=limit, lease=LEASE, course=course, sizes=sizes)

    async def send(self, items: Sequence[OutboxItem], *, apart: frozenset[str], slice_bytes: int) -> None:
        """Send leased rows and record what the axis said."""
        outcomes = await self._shipper.ship(items, apart=apart, slice_bytes=slice_bytes)
        await self._settle(items, outcomes)

    async def _settle(self, items: Sequence[OutboxItem], outcomes: Sequence[SendOutcome]) -> None:
        settled = list(zip(items, outcomes, strict=True))
        pauses = iter(_PAUSES)
        while True:
            try:
                await self._documents.settle(settled, resend_after=self._resend_after)
                break
            except Exception as error:
                # Nobody else knows what the axis said, and without it the rows wait for the end of their lease.
                if (pause := next(pauses, None)) is None:
                    raise
                _log.warning("outcomes_not_recorded", rows=len(items), reason=repr(error)[:200])
                await asyncio.sleep(pause)
        self.bell.ring(LOG)
        for outcome in outcomes:
            self._metrics.sent.labels(outcome.result.value).inc()

    async def _directory(self) -> Directory:
        return await self._registry.directory()


class Forwarder:
    """Sends what is due, then waits for the bell."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def one_pass(self) -> None:
        """Send one batch of due rows; wait if there was none."""
        rung = self._outgoing.bell.listen(OUTBOX)
        apart = await self._outgoing.queues_apart()
        items = await self._outgoing.claim(limit=BATCH, sizes=QUICK if apart else ANY_SIZE)
        if not items:
            await wait(rung, LOOK_AGAIN)
            return
        await self._outgoing.send(items, apart=apart, slice_bytes=SLICE_BYTES)
        if len(items) < BATCH:
            await asyncio.sleep(GATHER)


class AsideForwarder:
    """Sends the documents of one lane side by side, each on its own, so that a short one overtakes a long one."""

    def __init__(self, outgoing: Outgoing, lane: Lane) -> None:
        self._outgoing = outgoing
        self._lane = lane
        self._under_way: set[asyncio.Task[None]] = set()

    async def one_pass(self) -> None:
        """Send what is due until this is cancelled; what breaks down ends the pass, but not what else is under way."""
        try:
            while True:
                await self._turn()
        except asyncio.CancelledError:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            raise

    async def _turn(self) -> None:
        """Fill the free slots, wait until there is something to do, and clear what is over."""
        rung = self._outgoing.bell.listen(OUTBOX)
        begun = await self._begin(self._lane.slots - len(self._under_way))
        self._under_way |= begun
        if len(self._under_way) == self._lane.slots:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        elif not begun:
            await wait(rung, LOOK_AGAIN)
        over = {task for task in self._under_way if task.done()}
        self._under_way -= over
        for result in await asyncio.gather(*over, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
        await asyncio.sleep(GATHER)

    async def _begin(self, slots: int) -> set[asyncio.Task[None]]:
        apart = await self._outgoing.queues_apart()
        items = await self._outgoing.claim(limit=slots, sizes=self._lane.sizes) if apart and slots else ()
        return {asyncio.create_task(self._send(item, apart)) for item in items}

    async def _send(self, item: OutboxItem, apart: frozenset[str]) -> None:
        await self._outgoing.send([item], apart=apart, slice_bytes=ASIDE_SLICE_BYTES)
