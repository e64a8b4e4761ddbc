"""Changes of the registry as data, with signatures and the keys of those who sign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DUE = sa.text("(state = 'approved' AND held = 0) OR expires_at IS NOT NULL")
_COUNTS = sa.text("void_at IS NULL")
_IN_USE = sa.text("until IS NULL")
_UNDER_WAY = sa.text("state NOT IN ('acknowledged', 'refused', 'undeliverable')")


def upgrade() -> None:
    _change_sets()
    op.create_table(
        "change_approval",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("change_id", sa.Text(), sa.ForeignKey("change_set.id"), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("verifier_key", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("diff_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("void_at", sa.BigInteger()),
    )
    op.create_index(
        "uq_change_approval_change_id",
        "change_approval",
        ["change_id", "role"],
        unique=True,
        sqlite_where=_COUNTS,
        postgresql_where=_COUNTS,
    )
    op.create_table(
        "officer_key",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("verifier_key", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
    )
    op.create_index(
        "uq_officer_key_credential_id",
        "officer_key",
        ["credential_id"],
        unique=True,
        sqlite_where=_IN_USE,
        postgresql_where=_IN_USE,
    )
    # What a change would touch: documents under way by the code they go to, and who wrote lately.
    op.create_index(
        "ix_delivery_under_way", "delivery", ["code"], sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY
    )
    op.create_index("ix_message_accepted_at", "message", ["accepted_at"])


def _change_sets() -> None:
    op.create_table(
        "change_set",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.LargeBinary(32)),
        sa.Column("retroactive", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("effective_at", sa.BigInteger()),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("diff_sha256", sa.LargeBinary(32)),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("instants", sa.Text(), nullable=False),
        sa.Column("proposer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("rolls_back", sa.Text()),
        sa.Column("emergency", sa.Text()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("version", sa.Integer()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_change_set_due", "change_set", ["id"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_table(
        "change_content",
        sa.Column("change_id", sa.Text(), sa.ForeignKey("change_set.id"), primary_key=True),
        sa.Column("source", sa.LargeBinary()),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.Column("diff", sa.LargeBinary(), nullable=False),
    )
