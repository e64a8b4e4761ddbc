"""Writing many rows with one statement: the cheapest way that each database has.

SQLite takes them one by one in C (`executemany`). PostgreSQL gets them as one JSON text that it unfolds itself, which
costs a fifth of the client's processor time of one statement for each row. All rows of one call name the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    Connection,
    Dialect,
    Executable,
    Integer,
    LargeBinary,
    Table,
    TextClause,
    bindparam,
    insert,
    text,
    update,
)
from sqlalchemy.dialects import postgresql

from gateway.store.columns import Day, Digest, Instant, Json
from gateway.store.dialects import insert_or_skip

_DIALECT: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_COUNT: Final = {"preserve_rowcount": True}
_encode: Final = msgspec.json.Encoder().encode


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, skip: bool = False
) -> int:
    """Insert rows and return how many; with `skip` those that are there already are left alone."""
    if not rows:
        return 0
    columns = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        statement: Executable = _unfold_insert(table, columns, skip)
        return connection.execute(statement, {"rows": _json(table, columns, rows)}).rowcount
    statement = insert_or_skip(table)["sqlite"] if skip else insert(table)
    return connection.execute(statement, rows, execution_options=_COUNT).rowcount


def update_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Set columns of the rows with the given `id`."""
    if not rows:
        return
    columns = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        connection.execute(_unfold_update(table, columns), {"rows": _json(table, columns, rows)})
        return
    values = [{f"new_{name}": value for name, value in row.items()} for row in rows]
    connection.execute(_update(table, columns), values)


@cache
def _update(table: Table, columns: tuple[str, ...]) -> Executable:
    changes: dict[str, BindParameter[Any]] = {
        name: bindparam(f"new_{name}") for name in columns if name != "id"
    }
    return update(table).where(table.c.id == bindparam("new_id")).values(changes)


@cache
def _unfold_insert(table: Table, columns: tuple[str, ...], skip: bool) -> TextClause:  # noqa: FBT001 - a cache takes no keywords
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(_value(table.c[name]) for name in columns)
    conflict = "ON CONFLICT DO NOTHING" if skip else ""
    return text(
        f"INSERT INTO {table.name} ({names}) SELECT {values} FROM {_source(table, columns)} {conflict}"  # noqa: S608 - our own names
    )


@cache
def _unfold_update(table: Table, columns: tuple[str, ...]) -> TextClause:
    changes = ", ".join(f'"{name}" = {_value(table.c[name])}' for name in columns if name != "id")
    return text(
        f"UPDATE {table.name} SET {changes} FROM {_source(table, columns)} WHERE {table.name}.id = r.id"  # noqa: S608 - as above
    )


def _source(table: Table, columns: tuple[str, ...]) -> str:
    """Name the rows that a JSON text unfolds into, hashes and bytes still as text."""
    types = ", ".join(f'"{name}" {_wire_type(table.c[name])}' for name in columns)
    return f"json_to_recordset(CAST(:rows AS json)) AS r({types})"


def _wire_type(column: Column[Any]) -> str:
    match column.type:
        case Instant() | BigInteger():
            return "bigint"
        case Integer():
            return "integer"
        case _:
            return "text"


def _value(column: Column[Any]) -> str:
    match column.type:
        case Digest():
            return f"decode(r.\"{column.name}\", 'hex')"
        case LargeBinary():
            return f"decode(r.\"{column.name}\", 'base64')"
        case _:
            return f'r."{column.name}"'


def _json(table: Table, columns: tuple[str, ...], rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as JSON: instants as numbers, JSON values as text, hashes in hex, bytes in base64."""
    binders = {name: _binder(table.c[name]) for name in columns}
    special = {name: bind for name, bind in binders.items() if bind is not None}
    if special:
        rows = [
            {**row, **{name: bind(row[name], _DIALECT) for name, bind in special.items()}} for row in rows
        ]
    return _encode(rows).decode()


def _binder(column: Column[Any]) -> Callable[[Any, Dialect], Any] | None:
    """Return what turns a Python value into the number or text on the wire, where JSON has no such value."""
    return column.type.process_bind_param if isinstance(column.type, Instant | Day | Json) else None
