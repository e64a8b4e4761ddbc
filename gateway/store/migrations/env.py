"""Alembic's entry: runs the revisions inside the transaction that `gateway.store.database.upgrade` began."""

from __future__ import annotations

from alembic import context

from gateway.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # Both databases roll schema changes back; Alembic assumes that SQLite does not.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
