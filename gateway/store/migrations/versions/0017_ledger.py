"""The loss ledger, and an index of the deliveries that are owed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

_OWED = sa.text("state IN ('queued', 'confirmed', 'held')")


def upgrade() -> None:
    op.create_table(
        "ledger_day",
        sa.Column("day", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("delivered", "pending", "held", "refused", "expired")
        ),
        sqlite_with_rowid=False,
    )
    head = op.create_table(
        "ledger_head",
        sa.Column(
            "id",
            sa.Integer(),
            sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_one_row")),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recounted_at", sa.BigInteger()),
    )
    op.bulk_insert(head, [{"id": 1, "position": 0}])
    op.create_index(
        "ix_delivery_owed",
        "delivery",
        ["state", "id"],
        sqlite_where=_OWED,
        postgresql_where=_OWED,
    )
