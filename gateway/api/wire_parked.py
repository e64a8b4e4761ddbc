"""How a parked document looks on the wire: while it waits, and what became of it."""

from __future__ import annotations

from gateway.api.wire import moment
from gateway.parked import Parked, ParkedState
from gateway.records import Json, MessageKind


def parked(source: Parked) -> dict[str, Json]:
    """Write a document that is or was parked; `reason` is what kept it waiting or why it was refused."""
    is_parked = source.state is ParkedState.PARKED
    base = f"/v1/documents/{source.id}"
    return {
        "id": source.id,
        "kind": MessageKind.EDOC.value,
        "outcome": source.state.value,
        "document_id": source.document_id,
        "number": source.number,
        "subject": source.subject,
        "sha256": source.sha256,
        "size": source.size,
        "sender": {
            "code": source.sender_code,
            "as_sent": source.sender_as_sent,
            "member": source.member_id,
        },
        "received_at": moment(source.received_at),
        "keep_until": moment(source.keep_until),
        "next_at": moment(source.next_at) if is_parked else None,
        "attempts": source.attempts,
        "decided_at": moment(source.decided_at),
        "reason": dict(source.reason),
        "links": {"self": base, **({"withdraw": f"{base}/withdraw"} if is_parked else {})},
    }
