"""Dead letters are kept until somebody decides, and the embedded axis counts what comes again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("order_id", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
    )
    op.create_index("uq_dead_letter_queue_sha256", "dead_letter", ["queue", "sha256"], unique=True)
    op.create_index("ix_dead_letter_state_id", "dead_letter", ["state", "id"])
    _partial("ix_dead_letter_order_id_id", "dead_letter", ["order_id", "id"], "state = 'resending'")
    op.create_table(
        "resend_order",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
    )
    _partial("ix_resend_order_next_at", "resend_order", ["next_at"], "finished_at IS NULL")
    _axis()


def _axis() -> None:
    op.add_column(
        "axis_message", sa.Column("deliveries", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("axis_message", sa.Column("died_of", sa.Text()))
    _partial("ix_axis_message_dead", "axis_message", ["queue", "id"], "dead")
    op.execute(sa.text("UPDATE axis_message SET died_of = 'rejected' WHERE dead"))


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
