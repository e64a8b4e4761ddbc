"""The routing-log entries that the flow writes: every acceptance, refusal and arrival with what it rested on.

Nothing personal is in them: no subject, no names, no addresses of callers. The store chains them and stamps the time
(`routing.log`); entries for single state changes (`broker_confirmed`, `fetched`, …) are made where the change is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from uuid_utils import uuid7

from gateway.errors import GatewayError
from gateway.flow.correspondence import Correspondence
from gateway.flow.examination import Examination, Outcome
from gateway.flow.grounds import decision
from gateway.flow.progress import claimed_time
from gateway.flow.spool import Spooled
from gateway.flow.stated import Manifest, Receipt, Stage, milliseconds
from gateway.records import Delivery, Event, Incoming, Json, Link, Message, MessageKind, Recipient
from routing.log import Kind
from schemas.references import Relation

ROUTES_PER_ENTRY = 300
"""Keeps an entry below the size that a leaf may have; further routes of the same document follow in `routed` entries."""

CODES_PER_ENTRY = 50
"""The most finding codes that a refusal names."""

_RECEIPT_KINDS = {
    Stage.RECEIVED: Kind.DELIVERED_RECEIPT,
    Stage.REFUSED: Kind.REFUSED_RECEIPT,
    Stage.ACKNOWLEDGED: Kind.ACKNOWLEDGED_RECEIPT,
}


def accepted(
    message: Message, recipients: Sequence[Recipient], examination: Examination, *, credential_id: str
) -> tuple[Event, ...]:
    """Record an acceptance: the decision, its evidence, and every route.

    The store adds what only its transaction knows: each route's `flow_seq`, and when the deliveries expire.
    """
    routes = iter(recipients)
    first = Event(
        kind=Kind.ACCEPTED,
        document_id=message.id,
        fields={
            "message": message.kind.value,
            "sender": message.sender_code,
            "sender_as_sent": message.sender_as_sent,
            "member": message.member_id,
            "credential": credential_id,
            "recipients_total": len(recipients),
            **_routes(list(islice(routes, ROUTES_PER_ENTRY))),
            **_status(message),
            **({"priority": message.priority} if message.priority else {}),
            **decision(examination, message.sha256, message.size),
        },
    )
    further = []
    while chunk := list(islice(routes, ROUTES_PER_ENTRY)):
        further.append(Event(kind=Kind.ROUTED, document_id=message.id, fields=_routes(chunk)))
    return (first, *further)


def not_accepted(body: Spooled, examination: Examination, *, member_id: str) -> Event:
    """Record a refusal, or that no decision was possible."""
    kind = Kind.REJECTED if examination.outcome is Outcome.REFUSED else Kind.UNDECIDED
    fields = not_taken(body.sha256, body.size, examination, member_id=member_id)
    return Event(kind=kind, document_id=str(uuid7()), fields=fields)


def request_refused(
    error: GatewayError, *, resource: str, credential_id: str | None, suppressed: int = 0
) -> Event:
    """Record a request that was refused before anything could be examined; `suppressed` counts those not recorded before it."""
    fields: dict[str, Json] = {"reason": error.code, "resource": resource}
    if credential_id is not None:
        fields["credential"] = credential_id
    if suppressed:
        fields["suppressed"] = suppressed
    return Event(kind=Kind.REJECTED, document_id=str(uuid7()), fields=fields)


def arrived(
    manifest: Manifest, message: Message, recipient: Recipient, examination: Examination
) -> tuple[Event, ...]:
    """Record what the second examination said."""
    if examination.outcome is not Outcome.ACCEPTED:
        return (_arrival_not_taken(Kind.ARRIVAL_REFUSED, manifest, examination),)
    arrival = Event(
        kind=Kind.ARRIVED,
        document_id=message.id,
        fields={
            "message": message.kind.value,
            "gateway": manifest.gateway,
            "sender": message.sender_code,
            "recipient": recipient.code,
            "member": recipient.member_id,
            "delivery": recipient.delivery_id,
            **_resolved(recipient),
            **decision(examination, message.sha256, message.size),
        },
    )
    return (arrival,)


def _resolved(recipient: Recipient) -> dict[str, Json]:
    """Return who took over from the addressee, when people chose that if they did, and the number in the flow."""
    facts: dict[str, Json] = {}
    if recipient.resolved_code is not None:
        facts["resolved_code"] = recipient.resolved_code
    if recipient.chosen_at is not None:
        facts["chosen_t"] = milliseconds(recipient.chosen_at)
    if recipient.flow_seq is not None:
        facts["flow_seq"] = recipient.flow_seq
    return facts


def links(message: Message, correspondence: Correspondence) -> tuple[Link, ...]:
    """Make the links of a message to the documents it speaks of, each with the entry for that document's history."""
    return tuple(
        Link(
            about=document.id, relation=relation, event=_spoken_of(message, relation, document_id=document.id)
        )
        for (relation, _), document in correspondence.spoken_of.items()
    )


