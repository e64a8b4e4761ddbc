"""The registry: agencies, members and registered certificates, by version."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

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
)

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
)

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
)
