"""The gateway's own keys, as far as others have to know them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table

from gateway.store.columns import Instant, words
from gateway.store.tables.base import metadata

receipt_key: Final = Table(
    "receipt_key",
    metadata,
    words("verifier_key", primary_key=True),
    Column("valid_from", Instant(), nullable=False),
    Column("valid_until", Instant()),
)
"""Every key that receipts were signed with; without `valid_until` it is the one in use."""
