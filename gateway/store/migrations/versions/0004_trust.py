"""The trust store: what lay in the trust folder is taken over when the gateway starts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NOTHING = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)  # SHA-256 of no bytes


def upgrade() -> None:
    only_row = sa.CheckConstraint("id = 1", name=op.f("ck_trust_head_one_row"))
    head = op.create_table(
        "trust_head",
        sa.Column("id", sa.Integer(), only_row, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "version": 0, "sha256": _NOTHING}])
    op.create_table(
        "trust_version",
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
    )
    op.create_table(
        "trust_certificate",
        sa.Column("id", _ROW, primary_key=True),
        sa.Column("certificate_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("pem", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("usages", sa.Text(), nullable=False),
        sa.Column("trusted_from", sa.BigInteger()),
        sa.Column("trusted_until", sa.BigInteger()),
        sa.Column("revocation", sa.Text()),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer()),
    )
    op.create_index("ix_trust_certificate_until_version", "trust_certificate", ["until_version"])
    op.create_index("ix_trust_certificate_certificate_sha256", "trust_certificate", ["certificate_sha256"])
