"""Receiving: from the axis to an inbox, after the same examination again, and a signed receipt back.

Nobody is trusted for having reached the queue: the envelope must be signed by a registered gateway, that gateway must host the
sending member, and the document must pass `examine` here too (design promise 5). The axis message is acknowledged only after the
commit; a message that was here before only gets its receipt again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from gateway.errors import (
    EnvelopeError,
    GatewayError,
    InternalError,
    NotAddressedError,
    PayloadDiffersError,
    PayloadMissingError,
)
from gateway.flow import entries
from gateway.flow.arrivals import file_sha256, host, message_of, recipient_of, serving_member, sha256_of
from gateway.flow.envelope import Manifest, Receipt, Stage, open_envelope, seal_receipt
from gateway.flow.examination import Examination, Outcome, examine
from gateway.flow.intake import find_correspondence, with_finding
from gateway.flow.notifying import LOG, MEMBERS, OUTBOX, Bell, inbox_of, wait
from gateway.keys import SigningKey
from gateway.ports import AxisLink, Clock, Payloads, Store, TrustSource
from gateway.records import Arrival, Incoming, Message, ReceiptStep
from gateway.telemetry import Metrics
from routing.agencies import Directory, Member
from routing.delivery import DeliveryState
from routing.note import Verifier, parse_verifier_key

_log = structlog.get_logger()

FULL = 100
GATHER = 0.02
"""Seconds to let messages gather after a batch that was not `FULL`: a batch costs the same few transactions whatever its size."""

LOOK_AGAIN = 1.0

STATE_AFTER = {
    Stage.RECEIVED: DeliveryState.RECEIVED,
    Stage.REFUSED: DeliveryState.REFUSED,
    Stage.ACKNOWLEDGED: DeliveryState.ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One incoming message after judgement: an arrival or a receipt to store, or a reason to put it aside.

    All empty means: cannot be decided now; without a receipt its sender sends it again.
    """

    incoming: Incoming
    arrival: Arrival | None = None
    step: ReceiptStep | None = None
    dead: GatewayError | None = None


