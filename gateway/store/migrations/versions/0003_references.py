"""Which message speaks of which document, and what a message says of itself that is asked for later.

Documents of before were all new ones. A status that had arrived spoke of its document in the log, so it gets its row.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DOCUMENTS = sa.text("kind = 'edoc'")
_BUSINESS = sa.text("business_type > 0")


def upgrade() -> None:
    op.add_column("message", sa.Column("business_type", sa.Integer()))
    op.add_column("message", sa.Column("reason", sa.Text()))
    op.add_column("message", sa.Column("refers_to", sa.Text()))
    op.add_column("message", sa.Column("promulgation_date", sa.Text()))
    op.add_column("message", sa.Column("stated_at", sa.BigInteger()))
    op.add_column("message", sa.Column("staff", sa.Text()))
    op.execute("UPDATE message SET business_type = 0 WHERE kind = 'edoc'")
    op.create_index(
        "ix_message_sender_code_number",
        "message",
        ["sender_code", "number"],
        sqlite_where=_DOCUMENTS,
        postgresql_where=_DOCUMENTS,
    )
    op.create_index(
        "ix_message_business",
        "message",
        ["sender_code", "id"],
        sqlite_where=_BUSINESS,
        postgresql_where=_BUSINESS,
    )
    op.create_table(
        "reference",
        sa.Column("message_id", sa.Text(), sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("about_id", sa.Text(), sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("relation", sa.Text(), primary_key=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reference_about_id", "reference", ["about_id"])
    op.execute(
        "INSERT INTO reference (message_id, about_id, relation, noted_at) "
        "SELECT message.id, message.about, 'answers', min(arrival.arrived_at) FROM message "
        "JOIN arrival ON arrival.message_id = message.id AND arrival.refusal IS NULL "
        "WHERE message.kind = 'status' AND message.about IS NOT NULL GROUP BY message.id, message.about"
    )
