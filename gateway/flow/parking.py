"""Parking: which documents are kept although they could not be decided, for how long, and as what.

A document waits only for data that may come by itself: revocation data, trust anchors (ETSI EN 319 102-1, TRY_LATER). Whatever
else speaks against it, refuses it or leaves it undecided without being kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from uuid_utils import uuid7

from certs.indication import SubIndication
from gateway.flow import entries_parking
from gateway.flow.correspondence import with_findings
from gateway.flow.errors_parking import UndecidedTooLongError
from gateway.flow.examination import Examination, Outcome
from gateway.flow.findings import Level
from gateway.flow.spool import SMALL, Spooled
from gateway.flow.summary import summary
from gateway.parked import Parked, ParkedItem, ParkedState, Parking, Road, Room
from gateway.records import Event, IdempotencyKey, Incoming, Json
from schemas.document import Document

FIRST_TRY: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For how long a document is kept, and how much of them for one member."""

    keep: timedelta
    room: Room


class _Keys(Protocol):
    """Names the keys of a body, given who its sender is and how it names itself."""

    def __call__(self, *, sender: str, document_id: str) -> tuple[IdempotencyKey, ...]: ...


def can_wait(examination: Examination) -> bool:
    """Say whether nothing is wrong with a document but that data on its signature is missing that may come."""
    if examination.outcome is not Outcome.UNDECIDED or not isinstance(examination.message, Document):
        return False
    if examination.verdict is None or examination.sender is None:
        return False
    awaited = {
        error.code for error in examination.verdict.errors if error.sub_indication is SubIndication.TRY_LATER
    }
    return all(
        finding.code in awaited for finding in examination.findings if finding.level is Level.UNDECIDED
    )


def pause(attempts: int) -> timedelta:
    """Return how long a document waits after so many attempts if nothing changes: a minute, doubled up to an hour."""
    return min(FIRST_TRY * (1 << min(max(attempts, 0), _DOUBLINGS)), LONGEST_PAUSE)


def why(examination: Examination) -> Mapping[str, Json]:
    """Return the deciding finding as it is kept with a parked document."""
    if examination.decisive is None:
        raise AssertionError("an examination that did not accept has a decisive finding")
    return examination.decisive.as_json()


def too_late(item: ParkedItem, examination: Examination) -> Examination:
    """Refuse what is still undecided after the time for which it is kept."""
    decisive = examination.decisive
    until = item.parked.keep_until.isoformat(timespec="seconds")
    error = UndecidedTooLongError(reason=decisive.code if decisive else "", until=until)
    return with_findings(examination, [error])


def parking(
    examination: Examination,
    body: Spooled,
    *,
    member_id: str,
    credential_id: str,
    key: str | None,
    keys: _Keys,
    terms: Terms,
    deliver_by: datetime | None = None,
) -> Parking:
    """Put together what is kept of a document that was handed in and can wait, at the longest until its deadline."""
    if deliver_by is not None:
        left = timedelta(seconds=int((deliver_by - examination.at).total_seconds()))
        terms = replace(terms, keep=min(terms.keep, left))
    parked = _parked(examination, body, member_id=member_id, terms=terms)
    event = entries_parking.parked(
        body,
        examination,
        document_id=parked.id,
        member_id=member_id,
        credential_id=credential_id,
        keep_s=int(terms.keep.total_seconds()),
        deliver_by=deliver_by,
    )
    return Parking(
        parked=parked,
        credential_id=credential_id,
        key=key,
        keys=keys(sender=parked.sender_code, document_id=parked.document_id),
        body=body.memory if body.size <= SMALL else None,
        queue=None,
        room=terms.room,
        events=(event,),
        deliver_by=deliver_by,
    )


def _parked(examination: Examination, body: Spooled, *, member_id: str, terms: Terms) -> Parked:
    document, sender = examination.message, examination.sender
    if not isinstance(document, Document) or sender is None:
        raise AssertionError("only a document whose sender is known can wait")
    facts = summary(document)
    return Parked(
        id=str(uuid7()),
        road=Road.INTAKE,
        state=ParkedState.PARKED,
        member_id=member_id,
        sender_code=sender.agency.code,
        sender_as_sent=sender.as_sent,
        document_id=facts["document_id"],
        number=facts["number"],
        subject=facts["subject"],
        sha256=body.sha256,
        size=body.size,
        **_times(examination.at, terms),
        attempts=0,
        reason=why(examination),
        decided_at=None,
    )


def arrival_parking(
    incoming: Incoming,
    examination: Examination,
    *,
    delivery_id: str,
    member_id: str,
    sha256: str,
    size: int,
    event: Event,
    terms: Terms,
) -> Parking:
    """Put together what is kept of an arrival that could not be decided: its envelope, as it came."""
    parked = Parked(
        id=delivery_id,
        road=Road.ARRIVAL,
        state=ParkedState.PARKED,
        member_id=member_id,
        sender_code="",
        sender_as_sent="",
        document_id="",
        number="",
        subject="",
        sha256=sha256,
        size=size,
        **_times(examination.at, terms),
        attempts=0,
        reason=why(examination),
        decided_at=None,
    )
    return Parking(
        parked=parked,
        credential_id=None,
        key=None,
        keys=(),
        body=incoming.body,
        queue=incoming.queue,
        room=terms.room,
        events=(event,),
    )


def _times(at: datetime, terms: Terms) -> dict[str, datetime]:
    return {"received_at": at, "keep_until": at + terms.keep, "next_at": at + FIRST_TRY}
