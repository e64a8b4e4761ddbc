"""Re-examining: parked documents are decided as soon as they can be, and refused when the time for which they are kept is over.

At once when the trust or the registry changes, else after pauses that grow. One process at a time decides on a document, under a
lease, and under the document's own id: whoever dies in between loses nothing and accepts nothing twice. Only after the commit of
a decision is a big body removed from where it was set aside; what a crash leaves there is swept up later.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.flow import entries_parking
from gateway.flow.accepting import Submission
from gateway.flow.examination import Examination, Outcome
from gateway.flow.intake import Intake
from gateway.flow.notifying import LOG, PARKED, Bell, wait
from gateway.flow.parking import pause, too_late, why
from gateway.flow.receiving import Receiver
from gateway.flow.spool import Spooled
from gateway.parked import ParkedItem, ParkedState, Road
from gateway.ports import Clock, NotHeldError, Payloads, Store, TrustSource, UnavailableError
from gateway.records import Accepted, MessageKind
from routing.agencies import Member

BATCH: Final = 10
LEASE: Final = timedelta(seconds=60)
"""Longer than a batch takes; if it is not, the fence keeps a late decision from counting."""

LOOK_AGAIN: Final = 1.0
SWEEP_EVERY: Final = timedelta(hours=1)
LITTER_AGE: Final = timedelta(days=1)
"""Longer than any submission can take from setting its body aside to its commit."""

_log = structlog.get_logger()


class Reexaminer:
    """Examines parked documents again, then waits for the bell, a change of what decisions rest on, or the next one due."""

    def __init__(
        self,
        *,
        store: Store,
        payloads: Payloads,
        trust: TrustSource,
        intake: Intake,
        receiver: Receiver,
        clock: Clock,
        bell: Bell,
    ) -> None:
        self._store = store
        self._payloads = payloads
        self._trust = trust
        self._intake = intake
        self._receiver = receiver
        self._clock = clock
        self._bell = bell
        self._ground: tuple[str, int] | None = None
        """The versions of trust and registry under which parked documents were last woken."""
        self._swept_at: datetime | None = None

    async def one_pass(self) -> None:
        """Decide on one batch of due documents; wait if there was none."""
        rung = self._bell.listen(PARKED)
        await self._wake()
        items = await self._store.parked.claim(limit=BATCH, lease=LEASE)
        if not items:
            await self._sweep()
            await wait(rung, LOOK_AGAIN)
            return
        for item in items:
            await self._safely(item)
        self._bell.ring(LOG)

    async def _wake(self) -> None:
        """Make everything due if trust or registry are not what they were."""
        ground = (self._trust.trust().version, (await self._store.registry.directory()).version)
        if ground != self._ground:
            await self._store.parked.wake()
            self._ground = ground

    async def _safely(self, item: ParkedItem) -> None:
        """Decide on one item; a defect of ours is about this item alone, which comes again when its lease ends."""
        try:
            await (self._decide(item) if item.parked.road is Road.INTAKE else self._receiver.retry(item))
        except UnavailableError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it must not hold up what is parked beside it
            _log.exception("reexamination_failed", message_id=item.parked.id)

    async def _decide(self, item: ParkedItem) -> None:
        try:
            decided = await self._intake.decide(await self._submission(item))
        except NotHeldError:
            _log.info("parked_not_held", message_id=item.parked.id)
            return
        if isinstance(decided, Accepted):
            await self._payloads.drop(item.parked.id)
        elif decided.outcome is Outcome.UNDECIDED and not item.is_over:
            delay = pause(item.parked.attempts)
            await self._store.parked.postpone(item, delay=delay, reason=why(decided))
        else:
            await self._refuse(item, decided)

    async def _refuse(self, item: ParkedItem, examination: Examination) -> None:
        if examination.outcome is Outcome.UNDECIDED:
            examination = too_late(item, examination)
        event = entries_parking.parked_refused(item.parked, examination)
        if await self._store.parked.refuse(item, reason=why(examination), event=event):
            await self._payloads.drop(item.parked.id)
            self._intake.count(MessageKind.EDOC, examination)

    async def _submission(self, item: ParkedItem) -> Submission:
        parked = item.parked
        directory = await self._store.registry.directory()
        # A system that is not connected any more serves no agency, so that binding refuses what it had sent.
        gone = Member(id=parked.member_id, name="", prefixes=(), queue="", gateway="")
        caller = next((member for member in directory.members if member.id == parked.member_id), gone)
        path = None if item.body is not None else await asyncio.to_thread(self._payloads.aside, parked.id)
        body = Spooled(sha256=parked.sha256, size=parked.size, memory=item.body, path=path)
        return Submission(
            body=body,
            kind=MessageKind.EDOC,
            caller=caller,
            credential_id=item.credential_id or "",
            key=item.key,
            deliver_by=item.deliver_by,
            parked=item,
        )

    async def _sweep(self) -> None:
        """Remove set-aside bodies of documents that are not parked: a crash came between a commit and the removal."""
        now = self._clock()
        if self._swept_at is not None and now - self._swept_at < SWEEP_EVERY:
            return
        self._swept_at = now
        for name in await self._payloads.left_aside(before=now - LITTER_AGE):
            parked = await self._store.parked.document(name)
            if parked is None or parked.state is not ParkedState.PARKED:
                await self._payloads.drop(name)
