"""Flows: how many messages one agency has sent to another, so that each carries its number."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table

from gateway.store.columns import Instant, RowNumber, words
from gateway.store.tables.base import metadata

flow: Final = Table(
    "flow",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("sender"),
    words("recipient"),
    Column("last", BigInteger(), nullable=False),
    Column("last_due_at", Instant(), nullable=False),
    Index("uq_flow_sender_recipient", "sender", "recipient", unique=True),
)
"""One row for each pair of codes; `last` is the number given last, `last_due_at` when that delivery was first due."""
