"""What is known of an upstream registry, and whom to call at a member or an agency."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, Table

from gateway.store.columns import Digest, Instant, RowNumber, words
from gateway.store.tables.base import metadata

upstream_registry: Final = Table(
    "upstream_registry",
    metadata,
    words("registry", primary_key=True),
    Column("version", Integer(), nullable=False),
    Column("sha256", Digest(), nullable=False),
    Column("issued", Instant(), nullable=False),
    Column("expires", Instant(), nullable=False),
)
"""The newest statement of each registry that this one has followed."""

contact: Final = Table(
    "contact",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("subject_kind"),
    words("subject"),
    words("name"),
    words("role"),
    words("phone"),
    words("email"),
    Index("ix_contact_subject", "subject_kind", "subject"),
)
"""Whom to call: personal data, replaced and removed when somebody says so, and in no version, hash or log."""