class Receiver:
    """Stores what arrives for the members that this gateway hosts."""

    def __init__(  # noqa: PLR0913 - the collaborators are the design
        self,
        *,
        gateway: str,
        store: Store,
        payloads: Payloads,
        trust: TrustSource,
        link: AxisLink,
        key: SigningKey,
        clock: Clock,
        executor: Executor,
        bell: Bell,
        metrics: Metrics,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._payloads = payloads
        self._trust = trust
        self._link = link
        self._key = key
        self._clock = clock
        self._executor = executor
        self._bell = bell
        self._metrics = metrics

    async def one_pass(self) -> None:
        """Receive for the members hosted now, until their set changes or the link gives up."""
        directory = await self._store.registry.directory()
        hosted = self._hosted(directory)
        # Every member's queue, not only those hosted here: a document may be on its way before its receiver ever started.
        await self._link.declare(frozenset(member.queue for member in directory.members))
        consuming = asyncio.create_task(self._consume(hosted))
        watching = asyncio.create_task(self._until_members_change(directory.members))
        try:
            await asyncio.wait({consuming, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            consuming.cancel()
            watching.cancel()
            results = await asyncio.gather(consuming, watching, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _consume(self, queues: frozenset[str]) -> None:
        if not queues:
            await asyncio.Event().wait()
        async with aclosing(self._link.receive(queues)) as batches:
            async for batch in batches:
                await self.take(batch)
                if len(batch) < FULL:
                    await asyncio.sleep(GATHER)

    async def _until_members_change(self, members: tuple[Member, ...]) -> None:
        while True:
            rung = self._bell.listen(MEMBERS)
            if (await self._store.registry.directory()).members != members:
                return
            await wait(rung, LOOK_AGAIN)

    def _hosted(self, directory: Directory) -> frozenset[str]:
        return frozenset(member.queue for member in directory.members if member.gateway == self._gateway)

    async def take(self, batch: Sequence[Incoming]) -> None:
        """Judge a batch, commit what it holds, and only then settle it with the link."""
        directory = await self._store.registry.directory()
        verifiers = [parse_verifier_key(peer.verifier_key) for peer in await self._store.registry.peers()]
        judged = await asyncio.gather(*(self._judge(each, directory, verifiers) for each in batch))
        arrivals = [each.arrival for each in judged if each.arrival is not None]
        fresh = await self._store.documents.arrive(arrivals)
        await self._store.documents.record_receipts([each.step for each in judged if each.step is not None])
        dead = [(each.incoming, each.dead) for each in judged if each.dead is not None]
        if dead:
            await self._store.log.append(
                [
                    entries.dead_letter(incoming, error, sha256=sha256_of(incoming.body))
                    for incoming, error in dead
                ]
            )
        await self._link.settle(
            done=[each.incoming for each in judged if each.dead is None],
            dead=[incoming for incoming, _ in dead],
        )
        self._announce(arrivals, fresh, judged)

    def _announce(
        self, arrivals: Sequence[Arrival], fresh: Sequence[bool], judged: Sequence[_Judged]
    ) -> None:
        for arrival, new in zip(arrivals, fresh, strict=True):
            self._metrics.arrived.labels(
                "refused" if arrival.refusal else "stored" if new else "repeated"
            ).inc()
            self._bell.ring(inbox_of(arrival.recipient.member_id))
        for each in judged:
            if each.dead is not None:
                self._metrics.arrived.labels("dead").inc()
            elif each.arrival is None and each.step is None:
                self._metrics.arrived.labels("undecided").inc()
        self._bell.ring(OUTBOX)
        self._bell.ring(LOG)

    async def _judge(
        self, incoming: Incoming, directory: Directory, verifiers: Sequence[Verifier]
    ) -> _Judged:
        try:
            stated, inline = open_envelope(incoming.body, verifiers=verifiers)
            if isinstance(stated, Receipt):
                return _Judged(
                    incoming=incoming,
                    step=await self._receipt_step(stated, directory, sha256=sha256_of(incoming.body)),
                )
            return _Judged(incoming=incoming, arrival=await self._arrival(stated, inline, directory))
        except GatewayError as error:
            _log.warning("axis_message_not_taken", code=error.code, queue=incoming.queue, reason=str(error))
            if error.retry:
                return _Judged(incoming=incoming)
            return _Judged(incoming=incoming, dead=error)

    async def _receipt_step(self, receipt: Receipt, directory: Directory, *, sha256: str) -> ReceiptStep:
        delivery = await self._store.documents.delivery(receipt.delivery_id)
        if delivery is None:
            raise EnvelopeError(reason="a receipt for no delivery of this gateway")
        if host(directory, delivery.member_id) != receipt.gateway:
            raise EnvelopeError(reason="a receipt from a gateway that does not host the addressee")
        return ReceiptStep(
            delivery_id=delivery.id,
            state=STATE_AFTER[receipt.stage],
            reason=receipt.reason,
            event=entries.receipt_came(receipt, delivery, sha256=sha256),
        )

    async def _arrival(self, manifest: Manifest, inline: bytes, directory: Directory) -> Arrival | None:
        caller = next((member for member in directory.members if member.id == manifest.member_id), None)
        if caller is None or caller.gateway != manifest.gateway:
            raise EnvelopeError(reason="its gateway does not host the sending member")
        source = await self._source(manifest, inline)
        examination = await self._examine(manifest, source, caller, directory)
        about = None
        if examination.outcome is Outcome.ACCEPTED:
            try:
                about = await self._about(manifest, examination, directory)
            except GatewayError as error:
                examination = with_finding(examination, error)
        if examination.outcome is Outcome.UNDECIDED:
            await self._store.log.append([entries.arrival_undecided(manifest, examination)])
            return None
        return self._build(manifest, examination, caller, inline or None, about=about)

    async def _source(self, manifest: Manifest, inline: bytes) -> bytes | Path:
        """Return the document that the manifest vouches for, after checking every byte of it."""
        if inline:
            if sha256_of(inline) != manifest.sha256:
                raise PayloadDiffersError(sha256=manifest.sha256)
            return inline
        try:
            path, digest = await asyncio.to_thread(self._read_payload, manifest.sha256)
        except FileNotFoundError:
            raise PayloadMissingError(sha256=manifest.sha256) from None
        if digest != manifest.sha256:
            raise PayloadDiffersError(sha256=manifest.sha256)
        return path

    def _read_payload(self, sha256: str) -> tuple[Path, str]:
        path = self._payloads.path(sha256)
        return path, file_sha256(path)

    async def _examine(
        self, manifest: Manifest, source: bytes | Path, caller: Member, directory: Directory
    ) -> Examination:
        job = partial(
            examine,
            source,
            expect=None,
            caller=caller,
            directory=directory,
            trust=self._trust.trust(),
            at=self._clock(),
        )
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, job)
        except Exception:  # noqa: BLE001 - whatever it is, it is about this document alone
            # A defect of ours must not let one document hold up all that come after it: it was not decided, and comes again.
            _log.exception("examination_failed", message_id=manifest.message_id)
            raise InternalError(reference=manifest.message_id) from None

    async def _about(
        self, manifest: Manifest, examination: Examination, directory: Directory
    ) -> Message | None:
        """Check that the document names its addressee and that it is served here; return the one that a status speaks of.

        Raises:
            NotAddressedError: it does not, or is not.
            UnknownCorrespondenceError: a status speaks of no document between these two.

        """
        if host(directory, serving_member(manifest, examination)) != self._gateway:
            raise NotAddressedError(recipient=manifest.recipient_code)
        return await find_correspondence(self._store.documents, examination)

    def _build(
        self,
        manifest: Manifest,
        examination: Examination,
        caller: Member,
        inline: bytes | None,
        *,
        about: Message | None,
    ) -> Arrival:
        refusal = examination.decisive.code if examination.decisive else None
        message = message_of(manifest, examination, about=about)
        recipient = recipient_of(manifest, examination)
        receipt = Receipt(
            gateway=self._gateway,
            delivery_id=manifest.delivery_id,
            message_id=manifest.message_id,
            sha256=manifest.sha256,
            stage=Stage.REFUSED if refusal else Stage.RECEIVED,
            reason=refusal,
            at=examination.at,
        )
        return Arrival(
            message=message,
            recipient=recipient,
            body=inline,
            refusal=refusal,
            reply_queue=caller.queue,
            receipt=seal_receipt(receipt, key=self._key),
            events=entries.arrived(manifest, message, recipient, examination),
        )
