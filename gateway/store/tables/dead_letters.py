"""What could not be processed and waits for a person, and what was ordered to be done with it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from gateway.store.columns import Digest, Instant, Json, where, words
from gateway.store.tables.base import metadata

dead_letter: Final = Table(
    "dead_letter",
    metadata,
    words("id", primary_key=True),
    words("queue"),
    Column("sha256", Digest(), nullable=False),
    Column("size", BigInteger(), nullable=False),
    Column("body", LargeBinary()),
    words("attempt"),
    words("cause"),
    Column("words", Json(), nullable=False),
    Column("times", Integer(), nullable=False),
    words("state"),
    Column("first_seen", Instant(), nullable=False),
    Column("last_seen", Instant(), nullable=False),
    Column("decided_at", Instant()),
    Column("order_id", Text()),
    Column("lease_until", Instant()),
    Column("fence", Integer(), nullable=False),
    Column("tries", Integer(), nullable=False),
    Index("uq_dead_letter_queue_sha256", "queue", "sha256", unique=True),
    Index("ix_dead_letter_state_id", "state", "id"),
    Index("ix_dead_letter_order_id_id", "order_id", "id", **where("state = 'resending'")),
)
"""One row for each body that died on a queue, however often, with its last attempts; the body goes when somebody discards it,
or it was taken."""

resend_order: Final = Table(
    "resend_order",
    metadata,
    words("id", primary_key=True),
    words("act"),
    Column("cause", Text()),
    words("actor"),
    words("reason"),
    Column("rate", Integer(), nullable=False),
    Column("total", Integer(), nullable=False),
    Column("done", Integer(), nullable=False),
    Column("failed", Integer(), nullable=False),
    Column("last_id", Text()),
    Column("created_at", Instant(), nullable=False),
    Column("next_at", Instant(), nullable=False),
    Column("finished_at", Instant()),
    Index("ix_resend_order_next_at", "next_at", **where("finished_at IS NULL")),
)
"""What a person ordered, at what rate, and how far it is; it goes on after a restart."""
