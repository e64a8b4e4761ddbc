"""When to ask what became of a delivery that arrived; of those that are waiting already, at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

_ARRIVED = sa.text("state = 'received'")


def upgrade() -> None:
    op.add_column("delivery", sa.Column("ask_at", sa.BigInteger()))
    op.execute("UPDATE delivery SET ask_at = updated_at WHERE state = 'received'")
    op.create_index(
        "ix_delivery_ask_at", "delivery", ["ask_at"], sqlite_where=_ARRIVED, postgresql_where=_ARRIVED
    )
