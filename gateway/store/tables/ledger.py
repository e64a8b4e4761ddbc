"""The loss ledger: what the routing log promised and settled, added up by day, and how far it was read for that."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table

from gateway.store.columns import Day, Instant, only_row
from gateway.store.tables.base import metadata

ledger_day: Final = Table(
    "ledger_day",
    metadata,
    Column("day", Day(), primary_key=True),
    Column("delivered", BigInteger(), nullable=False),
    Column("pending", BigInteger(), nullable=False),
    Column("held", BigInteger(), nullable=False),
    Column("refused", BigInteger(), nullable=False),
    Column("expired", BigInteger(), nullable=False),
    sqlite_with_rowid=False,
)
"""Deliveries by the day (in Vietnam) on which they were accepted, as the log has them below `ledger_head.position`."""

ledger_head: Final = Table(
    "ledger_head",
    metadata,
    only_row(),
    Column("position", BigInteger(), nullable=False),
    Column("recounted_at", Instant()),
)
"""Entries of the log below `position` are in the sums; at `recounted_at` a count of everything found no gap."""
