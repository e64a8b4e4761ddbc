"""Versions of the registry at national scale: their recipe, the version in preparation, and indexes for what changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "registry_version", sa.Column("recipe", sa.Integer(), nullable=False, server_default=sa.text("1"))
    )
    op.create_table(
        "registry_preparation",
        sa.Column(
            "id",
            sa.Integer(),
            sa.CheckConstraint("id = 1", name=op.f("ck_registry_preparation_one_row")),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32)),
    )
    op.create_index("ix_agency_code", "agency", ["code"])
    op.create_index("ix_agency_since_version", "agency", ["since_version"])
