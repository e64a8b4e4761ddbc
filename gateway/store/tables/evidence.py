"""What was found in the signatures of documents, apart from what was concluded from it then."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Table, Text

from gateway.store.columns import Json
from gateway.store.tables.base import metadata

evidence: Final = Table(
    "evidence",
    metadata,
    Column("message_id", Text(), ForeignKey("message.id"), primary_key=True),
    Column("evidence", Json(), nullable=False),
)
