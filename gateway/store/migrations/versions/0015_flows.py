"""Numbers within a flow, urgency and deadlines: of messages, deliveries, the outbox and the inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0017"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNDER_WAY = sa.text("state NOT IN ('acknowledged', 'expired', 'refused', 'undeliverable')")
_DEADLINE = sa.text("deliver_by IS NOT NULL")
_LEASED = sa.text("lease_until IS NOT NULL")
_URGENT = sa.text("acknowledged_at IS NULL AND refusal IS NULL AND priority > 0")


def _number(name: str, kind: sa.types.TypeEngine[int]) -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text("0"))


def _partial(name: str, table: str, columns: list[str], condition: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    op.create_table(
        "flow",
        sa.Column("id", _ROW_NUMBER, primary_key=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("last_due_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("uq_flow_sender_recipient", "flow", ["sender", "recipient"], unique=True)
    op.add_column("message", _number("priority", sa.Integer()))
    op.add_column("message", sa.Column("deliver_by", sa.BigInteger()))
    op.add_column("delivery", sa.Column("flow_seq", sa.BigInteger()))
    op.add_column("delivery", sa.Column("late_state", sa.Text()))
    op.drop_index("ix_delivery_under_way", "delivery")
    _partial("ix_delivery_under_way", "delivery", ["code"], _UNDER_WAY)
    op.add_column("outbox", _number("priority", sa.Integer()))
    op.add_column("outbox", sa.Column("flow", sa.BigInteger()))
    op.add_column("outbox", _number("flow_seq", sa.BigInteger()))
    op.add_column("outbox", sa.Column("deliver_by", sa.BigInteger()))
    op.drop_index("ix_outbox_next_at_id", "outbox")
    op.create_index("ix_outbox_due", "outbox", ["priority", "next_at", "flow_seq", "id"])
    _partial("ix_outbox_deliver_by", "outbox", ["deliver_by"], _DEADLINE)
    _partial("ix_outbox_in_flight", "outbox", ["flow"], _LEASED)
    op.add_column("arrival", sa.Column("flow_seq", sa.BigInteger()))
    op.add_column("arrival", _number("priority", sa.Integer()))
    _partial("ix_arrival_urgent", "arrival", ["member_id", "id"], _URGENT)
    op.add_column("parked", sa.Column("deliver_by", sa.BigInteger()))
