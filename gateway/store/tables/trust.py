"""The trust store: anchors and intermediates with the terms on which they are relied upon, by version."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from gateway.store.columns import Digest, Instant, Json, RowNumber, only_row, versions, words
from gateway.store.tables.base import metadata

trust_head: Final = Table(
    "trust_head",
    metadata,
    only_row(),
    Column("version", Integer(), nullable=False),
    Column("sha256", Digest(), nullable=False),
)

trust_version: Final = Table(
    "trust_version",
    metadata,
    Column("version", Integer(), primary_key=True, autoincrement=False),
    Column("sha256", Digest(), nullable=False),
    Column("activated_at", Instant(), nullable=False),
    words("actor"),
)

trust_certificate: Final = Table(
    "trust_certificate",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("certificate_sha256", Digest(), nullable=False),
    Column("pem", LargeBinary(), nullable=False),
    words("role"),
    Column("usages", Json(), nullable=False),
    Column("trusted_from", Instant()),
    Column("trusted_until", Instant()),
    Column("revocation", Text()),
    Column("codes", Json(), nullable=False),
    words("note"),
    words("reason"),
    words("actor"),
    Column("changed_at", Instant(), nullable=False),
    *versions("trust_certificate"),
    Index("ix_trust_certificate_certificate_sha256", "certificate_sha256"),
)
