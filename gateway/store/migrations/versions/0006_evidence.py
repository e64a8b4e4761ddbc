"""The evidence of signatures, so that a document can be judged again. Documents of before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("message_id", sa.Text(), sa.ForeignKey("message.id"), primary_key=True),
        sa.Column("evidence", sa.Text(), nullable=False),
    )
