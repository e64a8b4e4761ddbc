"""Every link between two messages: held against the entry in the history of the document spoken of."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.audit.findings import Difference, compare, missing, unlogged
from gateway.cli.audit.testimony import Life, Testimony
from gateway.store import Audit
from gateway.store.tables import reference


def check_references(audit: Audit, log: Testimony) -> Iterator[Difference]:
    """Yield links that the log never heard of or that were made at another time, and those that are gone."""
    seen = set()
    for row in audit.rows(reference):
        key = (row.message_id, row.relation)
        where = _where(row.about_id, *key)
        noted_at = log.lives.get(row.about_id, Life()).mentions.get(key)
        if noted_at is None:
            yield unlogged(where)
            continue
        seen.add((row.about_id, key))
        yield from compare(where, {"noted_at": (noted_at, row.noted_at)})
    for about_id, life in log.lives.items():
        for key in life.mentions:
            if (about_id, key) not in seen:
                yield missing(_where(about_id, *key))


def _where(about_id: str, message_id: str, relation: str) -> str:
    return f"reference[{message_id} {relation} {about_id}]"
