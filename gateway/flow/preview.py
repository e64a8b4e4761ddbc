"""What submitting a message would come to: the examination, and all that only the store knows, without a trace.

It is the examination that would decide: by the database's clock where that matters. What others said to each other is nobody's
business: the store is asked only for a caller that may speak for the sender.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.errors import DocumentIdReusedError, GatewayError
from gateway.flow.correspondence import correspond, with_findings
from gateway.flow.examination import Examination, Outcome
from gateway.flow.intake import Intake
from gateway.flow.spool import Spooled
from gateway.mentions import Sought
from gateway.ports import Store
from routing.agencies import Member
from schemas.document import Document

_NOT_FOR_THEM: Final = "access."


async def preview(intake: Intake, store: Store, body: Spooled, *, caller: Member) -> Examination:
    """Examine a document or a status as if it were submitted, and gather every finding at once."""
    examination = await intake.examine(body, expect=None, caller=caller)
    now = await store.documents.now()
    if not examination.steady.holds(now):
        examination = await intake.examine(body, expect=None, caller=caller, at=now)
    if examination.sender is None or any(
        finding.code.startswith(_NOT_FOR_THEM) for finding in examination.findings
    ):
        return examination
    found = await correspond(store.documents, examination, await store.registry.directory(), arriving=False)
    faults = [*found.faults, *await _contradictions(store, body, examination)]
    told = with_findings(examination, faults, warnings=found.warnings)
    # A refusal stays one, whatever could not be decided besides.
    return replace(told, outcome=Outcome.REFUSED) if examination.outcome is Outcome.REFUSED else told


async def _contradictions(store: Store, body: Spooled, examination: Examination) -> list[GatewayError]:
    """Tell whether the sender used this DocumentId for other bytes before."""
    message, sender = examination.message, examination.sender
    if not isinstance(message, Document) or sender is None:
        return []
    first = await store.documents.correspondence(
        Sought(senders=(sender.agency.code,), document_id=message.document_id)
    )
    if first is None or first.sha256 == body.sha256:
        return []
    return [DocumentIdReusedError(message_id=first.id)]
