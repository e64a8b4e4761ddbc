"""What is due in the outbox: the urgent first, no class of urgency without its share, and each flow in its order.

Within a class the longest due comes first. A flow's messages are due in the order of their numbers
(`gateway.store.flows`), and a message that was never sent waits for those before it in its flow, unless they
are less urgent, that another process is sending for the first time or has locked. Invariants: whatever class
has something due gets a part of every batch; what is past its deadline is not taken; once an earlier message
was tried without success, later ones go on without it. Documents that go aside for their size (docs/adr/0028)
have an order of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)

from gateway.ports.documents import ANY_SIZE
from gateway.store.rows import MESSAGE_COLUMNS, RECIPIENT_COLUMNS
from gateway.store.tables import delivery, message, outbox

URGENCIES: Final = (4, 3, 2, 1, 0)
"""From what goes out at a fixed time to what is normal (edXML Priority)."""

SHARE: Final = 4
"""One part in so many of what room is left is kept for the less urgent."""

_NOW: Final[BindParameter[Any]] = bindparam("now")
_IN_TIME: Final = or_(outbox.c.deliver_by.is_(None), outbox.c.deliver_by > _NOW)
_flying: Final = outbox.alias("flying")
_carried: Final = message.alias("carried")


def _of_size(carried: FromClause) -> ColumnElement[bool]:
    """Say whether a row is of the sizes that are asked for; a receipt counts as small."""
    return func.coalesce(carried.c.size, 0).between(bindparam("least"), bindparam("most"))


_IN_FLIGHT: Final = and_(
    _flying.c.lease_until > _NOW,
    _flying.c.attempts == 1,
    _flying.c.flow.is_not(None),
    _carried.c.id == _flying.c.message_id,
    _of_size(_carried),
)


def _counts(*, sized: bool) -> Any:  # noqa: ANN401 - a SELECT, whose type says nothing more
    parts = []
    for priority in URGENCIES:
        ripe = select(outbox.c.id).where(outbox.c.priority == priority, outbox.c.next_at <= _NOW)
        if sized:
            ripe = ripe.outerjoin(message, message.c.id == outbox.c.message_id).where(_of_size(message))
        found = ripe.limit(bindparam("limit")).subquery()
        parts.append(select(literal(priority), func.count()).select_from(found))
    return union_all(*parts)


_COUNTS: Final = {sized: _counts(sized=sized) for sized in (False, True)}
DUE: Final = (
    select(
        *MESSAGE_COLUMNS,
        *RECIPIENT_COLUMNS,
        outbox.c.id.label("outbox_id"),
        outbox.c.fence,
        outbox.c.attempts,
        outbox.c.queue.label("outbox_queue"),
        outbox.c.body,
        outbox.c.kind.label("outbox_kind"),
        outbox.c.next_at,
        outbox.c.flow,
        outbox.c.flow_seq.label("outbox_seq"),
        outbox.c.priority.label("outbox_priority"),
        delivery.c.resolved_version,
        delivery.c.chosen_at,
        delivery.c.state,
        delivery.c.held_since,
    )
    .select_from(outbox)
    .outerjoin(delivery, (delivery.c.id == outbox.c.id) & (outbox.c.kind == "delivery"))
    .outerjoin(message, message.c.id == delivery.c.message_id)
    .where(
        outbox.c.priority == bindparam("urgency"),
        outbox.c.next_at <= _NOW,
        _IN_TIME,
        _of_size(message),
        or_(
            outbox.c.attempts > 0,
            outbox.c.flow.is_(None),
            outbox.c.flow.not_in(
                select(_flying.c.flow).where(_IN_FLIGHT, _flying.c.priority >= bindparam("urgency"))
            ),
        ),
    )
    .order_by(outbox.c.next_at, outbox.c.flow_seq, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=outbox, skip_locked=True)
)
_AHEAD: Final = union_all(
    select(_flying.c.id, _flying.c.flow, _flying.c.flow_seq, _flying.c.priority).where(_IN_FLIGHT),
    select(outbox.c.id, outbox.c.flow, outbox.c.flow_seq, outbox.c.priority).where(
        outbox.c.priority.in_(bindparam("urgencies", expanding=True)),
        outbox.c.next_at <= bindparam("until"),
        _IN_TIME,
        outbox.c.attempts == 0,
        outbox.c.flow.is_not(None),
        message.c.id == outbox.c.message_id,
        _of_size(message),
    ),
)
"""What is being sent for the first time, and what is due before it and as urgent, but was not taken."""


def due(connection: Connection, now: datetime, limit: int, sizes: range = ANY_SIZE) -> list[Any]:
    """Lock up to `limit` rows of the outbox that are due, and return them in the order in which they are to be sent.

    What is of other sizes than `sizes` goes on a way of its own, and is neither taken nor waited for.
    """
    wanted: dict[str, Any] = {"now": now, "least": sizes.start, "most": sizes.stop - 1}
    counted = connection.execute(_COUNTS[sizes != ANY_SIZE], wanted | {"limit": limit})
    shares = allotted({priority: count for priority, count, *_ in counted}, limit)
    rows: list[Any] = []
    for priority, room in shares.items():
        found = connection.execute(DUE, wanted | {"urgency": priority, "limit": room}).all()
        fresh = [row for row in found if row.flow is not None and not row.attempts]
        as_urgent = [each for each in shares if each >= priority]
        if fresh and (len(as_urgent) > 1 or connection.dialect.name != "sqlite"):
            # A process cannot see what others lock meanwhile; it asks afterwards. SQLite has one process.
            values = wanted | {"urgencies": as_urgent, "until": fresh[-1].next_at}
            ours = {row.outbox_id for row in (*rows, *found)}
            ahead = _ahead(each for each in connection.execute(_AHEAD, values) if each.id not in ours)
            found = [row for row in found if row.attempts or not _overtakes(row, ahead)]
        rows += found
    return rows


def allotted(waiting: Mapping[int, int], limit: int) -> dict[int, int]:
    """Return how many of each class go into a batch: the most urgent get most, the others what is kept for them, one at least."""
    room, shares = limit, {}
    classes = [each for each in sorted(waiting, reverse=True) if waiting[each]]
    for place, each in enumerate(classes):
        others = classes[place + 1 :]
        kept = min(sum(waiting[other] for other in others), max(room // SHARE, len(others)), max(room - 1, 0))
        shares[each] = min(waiting[each], room - kept)
        room -= shares[each]
    return {each: share for each, share in shares.items() if share}


def _ahead(rows: Iterable[Any]) -> dict[int, list[tuple[int, int]]]:
    """Return urgency and number of what is ahead in each flow."""
    ahead: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        ahead[row.flow].append((row.priority, row.flow_seq))
    return ahead


def _overtakes(row: Any, ahead: Mapping[int, list[tuple[int, int]]]) -> bool:  # noqa: ANN401 - a row of DUE
    return any(
        priority >= row.outbox_priority and seq < row.outbox_seq for priority, seq in ahead.get(row.flow, ())
    )
