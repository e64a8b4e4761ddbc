"""What a message speaks of: a status of a document; a recall, update or replacement of one; an answer to one.

Runs after the examination, because only the store knows what passed between two agencies. Where a message is accepted, these
rules refuse it (QCVN 102, Bussiness and status messages):

- a status speaks of a document that passed between exactly these two agencies; 13 comes from its sender, the others from a
  recipient; 15 and 16 answer a request; a status that comes late, again or out of order is taken as history, with a warning;
- a recall, update or replacement speaks of documents that the same agency sent; a recall goes only to agencies that got the
  document; a recall cannot be recalled.

Where it arrives, the sending gateway has applied them, with more knowledge: what is recalled may have been refused here, or be
on its way still. There only a status needs its document; everything else is linked to what is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.errors import GatewayError
from gateway.flow.errors import (
    NeverSentToError,
    NothingToAnswerError,
    NotItsSenderError,
    OutOfOrderError,
    RecallOfRecallError,
    UnknownCorrespondenceError,
    UnknownReferenceError,
)
from gateway.flow.examination import Examination, Outcome
from gateway.flow.findings import Finding, Level
from gateway.flow.progress import Course, courses
from gateway.flow.summary import stated_references
from gateway.mentions import Sought
from gateway.ports import Documents
from gateway.records import Message
from routing.agencies import Agency, Directory
from schemas.codelists import RECALL, SENT_BY_SENDER, STATUS_CODES
from schemas.codes import AgencyCode
from schemas.document import Document, ResponseFor, StatusMessage
from schemas.errors import BadAgencyCode
from schemas.lifecycle import Effect, Progress, advance, answers_nothing
from schemas.references import Reference, Relation, references

SHOWN = 80
"""Characters of a DocumentId that a finding shows."""

_WHY = {
    Effect.REPEATED: ("đã biết trước đó", "it was known already"),
    Effect.LATE: ("văn bản đã ở bước sau", "the document is further than that"),
    Effect.CLOSED: ("quá trình tại nơi nhận đã kết thúc", "its way at this recipient has ended"),
}


@dataclass(slots=True, kw_only=True)
class Correspondence:
    """What was found: the documents spoken of, and what speaks against the message or is worth a warning.

    `answered` is the document of a status. `is_complete` is False while a document that is named is not known here.
    """

    answered: Message | None = None
    spoken_of: dict[tuple[Relation, str], Message] = field(default_factory=dict)
    faults: list[GatewayError] = field(default_factory=list)
    warnings: list[GatewayError] = field(default_factory=list)
    is_complete: bool = True

    @property
    def about(self) -> str | None:
        """The id of the document of which a status speaks."""
        return self.answered.id if self.answered else None

    def add(self, relation: Relation, found: Message) -> None:
        """Note a document that is spoken of, once in each relation."""
        self.spoken_of[relation, found.id] = found

    def lacks(self, fault: GatewayError | None = None) -> None:
        """Note that a document is not known here, and that this speaks against the message if it does."""
        self.is_complete = False
        if fault is not None:
            self.faults.append(fault)


async def correspond(
    documents: Documents, examination: Examination, directory: Directory, *, arriving: bool
) -> Correspondence:
    """Find what an accepted examination's message speaks of, and apply the rules; `arriving` says on which side this is."""
    message, sender = examination.message, examination.sender
    if sender is None or not examination.deliveries:
        return Correspondence()
    inquiry = _Inquiry(
        documents=documents,
        directory=directory,
        agency=sender.agency,
        recipients=tuple(delivery.code for delivery in examination.deliveries),
        arriving=arriving,
    )
    if isinstance(message, StatusMessage):
        await inquiry.status(message)
    elif isinstance(message, Document):
        for reference in references(message):
            await inquiry.reference(reference)
    return inquiry.found


async def correspond_late(documents: Documents, message: Message, directory: Directory) -> Correspondence:
    """Find what a document speaks of that arrived before, with what is known by now."""
    agency = directory.agency(message.sender_code, message.accepted_at)
    if agency is None:
        return Correspondence()
    inquiry = _Inquiry(documents=documents, directory=directory, agency=agency, recipients=(), arriving=True)
    for reference in stated_references(message):
        await inquiry.reference(reference)
    return inquiry.found


