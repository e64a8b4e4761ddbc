"""What senders are told: each entry about a delivery of theirs, with a notice in the same transaction.

Invariant: a sender's notice is there if and only if the entry is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from uuid_utils import uuid7

from gateway.records import Event
from gateway.store.bulk import insert_rows
from gateway.store.staging import Staging
from gateway.store.tables import notice
from gateway.under_way import NoticeKind
from routing.log import Kind

_NOTICES: Final = {
    Kind.HELD: NoticeKind.HELD,
    Kind.RELEASED: NoticeKind.RELEASED,
    Kind.REROUTED: NoticeKind.REROUTED,
    Kind.UNDELIVERABLE: NoticeKind.UNDELIVERABLE,
    Kind.EXPIRED: NoticeKind.EXPIRED,
    Kind.LATE_RECEIPT: NoticeKind.LATE_RECEIPT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry about one delivery, and the system of the sender who is told."""

    sender: str
    message_id: str
    delivery_id: str
    code: str
    event: Event


def tell(connection: Connection, now: datetime, staging: Staging, told: Sequence[Told]) -> None:
    """Write the entries, and a notice for each."""
    staged = staging.stage(connection, now, [each.event for each in told])
    rows = [_row(each, entry.leaf_sha256, now) for each, entry in zip(told, staged, strict=True)]
    insert_rows(connection, notice, rows)


def _row(told: Told, leaf_sha256: str, now: datetime) -> dict[str, Any]:
    fields = told.event.fields
    return {
        "id": str(uuid7()),
        "member_id": told.sender,
        "message_id": told.message_id,
        "delivery_id": told.delivery_id,
        "code": told.code,
        "resolved_code": fields.get("to"),
        "kind": _NOTICES[told.event.kind].value,
        "reason": fields.get("reason") or f"delivery.{fields['rule']}",
        "explanation": fields.get("explanation"),
        "at": now,
        "leaf_sha256": leaf_sha256,
    }
