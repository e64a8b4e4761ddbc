"""Intake: a received body becomes an acceptance in one commit, or a refusal in the log; nothing in between.

The order is: examine, build everything, make a big body durable, commit. Only after the commit may anyone hear 201 (design
promise 2). A refusal is a log entry too (promise 3).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from uuid_utils import uuid7

from gateway.errors import (
    DocumentIdReusedError,
    GatewayError,
    KeyReusedError,
    RegistryBusyError,
)
from gateway.flow import entries
from gateway.flow.correspondence import Correspondence, correspond, with_findings
from gateway.flow.examination import Examination, Outcome, examine
from gateway.flow.notifying import LOG, OUTBOX, Bell
from gateway.flow.spool import SMALL, Spooled
from gateway.flow.summary import summary
from gateway.ports import (
    Clock,
    KeyConflictError,
    Payloads,
    PdfReader,
    StaleRegistryError,
    Store,
    TrustSource,
)
from gateway.records import (
    Acceptance,
    Accepted,
    CertificateUse,
    IdempotencyKey,
    Message,
    MessageKind,
    Recipient,
)
from gateway.telemetry import Metrics
from routing.agencies import Member
from routing.resolve import Resolved
from schemas.document import Document, StatusMessage

ATTEMPTS = 5
"""How often a message is examined again because the registry changed meanwhile."""


class NotAcceptedError(Exception):
    """The message was refused or could not be decided; the examination says why.

    `document_id` is the id of the history in the log that says so, once it stands there.
    """

    def __init__(self, examination: Examination, *, document_id: str | None = None) -> None:
        super().__init__(examination.outcome)
        self.examination = examination
        self.document_id = document_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A body as it came in: who brought it, what kind it should be, and the caller's Idempotency-Key if any."""

    body: Spooled
    kind: MessageKind
    caller: Member
    credential_id: str
    key: str | None


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
        pdf: PdfReader | None = None,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._payloads = payloads
        self._trust = trust
        self._clock = clock
        self._executor = executor
        self._bell = bell
        self._metrics = metrics
        self._pdf = pdf

    async def check(self, submission: Submission) -> Examination:
        """Examine a submission against the current registry and trust, and change nothing."""
        return await self.examine(submission.body, expect=submission.kind, caller=submission.caller)

    async def examine(self, body: Spooled, *, expect: MessageKind | None, caller: Member) -> Examination:
        """Examine a body that a member brought, of the kind expected or (None) of either, and change nothing."""
        directory = await self._store.registry.directory()
        job = partial(
            examine,
            body.source,
            expect=expect,
            caller=caller,
            directory=directory,
            trust=self._trust.trust(),
            at=self._clock(),
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

    async def submit(self, submission: Submission) -> Accepted:
        """Examine and, if nothing speaks against it, commit; a retry gets the first answer again.

        Raises:
            NotAcceptedError: refused or undecided; the log holds the entry.

        """
        examination = await self.check(submission)
        for _ in range(ATTEMPTS):
            if examination.outcome is not Outcome.ACCEPTED:
                return await self._replay_or_refuse(submission, examination)
            try:
                accepted = await self._accept(submission, examination)
            except StaleRegistryError:
                examination = await self.check(submission)
            except NotAcceptedError as refused:
                return await self._replay_or_refuse(submission, refused.examination)
            except GatewayError as error:
                return await self._refuse(submission, with_findings(examination, [error]))
            else:
                self._count(submission, examination)
                return accepted
        return await self._refuse(submission, with_findings(examination, [RegistryBusyError()]))

    async def _accept(self, submission: Submission, examination: Examination) -> Accepted:
        directory = await self._store.registry.directory()
        found = await correspond(self._store.documents, examination, directory, arriving=False)
        examination = with_findings(examination, found.faults, warnings=found.warnings)
        if examination.outcome is not Outcome.ACCEPTED:
            raise NotAcceptedError(examination)
        acceptance = self._acceptance(submission, examination, found)
        if acceptance.body is None:
            await self._make_durable(submission.body)
        try:
            accepted = await self._store.documents.accept(acceptance)
        except KeyConflictError as conflict:
            error = DocumentIdReusedError if conflict.scope == "document-id" else KeyReusedError
            raise error(message_id=conflict.message_id) from None
        self._bell.ring(OUTBOX)
        self._bell.ring(LOG)
        return accepted

    async def _make_durable(self, body: Spooled) -> None:
        if body.memory is not None:
            await self._payloads.put(body.memory, body.sha256)
        elif body.path is not None:
            await self._payloads.adopt(body.path, body.sha256)

    def _acceptance(
        self, submission: Submission, examination: Examination, found: Correspondence
    ) -> Acceptance:
        content, sender = examination.message, examination.sender
        if content is None or sender is None:
            raise AssertionError("an accepted examination has a message and a sender")
        message = self._message(submission, examination, content, sender, about=found.about)
        recipients = tuple(
            Recipient(
                delivery_id=str(uuid7()),
                code=delivery.code,
                as_sent=delivery.as_sent,
                member_id=delivery.member,
                queue=delivery.queue,
            )
            for delivery in examination.deliveries
        )
        return Acceptance(
            message=message,
            recipients=recipients,
            body=submission.body.memory if submission.body.size <= SMALL else None,
            keys=_keys(submission, message),
            events=entries.accepted(message, recipients, examination, credential_id=submission.credential_id),
            links=entries.links(message, found),
            evidence=entries.evidence(examination),
            signed_with=_signed_with(examination, sender),
        )

    def _message(
        self,
        submission: Submission,
        examination: Examination,
        content: Document | StatusMessage,
        sender: Resolved,
        *,
        about: str | None,
    ) -> Message:
        return Message(
            id=str(uuid7()),
            kind=submission.kind,
            about=about,
            gateway=self._gateway,
            member_id=submission.caller.id,
            sender_code=sender.agency.code,
            sender_as_sent=sender.as_sent,
            accepted_at=examination.at,
            sha256=submission.body.sha256,
            size=submission.body.size,
            registry_version=examination.registry_version,
            verdict=entries.verdict_facts(examination),
            **summary(content),
        )

    async def _replay_or_refuse(self, submission: Submission, examination: Examination) -> Accepted:
        """Answer a retry of what was accepted before, even if it would not pass any more; refuse anything else."""
        first = await self._store.documents.replay(_keys(submission, None), submission.body.sha256)
        return first or await self._refuse(submission, examination)

    async def _refuse(self, submission: Submission, examination: Examination) -> Accepted:
        event = entries.not_accepted(submission.body, examination, member_id=submission.caller.id)
        await self._store.log.append([event])
        self._bell.ring(LOG)
        self._count(submission, examination)
        raise NotAcceptedError(examination, document_id=event.document_id)

    def _count(self, submission: Submission, examination: Examination) -> None:
        decisive = examination.decisive
        self._metrics.examined.labels(
            submission.kind.value, examination.outcome.value, decisive.code if decisive else ""
        ).inc()


def _signed_with(examination: Examination, sender: Resolved) -> CertificateUse | None:
    signer = examination.verdict.signer if examination.verdict is not None else None
    if signer is None:
        return None
    return CertificateUse(entity_id=sender.agency.entity_id, certificate_sha256=signer.certificate_sha256)


def _keys(submission: Submission, message: Message | None) -> tuple[IdempotencyKey, ...]:
    """Name what this body must never contradict: the caller's key, the body itself, and a document's own identity."""
    owner = submission.caller.id
    keys = [IdempotencyKey(scope="body", owner=owner, key=submission.body.sha256)]
    if submission.key is not None:
        keys.append(IdempotencyKey(scope="key", owner=owner, key=submission.key))
    if message is not None and message.kind is MessageKind.EDOC:
        keys.append(IdempotencyKey(scope="document-id", owner=message.sender_code, key=message.document_id))
    return tuple(keys)
