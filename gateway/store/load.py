"""How much is owed to the axis, and since when entries wait for their place: what back-pressure looks at, in small portions.

Questions about deliveries that arrived (`ports.Inquiries`) are not counted: they are small, and nobody waits for them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.ledger import OutboxPage
from gateway.store.ledger_reading import line_of
from gateway.store.tables import log_entry, message, outbox

_OUTBOX: Final = (
    select(outbox.c.id, outbox.c.message_id, message.c.size)
    .select_from(outbox)
    .outerjoin(message, message.c.id == outbox.c.message_id)
    .where(outbox.c.id > bindparam("after"), outbox.c.kind != "inquiry")
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
_UNPLACED: Final = (
    select(log_entry.c.leaf).where(log_entry.c.tree_index.is_(None)).order_by(log_entry.c.id).limit(1)
)


def outbox_page(connection: Connection, *, after: str | None, limit: int) -> OutboxPage:
    """Count some rows of the outbox."""
    rows = connection.execute(_OUTBOX, {"after": after or "", "limit": limit}).all()
    # The deliveries of one document have ids next to each other, so that nearly all of them are in one portion.
    sizes = {row.message_id: row.size or 0 for row in rows if row.message_id is not None}
    return OutboxPage(
        rows=len(rows), size=sum(sizes.values()), last=rows[-1].id if len(rows) == limit else None
    )


def oldest_unplaced(connection: Connection) -> datetime | None:
    """Return when the oldest entry without a place was written."""
    leaf = connection.execute(_UNPLACED).scalar_one_or_none()
    line = None if leaf is None else line_of(leaf)
    return None if line is None else datetime.fromtimestamp(line.t / 1000, UTC)
