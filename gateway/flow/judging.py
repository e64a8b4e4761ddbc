"""Judging what came from the axis: is it vouched for, does it pass `examine`, and what does it speak of.

Nobody is trusted for having reached the queue: the envelope must be signed by a registered gateway, that gateway must host the
sending member, and the document must pass `examine` here too (design promise 5). Codes count as they were when it was accepted:
whoever sent before a cut-over is not refused because of the way. A gateway is believed in this for as long as the grace period
is, no longer. Invariant: what is wrong with one message is said of that message; it never holds up those behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from gateway.errors import (
    BodyTooLargeError,
    EnvelopeError,
    GatewayError,
    InternalError,
    NotAddressedError,
)
from gateway.flow import entries, grounds
from gateway.flow.arrivals import (
    arriving_of,
    codes_at,
    is_clearly_recent,
    message_of,
    receipt_step,
    recipient_of,
    sha256_of,
    source_of,
)
from gateway.flow.correspondence import Correspondence, correspond, with_findings
from gateway.flow.envelope import open_envelope, seal_receipt
from gateway.flow.examination import Examination, Outcome, examine, unread
from gateway.flow.parking import Terms, arrival_parking, too_late
from gateway.flow.piecing import Pieces
from gateway.flow.stated import Inquiry, Manifest, Receipt, Segment, Stage
from gateway.inquiries import Asked
from gateway.keys import SigningKey
from gateway.parked import ParkedItem, Parking
from gateway.ports import Clock, Payloads, PdfReader, Store, TrustSource
from gateway.records import Arrival, Incoming, ReceiptStep
from routing.agencies import Directory, Member
from routing.closed_codes import CODE_GRACE
from routing.heading import Arriving, Course, Patience
from routing.note import Verifier

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One incoming message after judgement: an arrival or a receipt to store, what to park or to answer, or why to put it aside.

    All empty means: cannot be looked at now; without a receipt its sender sends it again.
    """

    incoming: Incoming
    arrival: Arrival | None = None
    parking: Parking | None = None
    step: ReceiptStep | None = None
    asked: Asked | None = None
    dead: GatewayError | None = None

    @property
    def is_decided(self) -> bool:
        """Say whether it is known what becomes of it, even if that is to wait here."""
        outcomes = (self.arrival, self.parking, self.step, self.asked, self.dead)
        return any(each is not None for each in outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A message that was examined; what it speaks of may still be among those that came with it."""

    incoming: Incoming
    manifest: Manifest
    examination: Examination
    caller: Member
    inline: bytes | None
    arriving: Arriving | None
    """Whose inbox takes it; None if it was not accepted."""
    parked: ParkedItem | None = None
    """Set where the message was parked and is judged again."""


class Judge:
    """Judges messages one by one, without storing them."""

    def __init__(  # noqa: PLR0913 - one argument a port
        self,
        *,
        gateway: str,
        store: Store,
        payloads: Payloads,
        pieces: Pieces,
        trust: TrustSource,
        key: SigningKey,
        clock: Clock,
        executor: Executor,
        terms: Terms,
        patience: Patience,
        pdf: PdfReader | None = None,
        grace: timedelta = CODE_GRACE,
    ) -> None:
        self._gateway = gateway
        self._grace = grace
        self._patience = patience
        self._terms = terms
        self._store = store
        self._payloads = payloads
        self._pieces = pieces
        self._trust = trust
        self._key = key
        self._clock = clock
        self._executor = executor
        self._pdf = pdf

    async def look(
        self,
        incoming: Incoming,
        directory: Directory,
        verifiers: Sequence[Verifier],
        *,
        parked: ParkedItem | None = None,
    ) -> Judged | Candidate:
        """Open an envelope and examine what is inside; only what it speaks of is left to `conclude`."""
        try:
            stated, inline = open_envelope(incoming.body, verifiers=verifiers)
            if isinstance(stated, Receipt):
                step = await receipt_step(stated, self._store.documents, directory, sha256_of(incoming.body))
                return Judged(incoming=incoming, step=step)
            if isinstance(stated, Inquiry):
                asked = Asked(delivery_id=stated.delivery_id, message_id=stated.message_id)
                return Judged(incoming=incoming, asked=asked)
            if isinstance(stated, Segment):
                # One in the spelling that gateways write was taken before.
                raise EnvelopeError(reason="a segment in another spelling")
            return await self._candidate(incoming, stated, inline, directory, parked)
        except GatewayError as error:
            _log.warning("axis_message_not_taken", code=error.code, queue=incoming.queue, reason=str(error))
            if error.retry:
                return Judged(incoming=incoming)
            return Judged(incoming=incoming, dead=error)

    async def conclude(self, candidate: Candidate, directory: Directory) -> tuple[Judged, bool]:
        """Find what a candidate speaks of and decide; say also whether all of that is known here by now."""
        examination, found = candidate.examination, Correspondence()
        if examination.outcome is Outcome.ACCEPTED:
            found = await correspond(self._store.documents, examination, directory, arriving=True)
            examination = with_findings(examination, found.faults, warnings=found.warnings)
        if examination.outcome is Outcome.UNDECIDED:
            if candidate.parked is None or not candidate.parked.is_over:
                return Judged(incoming=candidate.incoming, parking=self._park(candidate, examination)), True
            examination = too_late(candidate.parked, examination)
        arrival = self._build(candidate, examination, found)
        return Judged(incoming=candidate.incoming, arrival=arrival), found.is_complete

    def _park(self, candidate: Candidate, examination: Examination) -> Parking:
        manifest = candidate.manifest
        return arrival_parking(
            candidate.incoming,
            examination,
            delivery_id=manifest.delivery_id,
            member_id=manifest.member_id,
            sha256=manifest.sha256,
            size=manifest.size,
            event=entries.arrival_undecided(manifest, examination),
            terms=self._terms,
        )

    async def _candidate(
        self,
        incoming: Incoming,
        manifest: Manifest,
        inline: bytes,
        directory: Directory,
        parked: ParkedItem | None,
    ) -> Candidate:
        caller = next((member for member in directory.members if member.id == manifest.member_id), None)
        if caller is None or caller.gateway != manifest.gateway:
            raise EnvelopeError(reason="its gateway does not host the sending member")
        try:
            source = await source_of(manifest, inline, self._payloads, self._pieces)
        except BodyTooLargeError as too_large:
            at = await self._now(manifest)
            examination = unread(too_large, directory=directory, trust=self._trust.trust(), at=at)
        else:
            examination = await self._examine(manifest, source, caller, directory, parked)
        arriving = None
        if examination.outcome is Outcome.ACCEPTED:
            arriving = arriving_of(manifest, examination, self._course(directory), gateway=self._gateway)
            if arriving is None:
                error = NotAddressedError(recipient=manifest.recipient_code)
                examination = with_findings(examination, [error])
        return Candidate(
            incoming=incoming,
            manifest=manifest,
            examination=examination,
            caller=caller,
            inline=inline or None,
            arriving=arriving,
            parked=parked,
        )

    def _course(self, directory: Directory) -> Course:
        return Course(directory=directory, patience=self._patience)

    async def _examine(
        self,
        manifest: Manifest,
        source: bytes | Path,
        caller: Member,
        directory: Directory,
        parked: ParkedItem | None,
    ) -> Examination:
        """Examine what arrived; where that fails, once more as of the first time that these bytes were seen here."""
        at = await self._now(manifest)
        facts: dict[str, Any] = {"caller": caller, "directory": directory, "trust": self._trust.trust()}
        facts |= {"expect": None, "at": at, "pdf": self._pdf, "grace": self._grace}
        facts |= {"codes_at": codes_at(manifest, at=at, grace=self._grace)}
        received_at = None if parked is None else parked.parked.received_at
        examination = await self._run(manifest, partial(examine, source, **facts, existed_at=received_at))
        if examination.verdict is None or not examination.verdict.errors:
            return examination
        first = await self._first_receipt(manifest)
        if first is None or (received_at is not None and received_at <= first):
            return examination
        return await self._run(manifest, partial(examine, source, **facts, existed_at=first))

    async def _now(self, manifest: Manifest) -> datetime:
        """Return this process's time; the database's where only that is good enough, because another moment's codes may count."""
        at = self._clock()
        is_clear = is_clearly_recent(manifest, at=at, grace=self._grace)
        return at if is_clear else await self._store.documents.now()

    async def _first_receipt(self, manifest: Manifest) -> datetime | None:
        """Return when these bytes were first seen by this gateway itself; what another one says of that proves nothing."""
        moments = [await self._store.parked.first_seen(manifest.sha256)]
        message = await self._store.documents.message(manifest.message_id)
        if message is not None and (message.gateway, message.sha256) == (self._gateway, manifest.sha256):
            moments.append(message.accepted_at)
        return min((each for each in moments if each is not None), default=None)

    async def _run(self, manifest: Manifest, job: Callable[[], Examination]) -> Examination:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, job)
        except Exception:  # noqa: BLE001 - whatever it is, it is about this document alone
            # A defect of ours must not let one document hold up all that come after it: it was not decided, and comes again.
            _log.exception("examination_failed", message_id=manifest.message_id)
            raise InternalError(reference=manifest.message_id) from None

    def _build(self, candidate: Candidate, examination: Examination, found: Correspondence) -> Arrival:
        manifest = candidate.manifest
        refusal = examination.decisive.code if examination.decisive else None
        message = message_of(manifest, examination, about=None if refusal else found.about)
        recipient = recipient_of(manifest, examination, candidate.arriving)
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
            body=candidate.inline,
            refusal=refusal,
            reply_queue=candidate.caller.queue,
            receipt=seal_receipt(receipt, key=self._key),
            events=entries.arrived(manifest, message, recipient, examination),
            links=() if refusal else entries.links(message, found),
            evidence=None if refusal else grounds.evidence(examination),
        )
