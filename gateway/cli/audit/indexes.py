"""Columns by which rows are found: they repeat what the entries and messages say, and must not lead to another one."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.audit.findings import Difference, compare, differs
from gateway.parked import ParkedState
from gateway.store import Audit
from gateway.store.tables import idempotency, log_entry, message, parked
from routing.errors_log import LogError
from routing.log import read_leaf


def check_indexes(audit: Audit) -> Iterator[Difference]:
    """Yield log entries that are filed under another document, and keys that stand for other bytes than their message."""
    yield from _entries(audit)
    yield from _keys(audit)


def _entries(audit: Audit) -> Iterator[Difference]:
    for row in audit.rows(log_entry):
        try:
            entry = read_leaf(row.leaf)
        except LogError:
            # The audit of the log has found this one already.
            continue
        pairs = {"document_id": (entry.document_id, row.document_id), "seq": (entry.seq, row.seq)}
        yield from compare(f"log_entry[{row.id}]", pairs)


def _keys(audit: Audit) -> Iterator[Difference]:
    messages = {
        row.id: (row.sha256, row.member_id, row.sender_code, row.document_id) for row in audit.rows(message)
    }
    # A parked document holds its keys already; once it is accepted, its message does.
    messages |= {
        row.id: (row.sha256, row.member_id, row.sender_code, row.document_id)
        for row in audit.rows(parked)
        if row.state == ParkedState.PARKED.value
    }
    for row in audit.rows(idempotency):
        where = f"idempotency[{row.scope} {row.owner} {row.key}]"
        about = messages.get(row.message_id)
        if about is None:
            yield differs(where, "message_id", logged="a message", found=row.message_id)
            continue
        sha256, member_id, sender_code, document_id = about
        expected = {
            "body": (member_id, sha256),
            "document-id": (sender_code, document_id),
            "key": (member_id, row.key),
        }
        # Of the caller's own keys nobody else knows how they should read.
        owner, key = expected.get(row.scope, (None, None))
        yield from compare(
            where, {"sha256": (sha256, row.sha256), "owner": (owner, row.owner), "key": (key, row.key)}
        )
