"""What is registered of certificates beyond their hash, and when each was last seen signing.

Certificates that are there already get their key and their end from what they are; one that cannot be read gets neither, and
goes on counting by its hash as before.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FACTS = sa.text("UPDATE certificate SET spki_sha256 = :spki_sha256, certificate_ends = :ends WHERE id = :id")


def upgrade() -> None:
    op.add_column("certificate", sa.Column("spki_sha256", sa.LargeBinary(32)))
    op.add_column("certificate", sa.Column("certificate_ends", sa.BigInteger()))
    op.add_column(
        "certificate", sa.Column("terms", sa.Text(), nullable=False, server_default=sa.text("'{}'"))
    )
    op.create_table(
        "certificate_sighting",
        sa.Column("entity_id", sa.Text(), primary_key=True),
        sa.Column("certificate_sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    for row in connection.execute(sa.text("SELECT id, pem FROM certificate")).all():
        try:
            certificate = x509.load_pem_x509_certificate(bytes(row.pem))
            key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except ValueError:
            continue
        ends = (certificate.not_valid_after_utc - _EPOCH) // timedelta(microseconds=1)
        facts = {"id": row.id, "spki_sha256": hashlib.sha256(key).digest(), "ends": ends}
        connection.execute(_FACTS, facts)
