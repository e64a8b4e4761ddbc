"""Documents that could not be decided are kept, and the first receipt of bytes that were not accepted is remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'parked'")


def upgrade() -> None:
    op.create_table(
        "parked",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("road", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.Text()),
        sa.Column("sender_code", sa.Text(), nullable=False),
        sa.Column("sender_as_sent", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("queue", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("keep_until", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
    )
    op.create_index(
        "ix_parked_next_at_id",
        "parked",
        ["next_at", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("ix_parked_member_id_id", "parked", ["member_id", "id"])
    op.create_table(
        "first_seen",
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
