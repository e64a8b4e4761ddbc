"""How notices and the tasks of code administrators look on the wire; a part of `wire` with its conventions."""

from __future__ import annotations

from gateway.api.wire import moment
from gateway.flow.tasks import Task
from gateway.records import Json
from gateway.under_way import Notice


def notice(source: Notice, receipt: Json) -> dict[str, Json]:
    """Write what a sender is told, with the receipt of the entry that says so."""
    return {
        "id": source.id,
        "kind": source.kind.value,
        "vi": source.kind.vi,
        "en": source.kind.en,
        "at": moment(source.at),
        "message": source.message_id,
        "document_id": source.document_id,
        "delivery": source.delivery_id,
        "code": source.code,
        "resolved_code": source.resolved_code,
        "reason": source.reason,
        "explanation": source.explanation,
        "receipt": receipt,
        "links": {"document": f"/v1/documents/{source.message_id}"},
    }


def task(source: Task) -> dict[str, Json]:
    """Write what has to be decided about one code."""
    return {
        "code": source.code,
        "name": source.name,
        "cause": source.cause.value,
        "vi": source.cause.vi,
        "en": source.cause.en,
        "deliveries": source.deliveries,
        "since": moment(source.since),
        "deadline": moment(source.deadline),
        "candidates": [{"code": code, "name": name} for code, name in source.candidates],
    }