def arrival_undecided(manifest: Manifest, examination: Examination) -> Event:
    """Record that an arrival could not be decided; it is parked, and without a receipt it comes again, too."""
    return _arrival_not_taken(Kind.ARRIVAL_UNDECIDED, manifest, examination)


def receipt_came(receipt: Receipt, delivery: Delivery, *, sha256: str) -> Event:
    """Record the receiving side's word on a delivery; `sha256` is that of the signed receipt."""
    fields: dict[str, Json] = {
        "recipient": delivery.code,
        "delivery": delivery.id,
        "gateway": receipt.gateway,
        "receipt_sha256": sha256,
        "receipt_t": milliseconds(receipt.at),
    }
    if receipt.reason is not None:
        fields["reason"] = receipt.reason
    return Event(kind=_RECEIPT_KINDS[receipt.stage], document_id=delivery.message_id, fields=fields)


def dead_letter(incoming: Incoming, error: GatewayError, *, sha256: str) -> Event:
    """Record an axis message that no registered gateway vouches for; it is kept in the dead letters."""
    return Event(
        kind=Kind.MESSAGE_DISCARDED,
        fields={"reason": error.code, "queue": incoming.queue, "payload_sha256": sha256},
    )


def not_taken(sha256: str, size: int, examination: Examination, *, member_id: str) -> dict[str, Json]:
    """Return what is said of bytes that were not accepted: the reason, all codes, and what it rested on."""
    decisive = examination.decisive
    fields: dict[str, Json] = {
        "reason": decisive.code if decisive else "unknown",
        "codes": _codes(examination),
        "member": member_id,
        **decision(examination, sha256, size),
    }
    if decisive is not None and decisive.line is not None:
        fields["line"] = decisive.line
    if examination.sender is not None:
        fields["sender"] = examination.sender.agency.code
    return fields


def _arrival_not_taken(kind: Kind, manifest: Manifest, examination: Examination) -> Event:
    decisive = examination.decisive
    return Event(
        kind=kind,
        document_id=manifest.message_id,
        fields={
            "gateway": manifest.gateway,
            "recipient": manifest.recipient_code,
            "delivery": manifest.delivery_id,
            "reason": decisive.code if decisive else "unknown",
            "codes": _codes(examination),
            **decision(examination, manifest.sha256, manifest.size),
        },
    )


def _codes(examination: Examination) -> list[str]:
    return sorted({finding.code for finding in examination.findings})[:CODES_PER_ENTRY]


def _routes(recipients: Sequence[Recipient]) -> dict[str, Json]:
    return {
        "recipients": [recipient.code for recipient in recipients],
        "routes": [
            {
                "code": each.code,
                "as_sent": each.as_sent,
                "member": each.member_id,
                "delivery": each.delivery_id,
            }
            for each in recipients
        ],
    }


def _status(message: Message) -> dict[str, Json]:
    if message.about is None or message.status_code is None:
        return {}
    return {"about": message.about, "status_code": message.status_code}


def _spoken_of(message: Message, relation: Relation, *, document_id: str) -> Event:
    """Record what one message says of another document: whether a reason was given, but not the reason."""
    fields: dict[str, Json]
    if message.kind is MessageKind.EDOC:
        fields = {
            "message": message.id,
            "relation": relation.value,
            "reason_given": message.reason is not None,
        }
        fields["business_type"] = message.business_type or 0
    else:
        fields = {"status_message": message.id, "status_code": message.status_code}
        fields |= {"stated_t": milliseconds(claimed_time(message)), "reason_given": bool(message.subject)}
    kind = Kind.REFERRED if message.kind is MessageKind.EDOC else Kind.STATUS
    return Event(kind=kind, document_id=document_id, fields={"sender": message.sender_code, **fields})
