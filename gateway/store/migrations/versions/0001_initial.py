"""The first schema: messages and deliveries, the routing log, the registry, accounts and the embedded axis."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOTHING = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)  # SHA-256 of no bytes


def upgrade() -> None:
    _messages()
    _outbox()
    _arrivals()
    _log()
    _registry()
    _accounts()
    _axis()


def _row() -> sa.Column[Any]:
    return sa.Column("id", _ROW, primary_key=True)


def _only_row(table: str) -> sa.Column[Any]:
    return sa.Column(
        "id",
        sa.Integer(),
        sa.CheckConstraint("id = 1", name=op.f(f"ck_{table}_one_row")),
        primary_key=True,
        autoincrement=False,
    )


def _text(name: str, **options: Any) -> sa.Column[Any]:  # noqa: ANN401 - sa.Column's own keywords
    return sa.Column(name, sa.Text(), nullable=options.pop("nullable", False), **options)


def _integer(name: str, **options: Any) -> sa.Column[Any]:  # noqa: ANN401 - sa.Column's own keywords
    return sa.Column(name, sa.Integer(), nullable=options.pop("nullable", False), **options)


def _long(name: str, **options: Any) -> sa.Column[Any]:  # noqa: ANN401 - sa.Column's own keywords
    return sa.Column(name, sa.BigInteger(), nullable=options.pop("nullable", False), **options)


def _bytes(name: str, size: int | None = None, **options: Any) -> sa.Column[Any]:  # noqa: ANN401 - sa.Column's own keywords
    return sa.Column(name, sa.LargeBinary(size), nullable=options.pop("nullable", False), **options)


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    condition: dict[str, Any] = {}
    if where is not None:
        condition = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, table, list(columns), unique=unique, **condition)


def _messages() -> None:
    op.create_table(
        "message",
        _text("id", primary_key=True),
        _text("kind"),
        _text("about", nullable=True),
        _text("gateway"),
        _text("member_id"),
        _text("sender_code"),
        _text("sender_as_sent"),
        _text("document_id"),
        _text("number"),
        _text("subject"),
        _text("status_code", nullable=True),
        _bytes("sha256", 32),
        _long("size"),
        _long("accepted_at"),
        _integer("registry_version"),
        _text("verdict"),
        _bytes("leaf_sha256", 32, nullable=True),
    )
    _index(
        "ix_message_sender_code_document_id", "message", "sender_code", "document_id", where="kind = 'edoc'"
    )
    op.create_table("body", _bytes("sha256", 32, primary_key=True), _bytes("body"))
    op.create_table(
        "idempotency",
        _text("scope", primary_key=True),
        _text("owner", primary_key=True),
        _text("key", primary_key=True),
        _bytes("sha256", 32),
        _text("message_id"),
        sqlite_with_rowid=False,
    )


def _outbox() -> None:
    op.create_table(
        "delivery",
        _text("id", primary_key=True),
        sa.Column("message_id", sa.Text(), sa.ForeignKey("message.id"), nullable=False),
        _integer("position"),
        _text("code"),
        _text("as_sent"),
        _text("member_id"),
        _text("queue"),
        _text("state"),
        _integer("attempts"),
        _text("reason", nullable=True),
        _long("updated_at"),
    )
    _index("ix_delivery_message_id_position", "delivery", "message_id", "position")
    op.create_table(
        "outbox",
        _text("id", primary_key=True),
        _text("kind"),
        _text("queue"),
        _text("delivery_id"),
        _text("message_id", nullable=True),
        _bytes("body", nullable=True),
        _long("next_at"),
        _long("lease_until", nullable=True),
        _integer("fence"),
        _integer("attempts"),
    )
    _index("ix_outbox_next_at_id", "outbox", "next_at", "id")
    _index(
        "uq_outbox_delivery_id_kind", "outbox", "delivery_id", "kind", unique=True, where="kind <> 'delivery'"
    )


def _arrivals() -> None:
    op.create_table(
        "arrival",
        _text("id", primary_key=True),
        _text("message_id"),
        _text("code"),
        _text("as_sent"),
        _text("member_id"),
        _text("queue"),
        _text("reply_queue"),
        _text("refusal", nullable=True),
        _bytes("receipt"),
        _bytes("acknowledgement", nullable=True),
        _long("arrived_at"),
        _long("fetched_at", nullable=True),
        _long("acknowledged_at", nullable=True),
    )
    _index(
        "ix_arrival_waiting",
        "arrival",
        "member_id",
        "id",
        where="acknowledged_at IS NULL AND refusal IS NULL",
    )
    _index("uq_arrival_message_id_code", "arrival", "message_id", "code", unique=True)


def _log() -> None:
    op.create_table(
        "log_entry",
        _row(),
        _text("document_id", nullable=True),
        _integer("seq", nullable=True),
        _bytes("leaf"),
        _bytes("leaf_hash", 32),
        _long("tree_index", nullable=True),
    )
    documents = "document_id IS NOT NULL"
    _index("uq_log_entry_document_id_seq", "log_entry", "document_id", "seq", unique=True, where=documents)
    _index("uq_log_entry_tree_index", "log_entry", "tree_index", unique=True, where="tree_index IS NOT NULL")
    _index("ix_log_entry_unsequenced", "log_entry", "id", where="tree_index IS NULL")
    op.create_table(
        "log_node",
        _integer("level", primary_key=True, autoincrement=False),
        _long("position", primary_key=True, autoincrement=False),
        _bytes("hash", 32),
        sqlite_with_rowid=False,
    )
    head = op.create_table("log_head", _only_row("log_head"), _long("size"), _bytes("root", 32))
    op.bulk_insert(head, [{"id": 1, "size": 0, "root": _NOTHING}])
    op.create_table(
        "log_checkpoint",
        _long("size", primary_key=True, autoincrement=False),
        _text("note"),
        _long("signed_at"),
    )


def _registry() -> None:
    head = op.create_table(
        "registry_head", _only_row("registry_head"), _integer("version"), _bytes("sha256", 32)
    )
    op.bulk_insert(head, [{"id": 1, "version": 0, "sha256": _NOTHING}])
    op.create_table(
        "registry_version",
        _integer("version", primary_key=True, autoincrement=False),
        _bytes("sha256", 32),
        _long("activated_at"),
        _text("actor"),
        _text("source"),
    )
    _versioned(
        "agency",
        _text("code"),
        _text("entity_id"),
        _text("name"),
        _text("parent", nullable=True),
        _text("kind"),
        _long("valid_from", nullable=True),
        _long("valid_to", nullable=True),
        _text("successors"),
        _text("aliases"),
    )
    _versioned(
        "certificate",
        _text("entity_id"),
        _bytes("certificate_sha256", 32),
        _long("valid_from", nullable=True),
        _long("valid_to", nullable=True),
        _bytes("pem"),
    )
    _versioned(
        "member", _text("member_id"), _text("name"), _text("prefixes"), _text("queue"), _text("gateway")
    )


def _versioned(table: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table, _row(), *columns, _integer("since_version"), _integer("until_version", nullable=True)
    )
    _index(f"ix_{table}_until_version", table, "until_version")


def _accounts() -> None:
    op.create_table(
        "peer", _row(), _text("name"), _text("verifier_key"), _long("since"), _long("until", nullable=True)
    )
    _index("uq_peer_name", "peer", "name", unique=True, where="until IS NULL")
    op.create_table(
        "credential",
        _text("id", primary_key=True),
        _text("label"),
        _text("member_id", nullable=True),
        _text("roles"),
        _bytes("secret_sha256", 32),
        _long("created_at"),
        _long("expires_at", nullable=True),
        _long("revoked_at", nullable=True),
    )
    op.create_table("readiness", _only_row("readiness"), _long("tried_at"))


def _axis() -> None:
    op.create_table(
        "axis_message",
        _row(),
        _text("queue"),
        _text("message_id"),
        _bytes("body"),
        sa.Column("dead", sa.Boolean(), nullable=False, server_default=sa.false()),
        sqlite_autoincrement=True,
    )
    _index("ix_axis_message_queue_id", "axis_message", "queue", "id", where="NOT dead")
