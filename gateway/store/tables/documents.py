"""Messages, whom they go to, what is owed to the axis, and what came from it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from gateway.store.columns import Day, Digest, Instant, Json, where, words
from gateway.store.tables.base import metadata

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
    Column("priority", Integer(), nullable=False, server_default=text("0")),
    Column("deliver_by", Instant()),
    Index("ix_message_sender_code_document_id", "sender_code", "document_id", **where("kind = 'edoc'")),
    Index("ix_message_business", "sender_code", "id", **where("business_type > 0")),
    Index("ix_message_sender_code_number", "sender_code", "number", **where("kind = 'edoc'")),
    Index("ix_message_accepted_at", "accepted_at"),
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
    Column("resolved_code", Text()),
    Column("resolved_version", Integer()),
    Column("chosen_at", Instant()),
    Column("held_since", Instant()),
    Column("former_members", Json(), nullable=False, server_default=text("'[]'")),
    Index("ix_delivery_held", "code", "id", **where("held_since IS NOT NULL")),
    Column("flow_seq", BigInteger()),
    Column("late_state", Text()),
    Index(
        "ix_delivery_under_way",
        "code",
        **where("state NOT IN ('acknowledged', 'expired', 'refused', 'undeliverable')"),
    ),
    Column("ask_at", Instant()),
    Index("ix_delivery_ask_at", "ask_at", **where("state = 'received'")),
    # What is owed, for the ledger; the states stand in `gateway.store.ledger`.
    Index("ix_delivery_owed", "state", "id", **where("state IN ('queued', 'confirmed', 'held')")),
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
    Column("priority", Integer(), nullable=False, server_default=text("0")),
    Column("flow", BigInteger()),
    Column("flow_seq", BigInteger(), nullable=False, server_default=text("0")),
    Column("deliver_by", Instant()),
    Index("ix_outbox_due", "priority", "next_at", "flow_seq", "id"),
    Index("ix_outbox_deliver_by", "deliver_by", **where("deliver_by IS NOT NULL")),
    Index("ix_outbox_in_flight", "flow", **where("lease_until IS NOT NULL")),
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
    Column("resolved_code", Text()),
    Column("chosen_at", Instant()),
    Column("flow_seq", BigInteger()),
    Column("priority", Integer(), nullable=False, server_default=text("0")),
    Index(
        "ix_arrival_urgent",
        "member_id",
        "id",
        **where("acknowledged_at IS NULL AND refusal IS NULL AND priority > 0"),
    ),
    Index("ix_arrival_waiting", "member_id", "id", **where("acknowledged_at IS NULL AND refusal IS NULL")),
    Index("uq_arrival_message_id_code", "message_id", "code", unique=True),
)
