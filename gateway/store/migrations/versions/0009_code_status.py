"""Status and forwarding of codes, and the entities for which members serve their prefixes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agency", sa.Column("status", sa.Text(), nullable=False, server_default="active"))
    op.add_column("agency", sa.Column("forward_until", sa.BigInteger()))
    op.add_column("member", sa.Column("entities", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
