"""Intake: a received body becomes an acceptance or a parked document in one commit, or a refusal in the log; nothing in between.

The order is: examine, build everything, make a big body durable, commit. Only after the commit may anyone hear 201 or 202 (design
promise 2). A refusal is a log entry too (promise 3).

The moment of a decision is the database's, the same for every process: an examination is made at this process's time, and if by
the database's time the registry says something else, it is made again as of that time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from gateway.errors import GatewayError, OverloadedError, RegistryBusyError
from gateway.flow import entries
from gateway.flow.accepting import NotAcceptedError, Submission, acceptance, contradicted, keys_of, overdue
from gateway.flow.bodies import make_durable, source_of
from gateway.flow.correspondence import correspond, with_findings
from gateway.flow.errors_parking import NoRoomToParkError
from gateway.flow.examination import Examination, Outcome, examine
from gateway.flow.freshness import Freshness, always_fresh, unreliable
from gateway.flow.notifying import LOG, OUTBOX, Bell
from gateway.flow.parking import Terms, can_wait, parking
from gateway.flow.spool import SMALL, Spooled
from gateway.interval import ALWAYS
from gateway.parked import Parked
from gateway.ports import (
    Clock,
    DeadlinePassedError,
    InstantPassedError,
    KeyConflictError,
    NoRoomError,
    Payloads,
    PdfReader,
    StaleRegistryError,
    StillParkedError,
    Store,
    TrustSource,
)
from gateway.records import Accepted, IdempotencyKey, MessageKind
from gateway.telemetry import Metrics
from routing.agencies import Member
from routing.closed_codes import CODE_GRACE

ATTEMPTS = 5
"""How often a message is examined because the registry changed meanwhile, or says something else by the database's time."""

_BEING_DECIDED = "the same document is being decided"