def with_findings(
    examination: Examination, faults: Sequence[GatewayError], *, warnings: Sequence[GatewayError] = ()
) -> Examination:
    """Add what only the store could tell to an examination, and decide anew."""
    added = (
        *(Finding.of(fault) for fault in faults),
        *(Finding.of(warning, level=Level.WARNING) for warning in warnings),
    )
    outcome = examination.outcome
    levels = {finding.level for finding in added}
    if Level.REFUSE in levels:
        outcome = Outcome.REFUSED
    elif Level.UNDECIDED in levels:
        outcome = Outcome.UNDECIDED
    return replace(examination, outcome=outcome, findings=(*examination.findings, *added))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inquiry:
    """The search for what one message speaks of: by whom it was sent, to whom it goes, and what was found so far."""

    documents: Documents
    directory: Directory
    agency: Agency
    recipients: tuple[str, ...]
    arriving: bool
    found: Correspondence = field(default_factory=Correspondence)

    async def status(self, status: StatusMessage) -> None:
        """Find the document of a status: it must have passed between exactly these two agencies."""
        speaker, listener = self.agency.code, self.recipients[0]
        asks_back = status.status_code in SENT_BY_SENDER
        sender, recipient = (speaker, listener) if asks_back else (listener, speaker)
        document = await self._find(status.response_for, sender=sender, recipient=recipient)
        if document is None:
            named = status.response_for.document_id[:SHOWN]
            self.found.lacks(
                UnknownCorrespondenceError(document_id=named, sender=sender, recipient=recipient)
            )
            return
        self.found.answered = document
        self.found.add(Relation.ANSWERS, document)
        mentions = await self.documents.mentions([document.id], speakers=[recipient])
        course = courses(mentions.get(document.id, ())).get(recipient, Course())
        self._weigh(status, course.progress)

    async def reference(self, reference: Reference) -> None:
        """Find a document that another one answers, recalls, updates or replaces."""
        issuer = _canonical(reference.organ_id, self.directory)
        if reference.relation is Relation.ANSWERS:
            # Whoever was no part of a correspondence cannot attach anything to it.
            recipient = None if issuer == self.agency.code else self.agency.code
            document = await self._find(reference, sender=issuer, recipient=recipient) if issuer else None
            fault: GatewayError | None = None
        else:
            document, fault = await self._own_document(reference, issuer)
        if document is None:
            self.found.lacks(None if self.arriving else fault)
            return
        self.found.add(reference.relation, document)
        if reference.relation is Relation.RECALLS and not self.arriving:
            self.found.faults.extend(await self._against_recall(document))

    def _weigh(self, status: StatusMessage, progress: Progress) -> None:
        """Hold a status against how far its document is."""
        code = status.status_code
        _, effect = advance(progress, code, at=status.timestamp)
        name = STATUS_CODES[code]
        facts: dict[str, Any] = {"status_code": code, "meaning_vi": name.vi, "meaning_en": name.en}
        if not self.arriving and effect is not Effect.REPEATED and answers_nothing(progress, code):
            self.found.faults.append(NothingToAnswerError(**facts))
        elif effect is not Effect.ADVANCED:
            why_vi, why_en = _WHY[effect]
            self.found.warnings.append(OutOfOrderError(why_vi=why_vi, why_en=why_en, **facts))

    async def _own_document(
        self, reference: Reference, issuer: str | None
    ) -> tuple[Message | None, GatewayError]:
        """Find a document that the speaker sent itself; the fault is for when there is none."""
        facts: dict[str, Any] = {"document_id": reference.document_id[:SHOWN], "sender": self.agency.code}
        if reference.organ_id and issuer != self.agency.code:
            return None, NotItsSenderError(**facts)
        document = await self._find(reference, sender=self.agency.code)
        if document is not None and not _was_sent_by(document, self.agency, self.directory):
            document = None
        return document, UnknownReferenceError(**facts)

    async def _against_recall(self, document: Message) -> list[GatewayError]:
        """Say what speaks against recalling a document from these recipients."""
        named = document.document_id[:SHOWN]
        reached = {delivery.code for delivery in await self.documents.deliveries(document.id)}
        faults: list[GatewayError] = [
            NeverSentToError(document_id=named, recipient=code)
            for code in self.recipients
            if code not in reached
        ]
        if document.business_type == RECALL:
            faults.insert(0, RecallOfRecallError(document_id=named))
        return faults

    async def _find(
        self, named: Reference | ResponseFor, *, sender: str, recipient: str | None = None
    ) -> Message | None:
        return await self.documents.correspondence(
            Sought(
                sender=sender,
                recipient=recipient,
                document_id=named.document_id,
                number=named.code,
                promulgation_date=named.promulgation_date,
            )
        )


def _was_sent_by(document: Message, agency: Agency, directory: Directory) -> bool:
    """Say whether the code under which a document was sent meant the same body then as now."""
    then = directory.agency(document.sender_code, document.accepted_at)
    return then is None or then.entity_id == agency.entity_id


def _canonical(text: str | None, directory: Directory) -> str | None:
    """Return the canonical form of a code, whether it is in force or not; None for what names no agency."""
    try:
        return None if not text else directory.canonical(AgencyCode.parse(text))
    except BadAgencyCode:
        return None
