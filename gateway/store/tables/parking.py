"""What could not be decided yet, and when bytes that were not accepted were first seen."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from gateway.store.columns import Digest, Instant, Json, where, words
from gateway.store.tables.base import metadata

parked: Final = Table(
    "parked",
    metadata,
    words("id", primary_key=True),
    words("road"),
    words("state"),
    words("member_id"),
    Column("credential_id", Text()),
    words("sender_code"),
    words("sender_as_sent"),
    words("document_id"),
    words("number"),
    words("subject"),
    Column("sha256", Digest(), nullable=False),
    Column("size", BigInteger(), nullable=False),
    Column("body", LargeBinary()),
    Column("queue", Text()),
    Column("key", Text()),
    Column("received_at", Instant(), nullable=False),
    Column("keep_until", Instant(), nullable=False),
    Column("next_at", Instant(), nullable=False),
    Column("lease_until", Instant()),
    Column("fence", Integer(), nullable=False),
    Column("attempts", Integer(), nullable=False),
    Column("reason", Json(), nullable=False),
    Column("decided_at", Instant()),
    Column("deliver_by", Instant()),
    Index("ix_parked_next_at_id", "next_at", "id", **where("state = 'parked'")),
    Index("ix_parked_member_id_id", "member_id", "id"),
)
"""Rows of the road `intake` stay, without their body, so that the sender finds what became of them; those of `arrival` go."""

first_seen: Final = Table(
    "first_seen",
    metadata,
    Column("sha256", Digest(), primary_key=True),
    Column("at", Instant(), nullable=False),
    sqlite_with_rowid=False,
)
"""When bytes that were refused, undecided or parked came for the first time: our own proof that they existed then."""
