"""Every notice to a sender: held against the entry that it was written with, and every entry against its notice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.cli.audit.findings import Difference, Pairs, compare, missing, unlogged
from gateway.cli.audit.testimony import Life, Testimony
from gateway.store import Audit
from gateway.store.tables import notice
from routing.log import LogEntry


def check_notices(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield notices that are not as the log says, that it never heard of, and those that are gone."""
    seen = set()
    for row in audit.rows(notice):
        where = f"notice[{row.id}]"
        life = log.lives.get(row.message_id, Life())
        told = life.told.get(row.leaf_sha256)
        if told is None or row.leaf_sha256 in seen:
            yield unlogged(where)
            continue
        seen.add(row.leaf_sha256)
        entry, delivery_id = told
        yield from compare(where, _pairs(row, entry, delivery_id, life))
    for life in log.lives.values():
        for leaf_sha256 in life.told:
            if leaf_sha256 not in seen:
                yield missing(f"notice of log entry {leaf_sha256[:16]}…")


def _pairs(row: Any, entry: LogEntry, delivery_id: str, life: Life) -> Pairs:  # noqa: ANN401 - a row of `notice`
    fields = entry.fields
    logged_reason = fields.get("reason") or f"delivery.{fields.get('rule')}"
    return {
        "member_id": (life.accepted.get("member") if life.accepted else None, row.member_id),
        "delivery_id": (delivery_id, row.delivery_id),
        "code": (fields.get("recipient"), row.code),
        "resolved_code": (fields.get("to"), row.resolved_code),
        "kind": (entry.kind.value, row.kind),
        "reason": (logged_reason, row.reason),
        "explanation": (fields.get("explanation"), row.explanation),
        "at": (entry.t, row.at),
    }
