"""Prolonging leases of outbox rows, for sends that take longer than one lease.

Invariant: only the holder of a row's current fence prolongs its lease; whoever lost the row changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, select

from gateway.records import OutboxItem
from gateway.store.bulk import update_rows
from gateway.store.tables import outbox

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_LEASED: Final = (
    select(outbox.c.id, outbox.c.fence)
    .where(outbox.c.id.in_(_IDS), outbox.c.lease_until.is_not(None))
    .order_by(outbox.c.id)
    .with_for_update(of=outbox)
)


class Renewal(NamedTuple):
    """Which rows to go on holding, and for how long from now."""

    items: Sequence[OutboxItem]
    lease: timedelta


def renew(connection: Connection, now: datetime, renewals: Sequence[Renewal]) -> list[None]:
    """Let leases begin anew."""
    for renewal in renewals:
        fences = {item.id: item.fence for item in renewal.items}
        until = now + renewal.lease
        held = [
            {"id": row.id, "next_at": until, "lease_until": until}
            for row in connection.execute(_LEASED, {"ids": list(fences)}).all()
            if row.fence == fences[row.id]
        ]
        update_rows(connection, outbox, held)
    return [None] * len(renewals)
