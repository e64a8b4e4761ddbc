"""Who took over from an addressee, what is held, and what senders are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("resolved_code", sa.Text()))
    op.add_column("delivery", sa.Column("resolved_version", sa.Integer()))
    op.add_column("delivery", sa.Column("chosen_at", sa.BigInteger()))
    op.add_column("delivery", sa.Column("held_since", sa.BigInteger()))
    op.add_column(
        "delivery", sa.Column("former_members", sa.Text(), nullable=False, server_default=sa.text("'[]'"))
    )
    held = sa.text("held_since IS NOT NULL")
    op.create_index("ix_delivery_held", "delivery", ["code", "id"], sqlite_where=held, postgresql_where=held)
    op.add_column("arrival", sa.Column("resolved_code", sa.Text()))
    op.add_column("arrival", sa.Column("chosen_at", sa.BigInteger()))
    op.create_table(
        "notice",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("resolved_code", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("leaf_sha256", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_notice_member_id_id", "notice", ["member_id", "id"])
