"""The routing log: entries, the nodes of its tree, and its signed heads."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from gateway.store.columns import Digest, Instant, RowNumber, only_row, where, words
from gateway.store.tables.base import metadata

log_entry: Final = Table(
    "log_entry",
    metadata,
    Column("id", RowNumber, primary_key=True),
    Column("document_id", Text()),
    Column("seq", Integer()),
    Column("leaf", LargeBinary(), nullable=False),
    Column("leaf_hash", Digest(), nullable=False),
    Column("tree_index", BigInteger()),
    Index(
        "uq_log_entry_document_id_seq", "document_id", "seq", unique=True, **where("document_id IS NOT NULL")
    ),
    Index("uq_log_entry_tree_index", "tree_index", unique=True, **where("tree_index IS NOT NULL")),
    Index("ix_log_entry_unsequenced", "id", **where("tree_index IS NULL")),
)

log_node: Final = Table(
    "log_node",
    metadata,
    Column("level", Integer(), primary_key=True, autoincrement=False),
    Column("position", BigInteger(), primary_key=True, autoincrement=False),
    Column("hash", Digest(), nullable=False),
    sqlite_with_rowid=False,
)
"""Hashes of complete subtrees of two leaves and more; those of level 0 stand in `log_entry`."""

log_head: Final = Table(
    "log_head",
    metadata,
    only_row(),
    Column("size", BigInteger(), nullable=False),
    Column("root", Digest(), nullable=False),
)

log_checkpoint: Final = Table(
    "log_checkpoint",
    metadata,
    Column("size", BigInteger(), primary_key=True, autoincrement=False),
    words("note"),
    Column("signed_at", Instant(), nullable=False),
)
