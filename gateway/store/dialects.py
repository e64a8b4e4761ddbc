"""The few statements that SQLAlchemy writes differently for SQLite and PostgreSQL, by dialect name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Column, Connection, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite

from gateway.ports import Clock

_NOW: Final = {
    "sqlite": text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"),
    "postgresql": text("SELECT now()"),
}


def insert_or_skip(table: Table, *returning: Column[Any]) -> Mapping[str, Executable]:
    """Return INSERT statements that leave a row alone that is there already, and return the columns of new rows."""
    ours = sqlite.insert(table).on_conflict_do_nothing()
    theirs = postgresql.insert(table).on_conflict_do_nothing()
    if returning:
        return MappingProxyType(
            {"sqlite": ours.returning(*returning), "postgresql": theirs.returning(*returning)}
        )
    return MappingProxyType({"sqlite": ours, "postgresql": theirs})


def transaction_time(connection: Connection, clock: Clock | None) -> datetime:
    """Return the time of this transaction in UTC.

    Whole milliseconds, so that rows and log entries name the same instant. It is the database's unless a clock was
    given, because several processes must agree on it.
    """
    now = clock() if clock else connection.execute(_NOW[connection.dialect.name]).scalar_one()
    if isinstance(now, str):
        now = datetime.fromisoformat(now)
    return now - timedelta(microseconds=now.microsecond % 1000)
