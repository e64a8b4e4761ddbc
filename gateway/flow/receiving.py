"""Receiving: from the axis to an inbox, after the same examination again, and a signed receipt back.

The axis message is acknowledged only after the commit; a message that was here before only gets its receipt again. What cannot be
decided is parked by that commit and acknowledged: it holds up nothing behind it, and no broker counts how often it came. What
came together is stored in an order in which every message finds what it speaks of: a gateway that was away gets a document, its
recall and the statuses in one batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import structlog

from gateway.errors import GatewayError
from gateway.flow import entries
from gateway.flow.arrivals import hosted_queues
from gateway.flow.burying import death_of
from gateway.flow.correspondence import correspond_late
from gateway.flow.errors_under_way import UnknownDeliveryError
from gateway.flow.judging import Candidate, Judge, Judged
from gateway.flow.notifying import LOG, MEMBERS, OUTBOX, Bell, inbox_of, wait
from gateway.flow.parking import pause
from gateway.flow.piecing import Pieces
from gateway.flow.supervision import until_one_ends
from gateway.parked import ParkedItem, Parking
from gateway.peers import PeerGateway
from gateway.ports import (
    AxisLink,
    NoRoomError,
    QueuesMissingError,
    Store,
)
from gateway.records import Arrival, Incoming, MessageKind
from gateway.telemetry import Metrics
from routing.agencies import Directory, Member
from routing.note import Verifier, parse_verifier_key

FULL = 100
GATHER = 0.02
"""Seconds to let messages gather after a batch that was not `FULL`: a batch costs the same few transactions whatever its size."""

LOOK_AGAIN = 1.0

_log = structlog.get_logger()


class Receiver:
    """Stores what arrives for the members that this gateway hosts."""

    def __init__(
        self,
        *,
        gateway: str,
        store: Store,
        pieces: Pieces,
        judge: Judge,
        link: AxisLink,
        bell: Bell,
        metrics: Metrics,
        ask_after: timedelta,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._pieces = pieces
        self._judge = judge
        self._link = link
        self._bell = bell
        self._metrics = metrics
        self._ask_after = ask_after

    async def one_pass(self) -> None:
        """Receive for the members hosted now, until they or the peers change or the link gives up."""
        directory = await self._store.registry.directory()
        peers = await self._store.registry.peers()
        hosted = hosted_queues(directory, self._gateway)
        # Every member's queue, not only those hosted here: a document may be on its way before its receiver ever started.
        try:
            await self._link.declare(frozenset(member.queue for member in directory.members))
        except QueuesMissingError as error:
            # Somebody else makes the queues on this axis; what is there is received meanwhile.
            _log.warning("axis_queues_missing", reason=str(error))
        in_pieces = any(not peer.shares_payloads and peer.name != self._gateway for peer in peers)
        await until_one_ends(
            self._consume(hosted, in_pieces=in_pieces), self._until_change(directory.members, peers)
        )

    async def _consume(self, queues: frozenset[str], *, in_pieces: bool) -> None:
        if not queues:
            await asyncio.Event().wait()
        async with aclosing(self._link.receive(queues, in_pieces=in_pieces)) as batches:
            async for batch in batches:
                await self.take(batch)
                if len(batch) < FULL:
                    await asyncio.sleep(GATHER)

    async def _until_change(self, members: tuple[Member, ...], peers: tuple[PeerGateway, ...]) -> None:
        while True:
            rung = self._bell.listen(MEMBERS)
            if (await self._store.registry.directory()).members != members:
                return
            if await self._store.registry.peers() != peers:
                return
            await wait(rung, LOOK_AGAIN)

    async def take(self, batch: Sequence[Incoming]) -> None:
        """Judge a batch, commit what it holds, and only then settle it with the link.

        What was handed out before and never settled is judged alone, ahead of the others: it may be what ended the last process.
        """
        for suspect in (each for each in batch if each.redelivered):
            await self._take([suspect])
        if fresh := [each for each in batch if not each.redelivered]:
            await self._take(fresh)

    async def _take(self, batch: Sequence[Incoming]) -> None:
        directory = await self._store.registry.directory()
        verifiers = await self._verifiers()
        # Pieces first: the manifest that makes them a document may be in the same batch.
        pieces = await self._pieces.take(batch, verifiers)
        await self._link.settle(done=pieces.done)
        looked: list[Judged | Candidate] = [
            Judged(incoming=incoming, dead=error) for incoming, error in pieces.dead
        ]
        looked += await self._look(pieces.others, directory, verifiers)
        judged, fresh = await self._keep(looked, directory)
        await self._park([each.parking for each in judged if each.parking is not None])
        dead = [death_of(each.incoming, each.dead) for each in judged if each.dead is not None]
        await self._store.dead_letters.bury(dead)
        await self._link.settle(
            done=[each.incoming for each in judged if each.dead is None],
            dead=[each.incoming for each in judged if each.dead is not None],
        )
        self._announce(fresh, judged)

    async def again(self, incoming: Incoming) -> GatewayError | bool:
        """Judge and commit one message that is not on the axis any more, as if it had just come.

        Return whether it was taken, or what it dies of again; not taken is what cannot be looked at now.
        """
        directory = await self._store.registry.directory()
        verifiers = await self._verifiers()
        pieces = await self._pieces.take([incoming], verifiers)
        if pieces.dead or not pieces.others:
            return pieces.dead[0][1] if pieces.dead else True
        looked = await self._look([incoming], directory, verifiers)
        [judged], fresh = await self._keep(looked, directory)
        await self._park([judged.parking] if judged.parking is not None else [])
        self._announce(fresh, [judged])
        return judged.is_decided if judged.dead is None else judged.dead

    async def retry(self, item: ParkedItem) -> None:
        """Judge a parked arrival again: decided, it leaves the parked ones; if not, it waits for its next turn."""
        if item.body is None or item.queue is None:
            raise AssertionError("a parked arrival has its envelope and its queue")
        directory = await self._store.registry.directory()
        incoming = Incoming(queue=item.queue, body=item.body, tag=None)
        [looked] = await self._look([incoming], directory, await self._verifiers(), parked=item)
        judged, fresh = await self._keep([looked], directory)
        # What is over and still finds no answer (its addressee left this queue) is its sender's to send again.
        if not item.is_over and all(each.arrival is None and each.dead is None for each in judged):
            reason = next((each.parking.parked.reason for each in judged if each.parking), item.parked.reason)
            delay = pause(item.parked.attempts)
            await self._store.parked.postpone(item, delay=delay, reason=reason)
            return
        await self._store.dead_letters.bury(
            [
                death_of(replace(incoming, id=item.parked.id), each.dead)
                for each in judged
                if each.dead is not None
            ]
        )
        await self._store.parked.finish(item)
        self._announce(fresh, judged)

    async def _look(
        self,
        batch: Sequence[Incoming],
        directory: Directory,
        verifiers: Sequence[Verifier],
        *,
        parked: ParkedItem | None = None,
    ) -> list[Judged | Candidate]:
        looks = (self._judge.look(each, directory, verifiers, parked=parked) for each in batch)
        return await asyncio.gather(*looks)

    async def _verifiers(self) -> list[Verifier]:
        return [parse_verifier_key(peer.verifier_key) for peer in await self._store.registry.peers()]

    async def _keep(
        self, looked: Sequence[Judged | Candidate], directory: Directory
    ) -> tuple[list[Judged], list[tuple[Arrival, bool]]]:
        """Conclude and commit what was looked at, all but what is to be parked; return it with the arrivals and which are new."""
        judged = [each for each in looked if isinstance(each, Judged)]
        fresh: list[tuple[Arrival, bool]] = []
        async for wave in self._waves([each for each in looked if isinstance(each, Candidate)], directory):
            arrivals = [each.arrival for each in wave if each.arrival is not None]
            fresh += zip(arrivals, await self._store.documents.arrive(arrivals), strict=True)
            judged += wave
        await self._link_overtaken(fresh, directory)
        steps = [each.step for each in judged if each.step is not None]
        await self._store.documents.record_receipts(steps, ask_after=self._ask_after)
        return await self._answer(judged), fresh

    async def _answer(self, judged: Sequence[Judged]) -> list[Judged]:
        """Give the last receipts again that somebody asks for; a question about what never came here is put aside."""
        asked = [each.asked for each in judged if each.asked is not None]
        known = dict(zip(asked, await self._store.inquiries.answer(asked), strict=True))
        return [
            each
            if each.asked is None or known[each.asked]
            else replace(each, dead=UnknownDeliveryError(delivery=each.asked.delivery_id))
            for each in judged
        ]

    async def _park(self, undecided: Sequence[Parking]) -> None:
        """Park arrivals; where there is no room, the entry says that it was undecided, and its sender sends it again."""
        for each in undecided:
            try:
                await self._store.parked.park(each)
            except NoRoomError:
                await self._store.log.append(each.events)

    async def _link_overtaken(self, arrivals: Sequence[tuple[Arrival, bool]], directory: Directory) -> None:
        """Link recalls, updates and replacements that were here before the documents they speak of.

        Asked for after the commit, and for all of a sender's: neither a crash nor another process leaves one behind for long.
        """
        documents = self._store.documents
        senders = {
            arrival.message.sender_code
            for arrival, is_new in arrivals
            if is_new and arrival.refusal is None and arrival.message.kind is MessageKind.EDOC
        }
        for message in await documents.unlinked(senders) if senders else ():
            found = await correspond_late(documents, message, directory)
            if found.spoken_of:
                await documents.link(message, entries.links(message, found))

    async def _waves(
        self, candidates: Sequence[Candidate], directory: Directory
    ) -> AsyncGenerator[list[Judged]]:
        """Yield the candidates judged: those first that find all they speak of, the others after these were stored."""
        waiting = list(candidates)
        while waiting:
            concluded = await asyncio.gather(*(self._judge.conclude(each, directory) for each in waiting))
            ready = [judged for judged, is_complete in concluded if is_complete]
            if not ready:
                yield [judged for judged, _ in concluded]
                return
            waiting = [
                each for each, (_, is_complete) in zip(waiting, concluded, strict=True) if not is_complete
            ]
            yield ready

    def _announce(self, arrivals: Sequence[tuple[Arrival, bool]], judged: Sequence[Judged]) -> None:
        for arrival, new in arrivals:
            result = "refused" if arrival.refusal else "stored" if new else "repeated"
            self._metrics.arrived.labels(result).inc()
            self._bell.ring(inbox_of(arrival.recipient.member_id))
        for each in judged:
            if each.dead is not None:
                self._metrics.arrived.labels("dead").inc()
            elif each.parking is not None or not each.is_decided:
                self._metrics.arrived.labels("undecided").inc()
        self._bell.ring(OUTBOX)
        self._bell.ring(LOG)
