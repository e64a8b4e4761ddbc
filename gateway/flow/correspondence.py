"""What a message speaks of: a status of a document; a recall, update or replacement of one; an answer to one.

Runs after the examination, because only the store knows what passed between two agencies. Where a message is accepted, these
rules refuse it (QCVN 102, Bussiness and status messages):

- a status speaks of a document that passed between exactly these two agencies; 13 comes from its sender, the others from a
  recipient; 15 and 16 answer a request; a status that comes late, again or out of order is taken as history, with a warning;
- a recall, update or replacement speaks of documents that the same agency sent; a recall goes only to agencies that got the
  document; a recall cannot be recalled.

A body speaks for those that it follows (`routing.lineage`): after a cut-over the successor answers, recalls and hears what was
sent to or by the body before, under its own code. A code that meant another body when the document passed gives no such right.

Where it arrives, the sending gateway has applied them, with more knowledge: what is recalled may have been refused here, or be
on its way still. There only a status needs its document; everything else is linked to what is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
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
from routing.agencies import Directory
from routing.lineage import Line, line_of
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
        at=examination.codes_at,
        line=line_of(sender.agency, directory=directory, at=examination.codes_at),
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
    at = message.accepted_at
    agency = directory.agency(message.sender_code, at)
    if agency is None:
        return Correspondence()
    line = line_of(agency, directory=directory, at=at)
    inquiry = _Inquiry(
        documents=documents, directory=directory, at=at, line=line, recipients=(), arriving=True
    )
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
    """The search for what one message speaks of: by whom it was sent, to whom it goes, and what was found so far.

    `line` is its sender with those that it follows, as of `at`.
    """

    documents: Documents
    directory: Directory
    at: datetime
    line: Line
    recipients: tuple[str, ...]
    arriving: bool
    found: Correspondence = field(default_factory=Correspondence)

    async def status(self, status: StatusMessage) -> None:
        """Find the document of a status: it must have passed between exactly these two agencies, or those that they follow."""
        listener = self._line(self.recipients[0])
        asks_back = status.status_code in SENT_BY_SENDER
        sender, recipient = (self.line, listener) if asks_back else (listener, self.line)
        document = await self._find(status.response_for, sender=sender, recipient=recipient)
        if document is None:
            named = status.response_for.document_id[:SHOWN]
            self.found.lacks(
                UnknownCorrespondenceError(
                    document_id=named, sender=sender.codes[0], recipient=recipient.codes[0]
                )
            )
            return
        self.found.answered = document
        self.found.add(Relation.ANSWERS, document)
        mentions = await self.documents.mentions([document.id], speakers=recipient.codes)
        same = dict.fromkeys(recipient.codes, recipient.codes[0])
        course = courses(mentions.get(document.id, ()), same=same).get(recipient.codes[0], Course())
        self._weigh(status, course.progress)

    async def reference(self, reference: Reference) -> None:
        """Find a document that another one answers, recalls, updates or replaces."""
        issuer = _canonical(reference.organ_id, self.directory)
        if reference.relation is Relation.ANSWERS:
            # Whoever was no part of a correspondence cannot attach anything to it.
            recipient = None if issuer in self.line.codes else self.line
            document = (
                await self._find(reference, sender=self._line(issuer), recipient=recipient)
                if issuer
                else None
            )
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
        facts: dict[str, Any] = {"document_id": reference.document_id[:SHOWN], "sender": self.line.codes[0]}
        if reference.organ_id and issuer not in self.line.codes:
            return None, NotItsSenderError(**facts)
        return await self._find(reference, sender=self.line), UnknownReferenceError(**facts)

    async def _against_recall(self, document: Message) -> list[GatewayError]:
        """Say what speaks against recalling a document from these recipients."""
        named = document.document_id[:SHOWN]
        reached = {delivery.code for delivery in await self.documents.deliveries(document.id)}
        faults: list[GatewayError] = [
            NeverSentToError(document_id=named, recipient=code)
            for code in self.recipients
            if not reached.intersection(self._meant(self._line(code), document))
        ]
        if document.business_type == RECALL:
            faults.insert(0, RecallOfRecallError(document_id=named))
        return faults

    async def _find(
        self, named: Reference | ResponseFor, *, sender: Line, recipient: Line | None = None
    ) -> Message | None:
        sought = Sought(
            senders=sender.codes,
            recipients=None if recipient is None else recipient.codes,
            document_id=named.document_id,
            number=named.code,
            promulgation_date=named.promulgation_date,
        )
        document = await self.documents.correspondence(sought)
        if document is None or document.sender_code not in self._meant(sender, document):
            return None
        if recipient is None or (meant := self._meant(recipient, document)) == recipient.codes:
            return document
        # One of these codes meant another body then: what went to that one alone is none of theirs.
        return await self.documents.correspondence(replace(sought, recipients=meant))

    def _line(self, code: str) -> Line:
        """Return the body that bears a code, or that bore it last, with those that it follows."""
        agency = self.directory.agency(code, self.at) or self.directory.versions(code)[-1]
        return line_of(agency, directory=self.directory, at=self.at)

    def _meant(self, line: Line, document: Message) -> tuple[str, ...]:
        """Return the codes that meant one of these bodies when a document was accepted."""
        return tuple(
            code
            for code in line.codes
            if line.includes(code, directory=self.directory, at=document.accepted_at)
        )


def _canonical(text: str | None, directory: Directory) -> str | None:
    """Return the canonical form of a code, whether it is in force or not; None for what names no agency."""
    try:
        return None if not text else directory.canonical(AgencyCode.parse(text))
    except BadAgencyCode:
        return None
