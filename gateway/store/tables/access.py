"""Whom the gateway believes: other gateways, and those who call."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Table, Text, false

from gateway.store.columns import Digest, Instant, Json, RowNumber, where, words
from gateway.store.tables.base import metadata

peer: Final = Table(
    "peer",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("name"),
    words("verifier_key"),
    Column("since", Instant(), nullable=False),
    Column("until", Instant()),
    Column("shares_payloads", Boolean(), nullable=False, server_default=false()),
    Index("uq_peer_name", "name", unique=True, **where("until IS NULL")),
)

credential: Final = Table(
    "credential",
    metadata,
    words("id", primary_key=True),
    words("label"),
    Column("member_id", Text()),
    Column("roles", Json(), nullable=False),
    Column("secret_sha256", Digest(), nullable=False),
    Column("created_at", Instant(), nullable=False),
    Column("expires_at", Instant()),
    Column("revoked_at", Instant()),
)