class Intake:
    """Takes submissions, one call each; safe to call concurrently."""

    def __init__(  # noqa: PLR0913 - one argument a port
        self,
        *,
        gateway: str,
        store: Store,
        payloads: Payloads,
        trust: TrustSource,
        clock: Clock,
        executor: Executor,
        bell: Bell,
        metrics: Metrics,
        terms: Terms,
        pdf: PdfReader | None = None,
        grace: timedelta = CODE_GRACE,
        freshness: Freshness = always_fresh,
        deliver_within: timedelta | None = None,
    ) -> None:
        self._deliver_within = deliver_within
        self._freshness = freshness
        self._gateway = gateway
        self._grace = grace
        self._terms = terms
        self._store = store
        self._payloads = payloads
        self._trust = trust
        self._clock = clock
        self._executor = executor
        self._bell = bell
        self._metrics = metrics
        self._pdf = pdf

    async def check(self, submission: Submission, *, at: datetime | None = None) -> Examination:
        """Examine a submission against the current registry and trust, as of `at` or of now, and change nothing.

        That these bytes came before, though they were not accepted then, proves that they existed then.
        """
        body = submission.body
        facts: dict[str, Any] = {"expect": submission.kind, "caller": submission.caller, "at": at}
        received_at = submission.parked.parked.received_at if submission.parked else None
        examination = await self.examine(body, **facts, existed_at=received_at)
        if examination.verdict is None or not examination.verdict.errors:
            return examination
        seen_at = await self._store.parked.first_seen(body.sha256)
        if seen_at is None or (received_at is not None and received_at <= seen_at):
            return examination
        return await self.examine(body, **facts, existed_at=seen_at)

    async def examine(
        self,
        body: Spooled,
        *,
        expect: MessageKind | None,
        caller: Member,
        existed_at: datetime | None = None,
        at: datetime | None = None,
    ) -> Examination:
        """Examine a body that a member brought, of the kind expected or (None) of either, and change nothing.

        `existed_at` is when it came for the first time, if that was before; `at` is the moment, if it is not now.
        """
        directory = await self._store.registry.directory()
        at, trust = at or self._clock(), self._trust.trust()
        if (stale := self._freshness(at)) is not None:
            return unreliable(stale, directory=directory, trust=trust, at=at)
        job = partial(
            examine,
            await source_of(self._payloads, body),
            expect=expect,
            caller=caller,
            directory=directory,
            trust=trust,
            at=at,
            existed_at=existed_at,
            grace=self._grace,
        )
        with self._metrics.examination_seconds.time():
            if body.size <= SMALL:
                # About a millisecond: handing it to a thread and back would cost as much, and threads would fight for the GIL.
                examination = job()
                if examination.signatures is None or not examination.signatures.are_unread:
                    return examination
            # Reading a PDF takes far longer, and waits.
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, partial(job, pdf=self._pdf)
            )

    async def submit(self, submission: Submission) -> Accepted | Parked:
        """Examine and, if nothing speaks against it, commit; a retry gets the first answer again.

        A document that cannot be decided because data is missing is kept, as far as there is room for it.

        Raises:
            NotAcceptedError: refused or undecided; the log holds the entry.

        """
        decided = await self.decide(submission)
        for _ in range(ATTEMPTS):
            if isinstance(decided, Accepted):
                return decided
            try:
                return await self._not_accepted(submission, decided)
            except InstantPassedError:
                decided = await self.decide(submission)
        if isinstance(decided, Accepted):
            return decided
        busy = replace(with_findings(decided, [RegistryBusyError()]), steady=ALWAYS)
        return await self._not_accepted(submission, busy)

    async def decide(self, submission: Submission) -> Accepted | Examination:
        """Examine and accept, or return the examination that did not come to an acceptance; only an acceptance is recorded.

        One that would have been accepted is returned where the same bytes are parked and will be decided on as such.

        Raises:
            NotHeldError: it was parked, and somebody else decides or has decided on it.

        """
        examination = await self.check(submission)
        at = None
        for _ in range(ATTEMPTS):
            try:
                return await self._decide(submission, examination)
            except StaleRegistryError as stale:
                at = stale.now if isinstance(stale, InstantPassedError) else at
                examination = await self.check(submission, at=at)
        return with_findings(examination, [RegistryBusyError()])

    async def _decide(self, submission: Submission, examination: Examination) -> Accepted | Examination:
        """Accept what an examination says may be, or return it, unless it is one for another time.

        Raises:
            StaleRegistryError: the registry changed meanwhile, or says something else by the database's time.

        """
        try:
            if examination.outcome is Outcome.ACCEPTED:
                accepted = await self._accept(submission, examination)
                self.count(submission.kind, examination)
                return accepted
        except StillParkedError:
            return examination
        except NotAcceptedError as refused:
            examination = refused.examination
        except GatewayError as error:
            return with_findings(examination, [error])
        # What is not accepted is decided by the same clock.
        now = await self._store.documents.now()
        if not examination.steady.holds(now):
            raise InstantPassedError(now)
        return examination

    async def _accept(self, submission: Submission, examination: Examination) -> Accepted:
        directory = await self._store.registry.directory()
        found = await correspond(self._store.documents, examination, directory, arriving=False)
        examination = with_findings(examination, found.faults, warnings=found.warnings)
        if examination.outcome is not Outcome.ACCEPTED:
            raise NotAcceptedError(examination)
        taken = acceptance(submission, examination, found, gateway=self._gateway, within=self._deliver_within)
        if taken.body is None:
            await make_durable(self._payloads, submission)
        try:
            accepted = await self._store.documents.accept(taken)
        except (KeyConflictError, DeadlinePassedError) as error:
            raise contradicted(submission, error) from None
        self._bell.ring(OUTBOX)
        self._bell.ring(LOG)
        return accepted

    async def _not_accepted(self, submission: Submission, examination: Examination) -> Accepted | Parked:
        """Answer a retry as before, even if it would not pass any more; park what may be decided later; refuse anything else.

        Raises:
            NotAcceptedError: it is refused.
            InstantPassedError: it was decided for another time than that of the commit.

        """
        keys, sha256 = keys_of(submission), submission.body.sha256
        if (known := await self._known(keys, sha256)) is not None:
            return known
        examination = overdue(submission, examination)
        if can_wait(examination):
            try:
                return await self._park(submission, examination)
            except NoRoomError:
                examination = with_findings(examination, [NoRoomToParkError(member=submission.caller.id)])
            except KeyConflictError as conflict:
                examination = with_findings(examination, [contradicted(submission, conflict)])
            except StillParkedError:
                # The same body came at the same time and was faster.
                if (known := await self._known(keys, sha256)) is not None:
                    return known
                examination = with_findings(examination, [OverloadedError(reason=_BEING_DECIDED)])
        elif examination.outcome is Outcome.ACCEPTED:
            examination = with_findings(examination, [OverloadedError(reason=_BEING_DECIDED)])
        event = entries.not_accepted(submission.body, examination, member_id=submission.caller.id)
        await self._store.parked.refuse_at_once(event, sha256=sha256, steady=examination.steady)
        self._bell.ring(LOG)
        self.count(submission.kind, examination)
        raise NotAcceptedError(examination, document_id=event.document_id)

    async def _known(self, keys: Sequence[IdempotencyKey], sha256: str) -> Accepted | Parked | None:
        first = await self._store.documents.replay(keys, sha256)
        return first or await self._store.parked.waiting_under(keys, sha256)

    async def _park(self, submission: Submission, examination: Examination) -> Parked:
        """Keep a document that could not be decided, in one commit after a big body is durable.

        Raises:
            NoRoomError: its system has enough parked.
            KeyConflictError: other bytes go by its names.
            StillParkedError: the same bytes came at the same time and were faster.

        """
        item = parking(
            examination,
            submission.body,
            member_id=submission.caller.id,
            credential_id=submission.credential_id,
            key=submission.key,
            keys=partial(keys_of, submission),
            terms=self._terms,
            deliver_by=submission.deliver_by,
        )
        if item.body is None:
            await self._payloads.set_aside(await source_of(self._payloads, submission.body), item.parked.id)
        try:
            parked = await self._store.parked.park(item)
        except (NoRoomError, KeyConflictError, StillParkedError):
            await self._payloads.drop(item.parked.id)
            raise
        self._bell.ring(LOG)
        self.count(submission.kind, examination)
        return parked

    def count(self, kind: MessageKind, examination: Examination) -> None:
        """Count an examination by its outcome."""
        decisive = examination.decisive
        self._metrics.examined.labels(
            kind.value, examination.outcome.value, decisive.code if decisive else ""
        ).inc()
