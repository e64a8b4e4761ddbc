"""Holding documents against the log: what the ledger reads of a set of documents, in the one snapshot of its connection.

Everything about one document changes in the same transactions as its log entries, so in a snapshot the sides differ only if
something is wrong. Entries are read for the few members that matter here; whether they are what was once signed is for the
audit (`vanthu log verify`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

import msgspec
from sqlalchemy import BindParameter, Connection, Select, bindparam, select

from gateway.ledger import NO_COUNTS, Page, added
from gateway.store.tables import arrival, body, delivery, log_entry, message, outbox
from routing.delivery import DeliveryState
from routing.ledger import Awaiting, Gap, Holdings, Line, Story, shortfalls, story

VIETNAM: Final = timezone(timedelta(hours=7))

_CONFIRMED: Final = DeliveryState.CONFIRMED.value
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_HISTORIES: Final = (
    select(log_entry.c.document_id, log_entry.c.leaf)
    .where(log_entry.c.document_id.in_(_IDS))
    .order_by(log_entry.c.document_id, log_entry.c.seq)
)
_MESSAGES: Final = select(message.c.id, message.c.sha256, message.c.accepted_at).where(message.c.id.in_(_IDS))
_BODIES: Final = select(body.c.sha256).where(body.c.sha256.in_(_IDS))
_DELIVERIES: Final = select(delivery.c.id, delivery.c.message_id, delivery.c.state).where(
    delivery.c.message_id.in_(_IDS)
)
_OUTBOX: Final = select(outbox.c.id).where(outbox.c.id.in_(_IDS), outbox.c.kind == "delivery")
_ARRIVALS: Final = select(
    arrival.c.id, arrival.c.message_id, arrival.c.refusal, arrival.c.acknowledged_at
).where(arrival.c.message_id.in_(_IDS))
_EVERY: Final = tuple(
    select(column).where(column > bindparam("after")).distinct().order_by(column).limit(bindparam("limit"))
    for column in (log_entry.c.document_id, message.c.id, delivery.c.message_id, arrival.c.message_id)
)


class _Route(msgspec.Struct):
    delivery: str = ""


class _Leaf(msgspec.Struct):
    kind: str
    t: int
    delivery: str = ""
    routes: list[_Route] = []


_decode: Final = msgspec.json.Decoder(_Leaf).decode


def line_of(leaf: bytes) -> Line | None:
    """Read what matters of an entry; None if it cannot be read."""
    try:
        found = _decode(leaf)
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
        return None
    return Line(found.kind, found.t, found.delivery, tuple(route.delivery for route in found.routes))


def day_of(told: Story) -> date | None:
    """Return the day in Vietnam on which a document was accepted."""
    if told.accepted_t is None:
        return None
    return datetime.fromtimestamp(told.accepted_t / 1000, UTC).astimezone(VIETNAM).date()


def ids_after(connection: Connection, after: str, limit: int) -> tuple[list[str], bool]:
    """Return the next ids of documents that are in the log or in any row, and whether there may be more."""
    found: set[str] = set()
    bounds = []
    for query in _EVERY:
        part = connection.execute(query, {"after": after, "limit": limit}).scalars().all()
        found.update(part)
        if len(part) == limit:
            bounds.append(part[-1])
    # Beyond the end of a part that was cut off, not every id is known.
    last = min(bounds, default=None)
    ids = sorted(each for each in found if last is None or each <= last)
    return ids[:limit], bool(bounds) or len(ids) > limit


def check(
    connection: Connection,
    ids: Sequence[str],
    *,
    overdue_before: datetime | None = None,
) -> Page:
    """Hold documents against the log; overdue is what was handed to the axis of those accepted before `overdue_before`.

    A body that is in no row is a gap here; `Page.settled` takes that back if it is a payload.
    """
    if not ids:
        return Page(documents=0)
    told = _stories(connection, ids)
    messages = {row.id: row for row in connection.execute(_MESSAGES, {"ids": ids})}
    there = _holdings(connection, ids, messages.keys())
    bodies = _ids_of(connection, _BODIES, sorted({row.sha256 for row in messages.values()}))
    gaps: list[Gap] = []
    overdue: list[str] = []
    elsewhere: dict[str, str] = {}
    for name, held in there.items():
        row = messages.get(name)
        has_body = row is None or row.sha256 in bodies
        if row is not None and not has_body and held.needs_body:
            elsewhere[name] = row.sha256
        gaps += shortfalls(name, told[name], held.with_body(has_body=has_body))
        if row is not None and overdue_before is not None and row.accepted_at < overdue_before:
            overdue += [each for each, state in held.states.items() if state == _CONFIRMED]
    return Page(
        documents=len(ids),
        gaps=tuple(gaps),
        overdue=tuple(sorted(overdue)),
        counts=_counts(told.values()),
        bodies=elsewhere,
    )


def _holdings(connection: Connection, ids: Sequence[str], messages: Collection[str]) -> dict[str, Holdings]:
    """Return what is there of each document; of the bodies nothing is said yet."""
    states: dict[str, dict[str, str]] = {name: {} for name in ids}
    for row in connection.execute(_DELIVERIES, {"ids": ids}):
        states[row.message_id][row.id] = row.state
    arrivals: dict[str, dict[str, Awaiting]] = {name: {} for name in ids}
    for came in connection.execute(_ARRIVALS, {"ids": ids}):
        refused = came.refusal is not None
        awaiting = Awaiting(refused, not refused and came.acknowledged_at is None)
        arrivals[came.message_id][came.id] = awaiting
    owed = _ids_of(connection, _OUTBOX, [each for some in states.values() for each in some])
    return {
        name: Holdings(
            states=states[name],
            outbox=frozenset(owed & states[name].keys()),
            has_message=name in messages,
            arrivals=arrivals[name],
        )
        for name in ids
    }


def _stories(connection: Connection, ids: Sequence[str]) -> dict[str, Story]:
    lines: dict[str, list[Line | None]] = {name: [] for name in ids}
    for row in connection.execute(_HISTORIES, {"ids": ids}):
        lines[row.document_id].append(line_of(row.leaf))
    return {name: story(each) for name, each in lines.items()}


def _counts(stories: Iterable[Story]) -> dict[date | None, Any]:
    counts: dict[date | None, Any] = {}
    for told in stories:
        if told.promised:
            day = day_of(told)
            counts[day] = added(counts.get(day, NO_COUNTS), told.counts())
    return counts


def _ids_of(connection: Connection, query: Select[Any], ids: Sequence[str]) -> set[str]:
    return set(connection.execute(query, {"ids": ids}).scalars()) if ids else set()
