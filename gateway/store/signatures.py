"""Keeping the evidence of signatures beside the messages that they are about, written by the same commit, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from gateway.records import Acceptance, Arrival, Json
from gateway.store.bulk import insert_rows
from gateway.store.tables import evidence

_EVIDENCE: Final = select(evidence)


def insert_evidence(connection: Connection, items: Iterable[Acceptance | Arrival]) -> None:
    """Keep what was found in each message's signature; a message that comes for another addressee too has it already."""
    found = {each.message.id: each.evidence for each in items if each.evidence is not None}
    rows: list[dict[str, Any]] = [{"message_id": name, "evidence": found[name]} for name in sorted(found)]
    insert_rows(connection, evidence, rows, skip=True)


def find_evidence(connection: Connection, *, ids: Iterable[str]) -> dict[str, Mapping[str, Json]]:
    """Return what was found in the signatures of messages, by message id."""
    rows = connection.execute(_EVIDENCE.where(evidence.c.message_id.in_(ids)))
    return {row.message_id: row.evidence for row in rows}
