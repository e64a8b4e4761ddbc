"""The database itself refuses to change or delete what the routing log holds.

An obstacle, not a proof: who owns the database can drop it. The proof is the tree and its signed checkpoints.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REASON = "the routing log is append-only"

# An entry may change once: when it gets its place in the tree.
_SQLITE_ENTRY = """
    NOT (NEW.id = OLD.id AND NEW.leaf = OLD.leaf AND NEW.leaf_hash = OLD.leaf_hash AND NEW.document_id IS OLD.document_id
         AND NEW.seq IS OLD.seq AND OLD.tree_index IS NULL)
"""
_POSTGRESQL_ENTRY = """
    NEW.id <> OLD.id OR NEW.leaf <> OLD.leaf OR NEW.leaf_hash <> OLD.leaf_hash OR NEW.document_id IS DISTINCT FROM OLD.document_id
    OR NEW.seq IS DISTINCT FROM OLD.seq OR OLD.tree_index IS NOT NULL
"""
_TABLES = ("log_entry", "log_node", "log_checkpoint", "log_head")
_CHANGES = {"log_node": "true", "log_checkpoint": "true", "log_head": "NEW.size <= OLD.size"}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REASON}'); END"
    for table in _TABLES:
        op.execute(f"CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} {refuse}")
    for table, change in {"log_entry": _SQLITE_ENTRY, **_CHANGES}.items():
        op.execute(f"CREATE TRIGGER {table}_freeze BEFORE UPDATE ON {table} WHEN {change} {refuse}")


def _postgresql() -> None:
    op.execute(
        f"CREATE FUNCTION vanthu_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REASON}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    refuse = "EXECUTE FUNCTION vanthu_append_only()"
    for table in _TABLES:
        op.execute(f"CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} FOR EACH ROW {refuse}")
        op.execute(f"CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")
    for table, change in {"log_entry": _POSTGRESQL_ENTRY, **_CHANGES}.items():
        op.execute(
            f"CREATE TRIGGER {table}_freeze BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({change}) {refuse}"
        )
