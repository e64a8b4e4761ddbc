"""How records look on the wire: the one place that names the members of every JSON answer.

Moments are RFC 3339 in UTC with milliseconds, hashes lowercase hex. Members are always there; what is not known is null. The
shapes are described for callers in `openapi.yaml`, and the tests hold both against each other.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from aiohttp import web

from gateway.ports.log import LogRow
from gateway.records import Accepted, Delivery, InboxItem, Json, Message, Recipient
from routing.agencies import Agency, Member
from routing.delivery import DeliveryState
from routing.log import LogEntry


def answer(body: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type="application/json",
        headers=headers,
    )


def moment(value: datetime | None) -> str | None:
    """Write a moment."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def accepted(result: Accepted, *, receipt: Json) -> dict[str, Json]:
    """Write the answer to a submission, from stored facts only: a retry gets the very same bytes."""
    message = result.message
    verdict, warnings = _examined(message)
    return {
        "id": message.id,
        "kind": message.kind.value,
        "outcome": "accepted",
        "accepted_at": moment(message.accepted_at),
        "sha256": message.sha256,
        "size": message.size,
        "document_id": message.document_id,
        "number": message.number,
        "about": message.about,
        "status_code": message.status_code,
        "sender": _sender(message),
        "verdict": verdict,
        "warnings": warnings,
        "urgency": message.priority,
        "deliver_by": moment(message.deliver_by),
        "deliveries": [_first_delivery(recipient) for recipient in result.recipients],
        "receipt": receipt,
        "links": _links(message),
    }


def document(
    message: Message, deliveries: list[Json], timeline: list[Json], correspondence: dict[str, Json]
) -> dict[str, Json]:
    """Write all that is known of a document or status message; `correspondence` comes from `wire_progress`."""
    verdict, warnings = _examined(message)
    return {
        **_summary(message),
        "outcome": "accepted",
        "gateway": message.gateway,
        "registry_version": message.registry_version,
        "sender": _sender(message),
        "verdict": verdict,
        "warnings": warnings,
        "urgency": message.priority,
        "deliver_by": moment(message.deliver_by),
        "deliveries": deliveries,
        **correspondence,
        "timeline": timeline,
        "links": _links(message),
    }


def delivery(source: Delivery, progress: dict[str, Json]) -> dict[str, Json]:
    """Write how far a message got on its way to one recipient, and how far it is there."""
    return {
        "id": source.id,
        "code": source.code,
        "as_sent": source.as_sent,
        "resolved_code": source.resolved_code,
        "flow_seq": source.flow_seq,
        "member": source.member_id,
        "state": source.state.value,
        "state_vi": source.state.vi,
        "state_en": source.state.en,
        "final": source.state.is_final,
        "attempts": source.attempts,
        "reason": source.reason,
        "held_since": moment(source.held_since),
        "arrived_late": source.late_state.value if source.late_state else None,
        "updated_at": moment(source.updated_at),
        "progress": progress,
    }


def event(row: LogRow, entry: LogEntry, *, hide: frozenset[str] = frozenset()) -> dict[str, Json]:
    """Write one entry of a document's timeline without the fields named in `hide`."""
    return {
        "t": moment(entry.t),
        "kind": entry.kind.value,
        "index": row.index,
        "leaf_sha256": row.leaf_sha256,
        "seq": entry.seq,
        **{name: value for name, value in entry.fields.items() if name not in hide},
    }


def inbox_item(item: InboxItem, correspondence: dict[str, Json]) -> dict[str, Json]:
    """Write one message in an inbox; `correspondence` comes from `wire_progress`."""
    base = f"/v1/inbox/{item.id}"
    return {
        "id": item.id,
        "kind": item.message.kind.value,
        "document": _summary(item.message),
        "urgency": item.message.priority,
        "flow_seq": item.recipient.flow_seq,
        "recipient": {
            "code": item.recipient.code,
            "as_sent": item.recipient.as_sent,
            "resolved_code": item.recipient.resolved_code,
        },
        "sender": _sender(item.message),
        "arrived_at": moment(item.arrived_at),
        "fetched_at": moment(item.fetched_at),
        "acknowledged_at": moment(item.acknowledged_at),
        **correspondence,
        "links": {"self": base, "content": f"{base}/content", "ack": f"{base}/ack"},
    }


def agency(
    found: Agency,
    *,
    as_sent: str,
    member: Member | None,
    version: int,
    at: datetime,
    background: dict[str, Json],
) -> dict[str, Json]:
    """Write what a code names at a moment; `background` comes from `wire_agencies`."""
    return {
        "code": found.code,
        "as_sent": as_sent,
        "name": found.name,
        "kind": found.kind,
        "parent": found.parent,
        "entity_id": found.entity_id,
        "valid_from": moment(found.valid_from),
        "valid_to": moment(found.valid_to),
        "aliases": found.aliases,
        "successors": found.successors,
        "certificates": [
            {
                "id": each.id,
                "by": each.by.value,
                "sha256": each.certificate_sha256,
                "valid_from": moment(each.valid_from),
                "valid_to": moment(each.valid_to),
                "state": each.state(at).value,
            }
            for each in found.certificates
        ],
        "member": None if member is None else {"id": member.id, "name": member.name},
        "registry_version": version,
        **background,
    }


def member(found: Member, *, version: int) -> dict[str, Json]:
    """Write a connected system."""
    return {
        "id": found.id,
        "name": found.name,
        "prefixes": found.prefixes,
        "entities": [entity or None for _, entity in found.services()],
        "queue": found.queue,
        "gateway": found.gateway,
        "registry_version": version,
    }


def _examined(message: Message) -> tuple[dict[str, Json], list[Json]]:
    """Part the verdict from the warnings, which are stored with it."""
    verdict = dict(message.verdict)
    return verdict, verdict.pop("warnings", [])


def _summary(message: Message) -> dict[str, Json]:
    return {
        "id": message.id,
        "kind": message.kind.value,
        "document_id": message.document_id,
        "number": message.number,
        "subject": message.subject,
        "about": message.about,
        "status_code": message.status_code,
        "business_type": message.business_type,
        "stated_at": moment(message.stated_at),
        "sha256": message.sha256,
        "size": message.size,
        "accepted_at": moment(message.accepted_at),
    }


def _sender(message: Message) -> dict[str, Json]:
    return {"code": message.sender_code, "as_sent": message.sender_as_sent, "member": message.member_id}


def _first_delivery(recipient: Recipient) -> dict[str, Json]:
    return {
        "id": recipient.delivery_id,
        "code": recipient.code,
        "as_sent": recipient.as_sent,
        "flow_seq": recipient.flow_seq,
        "member": recipient.member_id,
        "state": DeliveryState.QUEUED.value,
    }


def _links(message: Message) -> dict[str, str]:
    return {"self": f"/v1/documents/{message.id}", "content": f"/v1/documents/{message.id}/content"}
