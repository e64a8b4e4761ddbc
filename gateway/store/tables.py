"""Every table of the gateway, the same on SQLite and PostgreSQL.

Messages, references, idempotency keys, log and registry rows are never deleted; the outbox holds only what is still owed
to the axis, so its size follows the backlog. Registry rows are versioned: a row is in force for versions
`since_version <= v < until_version`, and closing `until_version` is the only change it ever sees.
`migrations/` builds the same schema; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

from gateway.store.columns import (
    NAMES,
    Day,
    Digest,
    Instant,
    Json,
    RowNumber,
    only_row,
    versions,
    where,
    words,
)

metadata: Final = MetaData(naming_convention=NAMES)


message: Final = Table(
    "message",
    metadata,
    words("id", primary_key=True),
    words("kind"),
    Column("about", Text()),
    words("gateway"),
    words("member_id"),
    words("sender_code"),
    words("sender_as_sent"),
    words("document_id"),
    words("number"),
    words("subject"),
    Column("status_code", Text()),
    Column("sha256", Digest(), nullable=False),
    Column("size", BigInteger(), nullable=False),
    Column("accepted_at", Instant(), nullable=False),
    Column("registry_version", Integer(), nullable=False),
    Column("verdict", Json(), nullable=False),
    Column("leaf_sha256", Digest()),
    Column("business_type", Integer()),
    Column("reason", Text()),
    Column("refers_to", Json()),
    Column("promulgation_date", Day()),
    Column("stated_at", Instant()),
    Column("staff", Json()),
    Index("ix_message_sender_code_document_id", "sender_code", "document_id", **where("kind = 'edoc'")),
    Index("ix_message_business", "sender_code", "id", **where("business_type > 0")),
    Index("ix_message_sender_code_number", "sender_code", "number", **where("kind = 'edoc'")),
)

reference: Final = Table(
    "reference",
    metadata,
    Column("message_id", Text(), ForeignKey("message.id"), primary_key=True),
    Column("about_id", Text(), ForeignKey("message.id"), primary_key=True),
    words("relation", primary_key=True),
    Column("noted_at", Instant(), nullable=False),
    Index("ix_reference_about_id", "about_id"),
    sqlite_with_rowid=False,
)
"""One row for each entry by which a message speaks of a document in that document's history."""

body: Final = Table(
    "body",
    metadata,
    Column("sha256", Digest(), primary_key=True),
    Column("body", LargeBinary(), nullable=False),
)

idempotency: Final = Table(
    "idempotency",
    metadata,
    words("scope", primary_key=True),
    words("owner", primary_key=True),
    words("key", primary_key=True),
    Column("sha256", Digest(), nullable=False),
    words("message_id"),
    sqlite_with_rowid=False,
)

delivery: Final = Table(
    "delivery",
    metadata,
    words("id", primary_key=True),
    Column("message_id", Text(), ForeignKey("message.id"), nullable=False),
    Column("position", Integer(), nullable=False),
    words("code"),
    words("as_sent"),
    words("member_id"),
    words("queue"),
    words("state"),
    Column("attempts", Integer(), nullable=False),
    Column("reason", Text()),
    Column("updated_at", Instant(), nullable=False),
    Index("ix_delivery_message_id_position", "message_id", "position"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    words("id", primary_key=True),
    words("kind"),
    words("queue"),
    words("delivery_id"),
    Column("message_id", Text()),
    Column("body", LargeBinary()),
    Column("next_at", Instant(), nullable=False),
    Column("lease_until", Instant()),
    Column("fence", Integer(), nullable=False),
    Column("attempts", Integer(), nullable=False),
    Index("ix_outbox_next_at_id", "next_at", "id"),
    Index("uq_outbox_delivery_id_kind", "delivery_id", "kind", unique=True, **where("kind <> 'delivery'")),
)

arrival: Final = Table(
    "arrival",
    metadata,
    words("id", primary_key=True),
    words("message_id"),
    words("code"),
    words("as_sent"),
    words("member_id"),
    words("queue"),
    words("reply_queue"),
    Column("refusal", Text()),
    Column("receipt", LargeBinary(), nullable=False),
    Column("acknowledgement", LargeBinary()),
    Column("arrived_at", Instant(), nullable=False),
    Column("fetched_at", Instant()),
    Column("acknowledged_at", Instant()),
    Index("ix_arrival_waiting", "member_id", "id", **where("acknowledged_at IS NULL AND refusal IS NULL")),
    Index("uq_arrival_message_id_code", "message_id", "code", unique=True),
)

log_entry: Final = Table(
    "log_entry",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("document_id", Text()),
    Column("seq", Integer()),
    Column("leaf", LargeBinary(), nullable=False),
    Column("leaf_hash", Digest(), nullable=False),
    Column("tree_index", BigInteger()),
    Index(
        "uq_log_entry_document_id_seq", "document_id", "seq", unique=True, **where("document_id IS NOT NULL")
    ),
    Index("uq_log_entry_tree_index", "tree_index", unique=True, **where("tree_index IS NOT NULL")),
    Index("ix_log_entry_unsequenced", "id", **where("tree_index IS NULL")),
)

log_node: Final = Table(
    "log_node",
    metadata,
    Column("level", Integer(), primary_key=True, autoincrement=False),
    Column("position", BigInteger(), primary_key=True, autoincrement=False),
    Column("hash", Digest(), nullable=False),
    sqlite_with_rowid=False,
)
"""Hashes of complete subtrees of two leaves and more; those of level 0 stand in `log_entry`."""

log_head: Final = Table(
    "log_head",
    metadata,
    only_row(),
    Column("size", BigInteger(), nullable=False),
    Column("root", Digest(), nullable=False),
)

log_checkpoint: Final = Table(
    "log_checkpoint",
    metadata,
    Column("size", BigInteger(), primary_key=True, autoincrement=False),
    words("note"),
    Column("signed_at", Instant(), nullable=False),
)

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

peer: Final = Table(
    "peer",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("name"),
    words("verifier_key"),
    Column("since", Instant(), nullable=False),
    Column("until", Instant()),
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

axis_message: Final = Table(
    "axis_message",
    metadata,
    Column("id", RowNumber, primary_key=True),
    words("queue"),
    words("message_id"),
    Column("body", LargeBinary(), nullable=False),
    Column("dead", Boolean(), nullable=False, server_default=false()),
    Index("ix_axis_message_queue_id", "queue", "id", **where("NOT dead")),
    # A row number is the tag by which a message is settled; a number used twice would settle the wrong one.
    sqlite_autoincrement=True,
)
"""The embedded axis: the queues of `gateway/axis/local.py`."""

readiness: Final = Table("readiness", metadata, only_row(), Column("tried_at", Instant(), nullable=False))
"""One row that a readiness probe writes, because only a write proves that writing works."""
