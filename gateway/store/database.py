"""Opening a database so that what it acknowledges is durable, and bringing its schema up to date.

SQLite: WAL with `synchronous=FULL`; one read-write connection, which belongs to the writer thread, and a few
that only read. One process only. PostgreSQL: `synchronous_commit=on`; a server that runs without `fsync` or
`full_page_writes` is refused. Schema changes are Alembic revisions in `migrations/`, applied at open inside
one transaction that other processes wait for.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool

from gateway.store.errors import (
    DamagedDatabaseError,
    UnknownSchemaError,
    UnsafeDatabaseError,
    UnsupportedDatabaseError,
)

R = TypeVar("R")

READERS: Final = 4
BUSY_SECONDS: Final = 10
_NETWORK: Final = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""How long PostgreSQL may be silent (libpq's names; milliseconds in the last): a host that went without a word is given up within
half a minute, where Linux would wait for two hours, and the one thread that writes with it. What the address says comes first."""

_MIGRATION_LOCK: Final = (
    0x56_41_4E_54_48_55  # any number that other software on the server is unlikely to lock
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_SQLITE_WRITER: Final = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=1000",
    "PRAGMA journal_size_limit=67108864",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open database: `writes` is for the writer alone, everything else reads through `read`."""

    writes: Engine
    reads: Engine
    readers: ThreadPoolExecutor

    async def read(self, query: Callable[[Connection], R]) -> R:
        """Run a query in a thread; each statement sees what was committed when it began."""
        return await asyncio.get_running_loop().run_in_executor(
            self.readers, partial(_run, self.reads, query)
        )

    async def snapshot(self, query: Callable[[Connection], R]) -> R:
        """Run a query in a thread; all of its statements see what was committed when the first one began. Keep it short."""
        return await asyncio.get_running_loop().run_in_executor(
            self.readers, partial(_run_snapshot, self.reads, query)
        )

    def close(self) -> None:
        """Close every connection, after the reads under way."""
        self.readers.shutdown()
        self.reads.dispose()
        self.writes.dispose()


def open_database(url: str) -> Database:
    """Open a database, refuse an unsafe one and upgrade its schema to the newest revision.

    Raises:
        UnsupportedDatabaseError: the URL is none of those that work.
        UnsafeDatabaseError: a power cut could lose acknowledged data.
        UnknownSchemaError: the schema was made by a newer version of this software.
        DamagedDatabaseError: the file is no database, or a broken one.

    """
    target = parse_url(url)
    opener = _open_sqlite if target.get_backend_name() == "sqlite" else _open_postgresql
    writes, reads = opener(target)
    try:
        with writes.begin() as connection:
            _require_durable(connection)
            upgrade(connection)
    except BaseException as error:
        reads.dispose()
        writes.dispose()
        if isinstance(error, DBAPIError) and getattr(error.orig, "sqlite_errorcode", None) in _DAMAGED:
            raise DamagedDatabaseError(reason=str(error.orig)) from error
        raise
    return Database(
        writes=writes, reads=reads, readers=ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
    )


def parse_url(url: str) -> URL:
    """Read a database URL, filling in the driver.

    Raises:
        UnsupportedDatabaseError: it names neither an SQLite file nor a PostgreSQL database.

    """
    try:
        target = make_url(url)
    except ArgumentError:
        raise UnsupportedDatabaseError(url=url[:80]) from None
    match target.drivername:
        case "sqlite" | "sqlite+pysqlite" if target.database not in {None, "", ":memory:"}:
            return target
        case "postgresql" | "postgresql+psycopg":
            return target.set(drivername="postgresql+psycopg")
        case _:
            raise UnsupportedDatabaseError(url=target.render_as_string(hide_password=True)[:80])


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest revision inside the connection's transaction; others that do so too wait.

    Raises:
        UnknownSchemaError: the schema is at a revision that this software does not know.

    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    config = _alembic()
    newest = head_revision()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == newest:
        return
    if current is not None and not _is_known(config, current):
        raise UnknownSchemaError(found=current[:40], expected=newest)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def head_revision() -> str:
    """Return the newest schema revision that this software knows."""
    head = ScriptDirectory.from_config(_alembic()).get_current_head()
    if head is None:
        raise AssertionError("the migrations are missing from the package")
    return head


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    return config


def _is_known(config: Config, revision: str) -> bool:
    return any(script.revision == revision for script in ScriptDirectory.from_config(config).walk_revisions())


def _run(engine: Engine, query: Callable[[Connection], R]) -> R:
    with engine.connect() as connection:
        return query(connection)


def _run_snapshot(engine: Engine, query: Callable[[Connection], R]) -> R:
    with engine.connect() as plain:
        if engine.dialect.name == "postgresql":
            connection = plain.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                return query(connection)
        plain.exec_driver_sql("BEGIN")
        try:
            return query(plain)
        finally:
            plain.exec_driver_sql("COMMIT")


def _open_sqlite(target: URL) -> tuple[Engine, Engine]:
    Path(str(target.database)).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    writes = create_engine(target, connect_args=arguments, poolclass=QueuePool, pool_size=1, max_overflow=0)
    event.listen(writes, "connect", _prepare_sqlite_writer)
    # The stdlib driver would begin late and with the wrong lock: a transaction that may write takes the write lock at once.
    event.listen(writes, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    reads = create_engine(
        target, connect_args=arguments, poolclass=QueuePool, pool_size=READERS, max_overflow=0
    )
    event.listen(reads, "connect", _prepare_sqlite_reader)
    return writes, reads


def _prepare_sqlite_writer(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's event signature
    connection.isolation_level = None
    _change_to_wal(connection)
    for pragma in _SQLITE_WRITER:
        connection.execute(pragma)


def _change_to_wal(connection: sqlite3.Connection) -> None:
    """Change the journal of a new database; that needs the file alone for a moment, and SQLite does not always wait for it."""
    given_up_at = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > given_up_at:
                raise
            time.sleep(0.05)
        else:
            return


def _prepare_sqlite_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _open_postgresql(target: URL) -> tuple[Engine, Engine]:
    # One name for each process, so that one can tell whether there are others.
    name = f"vanthu {uuid4()}"

    def arguments(options: str) -> dict[str, Any]:
        # A replica may lag behind, so nothing is ever decided from one.
        return {
            **{option: value for option, value in _NETWORK.items() if option not in target.query},
            "target_session_attrs": "primary",
            "application_name": name,
            "options": f"-c timezone=UTC {options}",
        }

    writes = create_engine(
        target,
        connect_args=arguments(
            "-c synchronous_commit=on -c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"
        ),
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
    )
    reads = create_engine(
        target,
        connect_args=arguments("-c default_transaction_read_only=on -c statement_timeout=60s"),
        isolation_level="AUTOCOMMIT",
        pool_size=READERS,
        max_overflow=0,
        pool_pre_ping=True,
    )
    return writes, reads


def _require_durable(connection: Connection) -> None:
    """Refuse settings under which COMMIT returns before the data is safe."""
    if connection.dialect.name == "sqlite":
        expected = {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2"}
    else:
        expected = {"SHOW fsync": "on", "SHOW full_page_writes": "on", "SHOW synchronous_commit": "on"}
    for question, answer in expected.items():
        found = str(connection.execute(text(question)).scalar_one())
        if found != answer:
            raise UnsafeDatabaseError(setting=question.split()[-1], found=found, expected=answer)
