"""What is accepted: a submission, and everything that its acceptance commits at once.

Nothing here waits or decides; `gateway/flow/intake.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from uuid_utils import uuid7

from gateway.errors import DocumentIdReusedError, GatewayError, KeyReusedError
from gateway.flow import entries, grounds
from gateway.flow.correspondence import Correspondence, with_findings
from gateway.flow.errors_under_way import DeadlineInPastError
from gateway.flow.examination import Examination
from gateway.flow.spool import SMALL, Spooled
from gateway.flow.summary import summary
from gateway.parked import ParkedItem
from gateway.ports import DeadlinePassedError, KeyConflictError
from gateway.records import Acceptance, IdempotencyKey, Message, MessageKind, Recipient
from gateway.sighting import CertificateUse
from routing.agencies import Member
from routing.resolve import Resolved
from schemas.document import Document, StatusMessage


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
    """A body as it came in: who brought it, what kind it should be, and the caller's Idempotency-Key if any.

    `deliver_by` is until when it is to be delivered, if the caller said so. `parked` is set when the body was parked and is
    examined again.
    """

    body: Spooled
    kind: MessageKind
    caller: Member
    credential_id: str
    key: str | None
    deliver_by: datetime | None = None
    parked: ParkedItem | None = None


def keys_of(
    submission: Submission, *, sender: str | None = None, document_id: str = ""
) -> tuple[IdempotencyKey, ...]:
    """Name what a body must never contradict: the caller's key, the body itself, and a document's own identity if it is known."""
    owner = submission.caller.id
    keys = [IdempotencyKey(scope="body", owner=owner, key=submission.body.sha256)]
    if submission.key is not None:
        keys.append(IdempotencyKey(scope="key", owner=owner, key=submission.key))
    if sender is not None and submission.kind is MessageKind.EDOC:
        keys.append(IdempotencyKey(scope="document-id", owner=sender, key=document_id))
    return tuple(keys)


def acceptance(
    submission: Submission,
    examination: Examination,
    found: Correspondence,
    *,
    gateway: str,
    within: timedelta | None,
) -> Acceptance:
    """Put together what one commit holds of an accepted message; `gateway` is this gateway's name.

    Without a word of the caller it is to be delivered `within` so much time.
    """
    content, sender = examination.message, examination.sender
    if content is None or sender is None:
        raise AssertionError("an accepted examination has a message and a sender")
    message = _message(submission, examination, content, sender, about=found.about, gateway=gateway)
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
        keys=keys_of(submission, sender=message.sender_code, document_id=message.document_id),
        events=entries.accepted(message, recipients, examination, credential_id=submission.credential_id),
        links=entries.links(message, found),
        evidence=grounds.evidence(examination),
        signed_with=_signed_with(examination, sender),
        parked=None if submission.parked is None else submission.parked.fence,
        steady=examination.steady,
        deliver_by=submission.deliver_by,
        deliver_within=within,
    )


def _signed_with(examination: Examination, sender: Resolved) -> CertificateUse | None:
    signer = examination.verdict.signer if examination.verdict is not None else None
    if signer is None:
        return None
    return CertificateUse(entity_id=sender.agency.entity_id, certificate_sha256=signer.certificate_sha256)


def _message(
    submission: Submission,
    examination: Examination,
    content: Document | StatusMessage,
    sender: Resolved,
    *,
    about: str | None,
    gateway: str,
) -> Message:
    return Message(
        id=str(uuid7()) if submission.parked is None else submission.parked.parked.id,
        kind=submission.kind,
        about=about,
        gateway=gateway,
        member_id=submission.caller.id,
        sender_code=sender.agency.code,
        sender_as_sent=sender.as_sent,
        accepted_at=examination.at,
        sha256=submission.body.sha256,
        size=submission.body.size,
        registry_version=examination.registry_version,
        verdict=grounds.verdict_facts(examination),
        **summary(content),
    )


def contradicted(submission: Submission, error: KeyConflictError | DeadlinePassedError) -> GatewayError:
    """Say that it goes by the names of other bytes, or that the deadline which the caller named has passed."""
    if isinstance(error, DeadlinePassedError):
        deadline = submission.deliver_by or error.now
        return DeadlineInPastError(deadline=deadline.isoformat(), now=error.now.isoformat())
    named = DocumentIdReusedError if error.scope == "document-id" else KeyReusedError
    return named(message_id=error.message_id)


def overdue(submission: Submission, examination: Examination) -> Examination:
    """Refuse what could be decided later, but is to be delivered before now."""
    if submission.deliver_by is None or submission.deliver_by > examination.at:
        return examination
    late = DeadlinePassedError(examination.at)
    return with_findings(examination, [contradicted(submission, late)])
