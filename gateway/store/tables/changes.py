"""Changes of the registry as data: what is proposed, who signed it, and the keys of those who may sign."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from gateway.store.columns import Digest, Instant, Json, RowNumber, where, words
from gateway.store.tables.base import metadata

change_set: Final = Table(
    "change_set",
    metadata,
    words("id", primary_key=True),
    Column("revision", Integer(), nullable=False),
    words("title"),
    words("legal_basis"),
    words("state"),
    words("source_name"),
    words("source_type"),
    Column("source_sha256", Digest()),
    Column("retroactive", Integer(), nullable=False),
    Column("held", Integer(), nullable=False),
    Column("effective_at", Instant()),
    Column("base_version", Integer(), nullable=False),
    Column("faults", Json(), nullable=False),
    Column("fault_count", Integer(), nullable=False),
    Column("diff_sha256", Digest()),
    Column("counts", Json(), nullable=False),
    Column("instants", Json(), nullable=False),
    words("proposer"),
    Column("reason", Text()),
    Column("rolls_back", Text()),
    Column("emergency", Text()),
    Column("expires_at", Instant()),
    Column("version", Integer()),
    Column("created_at", Instant(), nullable=False),
    Column("changed_at", Instant(), nullable=False),
    Index("ix_change_set_due", "id", **where("(state = 'approved' AND held = 0) OR expires_at IS NOT NULL")),
)
"""A row changes with every step, and `revision` with it. `emergency` is the reason of whoever put it in force alone;
`effective_at` the moment of what names none in its rows, a whole list or a rollback."""

change_content: Final = Table(
    "change_content",
    metadata,
    Column("change_id", Text(), ForeignKey("change_set.id"), primary_key=True),
    Column("source", LargeBinary()),
    Column("lines", LargeBinary(), nullable=False),
    Column("diff", LargeBinary(), nullable=False),
)
"""What is big of a change set: the file as it came, and compressed what is signed and how that is shown to people."""

change_approval: Final = Table(
    "change_approval",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("change_id", Text(), ForeignKey("change_set.id"), nullable=False),
    words("officer"),
    words("role"),
    words("verifier_key"),
    Column("base_version", Integer(), nullable=False),
    Column("diff_sha256", Digest(), nullable=False),
    Column("signed_at", Instant(), nullable=False),
    words("signature"),
    Column("at", Instant(), nullable=False),
    Column("void_at", Instant()),
    Index("uq_change_approval_change_id", "change_id", "role", unique=True, **where("void_at IS NULL")),
)
"""Signatures; one that does not count any more stays, with the moment from which it did not."""

officer_key: Final = Table(
    "officer_key",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("credential_id"),
    words("verifier_key"),
    Column("since", Instant(), nullable=False),
    Column("until", Instant()),
    Index("uq_officer_key_credential_id", "credential_id", unique=True, **where("until IS NULL")),
)
"""The public keys of officers; of each credential at most one counts at a time."""
