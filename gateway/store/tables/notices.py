"""What senders are told of their documents besides the answers to their own calls."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text

from gateway.store.columns import Digest, Instant, words
from gateway.store.tables.base import metadata

notice: Final = Table(
    "notice",
    metadata,
    words("id", primary_key=True),
    words("member_id"),
    words("message_id"),
    words("delivery_id"),
    words("code"),
    Column("resolved_code", Text()),
    words("kind"),
    words("reason"),
    Column("explanation", Text()),
    Column("at", Instant(), nullable=False),
    Column("leaf_sha256", Digest(), nullable=False),
    Index("ix_notice_member_id_id", "member_id", "id"),
)
"""One row for each entry of the log of which a sender is told; `leaf_sha256` names the entry."""
