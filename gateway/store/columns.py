"""Column types that SQLite and PostgreSQL store alike: instants, days, digests and JSON.

Invariants: an instant is UTC, kept as whole microseconds since 1970-01-01T00:00:00Z, so that it sorts and
compares the same on both; a day is text as in ISO 8601; a digest is 32 bytes on disk and lowercase hex in
Python; JSON is text with no spaces.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, CheckConstraint, Column, Dialect, Index, Integer, LargeBinary, Text, text
from sqlalchemy.types import TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

NAMES: Final = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""How constraints and indexes are named."""

RowNumber: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A row number that the database gives out; SQLite does so only for its own INTEGER."""


def words(name: str, **options: Any) -> Column[str]:  # noqa: ANN401 - Column's own keywords
    """Return a column of text that is always there."""
    return Column(name, Text(), nullable=False, **options)


def only_row() -> Column[int]:
    """Return the key of a table that has one row."""
    one = CheckConstraint("id = 1", name="one_row")
    return Column("id", Integer(), one, primary_key=True, autoincrement=False)


def versions(table: str) -> tuple[Column[Any] | Index, ...]:
    """Return the columns of the recorded axis, and the index that finds what is in force now."""
    return (
        Column("since_version", Integer(), nullable=False),
        Column("until_version", Integer()),
        Index(f"ix_{table}_until_version", "until_version"),
    )


def where(condition: str) -> dict[str, Any]:
    """Make an index partial on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Instant(TypeDecorator[datetime]):
    """An aware UTC time, in microseconds since the epoch."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the microseconds; a naive time raises TypeError in the subtraction."""
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Return the aware time."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A date, as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Return the text."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:  # noqa: ARG002 - as above
        """Return the date."""
        return None if value is None else date.fromisoformat(value)


class Digest(TypeDecorator[str]):
    """A SHA-256: hex in Python, 32 bytes on disk."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(32)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the bytes."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Return the hex text."""
        return None if value is None else value.hex()


class Json(TypeDecorator[Any]):
    """A JSON value as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the JSON text."""
        return msgspec.json.encode(value, enc_hook=dict).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:  # noqa: ARG002 - as above
        """Return the value; None only where an outer join found no row."""
        return None if value is None else msgspec.json.decode(value)
