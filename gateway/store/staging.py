"""Staging of log entries: whoever changes a fact writes the entry about it in the same transaction.

An entry that speaks of a document carries the next number of that document's history and the leaf hash of the
entry before (`routing.log`); its place in the tree comes later, from the sequencer. Invariant: two processes
never give the same number twice; they take turns by a lock on the document, and a unique index would refuse
the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, text

from gateway.records import Event
from gateway.store.bulk import insert_rows
from gateway.store.tables import log_entry
from routing.log import FIRST_SEQ, leaf
from routing.merkle import leaf_hash

_LOCK: Final = text(
    "SELECT count(pg_advisory_xact_lock(key)) FROM "
    "(SELECT DISTINCT hashtextextended(id, 0) AS key FROM unnest(CAST(:ids AS text[])) AS id ORDER BY key) AS keys"
)
_LAST = (
    select(log_entry.c.document_id, func.max(log_entry.c.seq).label("seq"))
    .where(log_entry.c.document_id.in_(bindparam("ids", expanding=True)))
    .group_by(log_entry.c.document_id)
    .subquery()
)
_HEADS: Final = select(log_entry.c.document_id, log_entry.c.seq, log_entry.c.leaf_hash).join(
    _LAST, (log_entry.c.document_id == _LAST.c.document_id) & (log_entry.c.seq == _LAST.c.seq)
)


class _Head(NamedTuple):
    """The last entry of a document's history."""

    seq: int
    hash: bytes


class Staged(NamedTuple):
    """An entry as it was written, and its leaf hash in hex."""

    leaf_sha256: str
    leaf: bytes


class Staging:
    """Writes entries in the name of one process, `instance`."""

    def __init__(self, instance: str) -> None:
        self._instance = instance

    def stage(
        self, connection: Connection, now: datetime, events: Sequence[Event], *, begin: bool = False
    ) -> list[Staged]:
        """Chain and insert entries in the order given; return them as they were written.

        `begin` says that these documents are new, so that no history needs to be looked up.

        Raises:
            LogError: an event cannot be written as an entry.
            IntegrityError: `begin` was said of a document that has a history.

        """
        if not events:
            return []
        heads = (
            {} if begin else _heads(connection, {event.document_id for event in events if event.document_id})
        )
        rows = [self._row(event, now, heads) for event in events]
        insert_rows(connection, log_entry, rows)
        return [Staged(row["leaf_hash"], row["leaf"]) for row in rows]

    def _row(self, event: Event, now: datetime, heads: dict[str, _Head]) -> dict[str, Any]:
        history: dict[str, Any] = {}
        if event.document_id is not None:
            history = {"document_id": event.document_id, "seq": FIRST_SEQ}
            head = heads.get(event.document_id)
            if head is not None:
                history |= {"seq": head.seq + 1, "prev": head.hash}
        raw = leaf(event.kind, t=now, instance=self._instance, **history, **event.fields)
        digest = leaf_hash(raw)
        if event.document_id is not None:
            heads[event.document_id] = _Head(history["seq"], digest)
        return {
            "document_id": event.document_id,
            "seq": history.get("seq"),
            "leaf": raw,
            "leaf_hash": digest.hex(),
        }


def _heads(connection: Connection, documents: Iterable[str]) -> dict[str, _Head]:
    ids = sorted(documents)
    if not ids:
        return {}
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"ids": ids})
    rows = connection.execute(_HEADS, {"ids": ids})
    return {row.document_id: _Head(row.seq, bytes.fromhex(row.leaf_hash)) for row in rows}
