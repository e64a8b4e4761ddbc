"""Whether another gateway shares the payload store.

Until now all gateways that met on one broker had to, so those that are known already do.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "peer", sa.Column("shares_payloads", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(
        sa.update(sa.table("peer", sa.column("shares_payloads", sa.Boolean()))).values(shares_payloads=True)
    )
