"""The routing-log entries about documents that are parked, besides those of the decision that ends it."""

from __future__ import annotations

from datetime import datetime

from gateway.flow.entries import not_taken
from gateway.flow.examination import Examination
from gateway.flow.spool import Spooled
from gateway.flow.stated import milliseconds
from gateway.parked import Parked
from gateway.records import Event
from routing.log import Kind


def parked(
    body: Spooled,
    examination: Examination,
    *,
    document_id: str,
    member_id: str,
    credential_id: str,
    keep_s: int,
    deliver_by: datetime | None = None,
) -> Event:
    """Record that a document could not be decided and is kept for at most `keep_s` seconds, and its deadline if it has one."""
    deadline = {} if deliver_by is None else {"deliver_by_t": milliseconds(deliver_by)}
    return Event(
        kind=Kind.PARKED,
        document_id=document_id,
        fields={
            **not_taken(body.sha256, body.size, examination, member_id=member_id),
            "credential": credential_id,
            "keep_s": keep_s,
            **deadline,
        },
    )


def parked_refused(parked: Parked, examination: Examination) -> Event:
    """Record the refusal of a document that was parked; its first receipt is the `parked` entry before."""
    fields = not_taken(parked.sha256, parked.size, examination, member_id=parked.member_id)
    return Event(kind=Kind.REJECTED, document_id=parked.id, fields=fields)


def withdrawn(parked: Parked, *, credential_id: str) -> Event:
    """Record that the sender takes a parked document back."""
    fields = {
        "member": parked.member_id,
        "credential": credential_id,
        "payload_sha256": parked.sha256,
    }
    return Event(kind=Kind.WITHDRAWN, document_id=parked.id, fields=fields)
