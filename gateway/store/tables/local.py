"""What serves the process itself: the embedded axis, and a row to try writing on."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, false, text

from gateway.store.columns import Instant, RowNumber, only_row, where, words
from gateway.store.tables.base import metadata

axis_message: Final = Table(
    "axis_message",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("queue"),
    words("message_id"),
    Column("body", LargeBinary(), nullable=False),
    Column("dead", Boolean(), nullable=False, server_default=false()),
    Column("deliveries", Integer(), nullable=False, server_default=text("0")),
    Column("died_of", Text()),
    Index("ix_axis_message_dead", "queue", "id", **where("dead")),
    Index("ix_axis_message_queue_id", "queue", "id", **where("NOT dead")),
    # A row number is the tag by which a message is settled; a number used twice would settle the wrong one.
    sqlite_autoincrement=True,
)
"""The embedded axis: the queues of `gateway/axis/local.py`. `deliveries` counts how often what was left was handed out again."""

readiness: Final = Table("readiness", metadata, only_row(), Column("tried_at", Instant(), nullable=False))
"""One row that a readiness probe writes, because only a write proves that writing works."""
