"""The registry: agencies, members and registered certificates, by version."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from gateway.store.columns import Digest, Instant, Json, RowNumber, only_row, versions, words
from gateway.store.tables.base import metadata

registry_head: Final = Table(
    "registry_head",
    metadata,
    only_row(),
    Column("version", Integer(), nullable=False),
    Column("sha256", Digest(), nullable=False),
)

registry_version: Final = Table(
    "registry_version",
    metadata,
    Column("version", Integer(), primary_key=True, autoincrement=False),
    Column("sha256", Digest(), nullable=False),
    Column("activated_at", Instant(), nullable=False),
    words("actor"),
    words("source"),
    Column("recipe", Integer(), nullable=False, server_default=text("1")),
)

registry_preparation: Final = Table(
    "registry_preparation",
    metadata,
    only_row(),
    Column("version", Integer(), nullable=False),
    words("token"),
    Column("lease_until", Instant(), nullable=False),
    Column("sha256", Digest()),
)
"""The version whose rows are being written: by whom, and once they are all there, the hash of its content."""

agency: Final = Table(
    "agency",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("code"),
    words("entity_id"),
    words("name"),
    Column("parent", Text()),
    words("kind"),
    Column("valid_from", Instant()),
    Column("valid_to", Instant()),
    Column("successors", Json(), nullable=False),
    Column("aliases", Json(), nullable=False),
    *versions("agency"),
    words("status", server_default="active"),
    Column("forward_until", Instant()),
    Index("ix_agency_code", "code"),
    Index("ix_agency_since_version", "since_version"),
)

certificate: Final = Table(
    "certificate",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("entity_id"),
    Column("certificate_sha256", Digest(), nullable=False),
    Column("valid_from", Instant()),
    Column("valid_to", Instant()),
    Column("pem", LargeBinary(), nullable=False),
    *versions("certificate"),
    Column("spki_sha256", Digest()),
    Column("certificate_ends", Instant()),
    Column("terms", Json(), nullable=False, server_default=text("'{}'")),
)
"""Registrations; `terms` is what goes beyond a certificate and its interval (`routing.registration_record`)."""

certificate_sighting: Final = Table(
    "certificate_sighting",
    metadata,
    words("entity_id", primary_key=True),
    Column("certificate_sha256", Digest(), primary_key=True),
    Column("last_seen", Instant(), nullable=False),
    Column("documents", Integer(), nullable=False),
    sqlite_with_rowid=False,
)
"""When a certificate last signed a document that was accepted here, and how many: for people, not evidence."""

member: Final = Table(
    "member",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("member_id"),
    words("name"),
    Column("prefixes", Json(), nullable=False),
    words("queue"),
    words("gateway"),
    *versions("member"),
    Column("entities", Json(), nullable=False, server_default=text("'[]'")),
)
