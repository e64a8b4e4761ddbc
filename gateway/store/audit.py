"""Reading a database as evidence: for auditors, who change nothing and believe nothing.

Works on a live database and on a copied SQLite file; nothing is created, migrated or written. A copy without a
write-ahead log is opened as immutable, so that not even helper files appear beside it. Invariant: whatever is wrong
with the database comes out as a `StoreError` or as a finding of `integrity`, never as a driver's error.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, Row, Select, Table, create_engine, event, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from gateway.records import Delivery
from gateway.store import trust_content
from gateway.store.database import head_revision, parse_url
from gateway.store.errors import DamagedDatabaseError, UnknownSchemaError
from gateway.store.evidence import ArrivalEvidence, MessageEvidence, RegistryEvidence
from gateway.store.log import read_node
from gateway.store.rehashing import rehashed
from gateway.store.rows import DELIVERY_COLUMNS, MESSAGE_COLUMNS, delivery_of, message_of
from gateway.store.signatures import find_evidence
from gateway.store.tables import (
    arrival,
    body,
    delivery,
    log_checkpoint,
    log_entry,
    log_head,
    message,
    registry_version,
)
from gateway.trusted import content_sha256

_PAGE: Final = 500
_MAX_REASON: Final = 200
_WRONG: Final = (SQLAlchemyError, sqlite3.Error, ValueError, TypeError, AttributeError)
"""What reading a damaged database can raise: the driver's errors, and values that mean nothing."""


class Audit:
    """A database opened for reading only, in one snapshot; close it at the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection = engine.connect()

    def __enter__(self) -> Self:
        """Return the audit itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def connection(self) -> Connection:
        """The snapshot."""
        return self._connection

    def close(self) -> None:
        """Give the snapshot back."""
        self._connection.close()
        self._engine.dispose()

    def require_schema(self) -> None:
        """Refuse a database that this version of the software would misread.

        Raises:
            UnknownSchemaError: its schema is another one.

        """
        found = MigrationContext.configure(self._connection).get_current_revision()
        if found != head_revision():
            raise UnknownSchemaError(found=str(found)[:40], expected=head_revision())

    def integrity(self) -> tuple[str, ...]:
        """Return what SQLite's own checks find: broken pages, and rows that refer to nothing.

        Nothing on PostgreSQL, which sees to both all the time.
        """
        if self._engine.dialect.name != "sqlite":
            return ()
        try:
            pages = self._connection.execute(text("PRAGMA integrity_check")).scalars().all()
            orphans = self._connection.execute(text("PRAGMA foreign_key_check")).all()
        except _WRONG as error:
            return (_reason(error),)
        broken = [] if pages == ["ok"] else [str(line)[:_MAX_REASON] for line in pages]
        return (*broken, *(f"{row[0]} {row[1]} refers to no row of {row[2]}" for row in orphans))

    def entries(self) -> Iterator[tuple[int | None, bytes, bytes]]:
        """Yield (tree index, leaf, stored leaf hash) in the order of the tree, then what waits for its place."""
        columns = select(log_entry.c.tree_index, log_entry.c.leaf, log_entry.c.leaf_hash)
        placed = columns.where(log_entry.c.tree_index.is_not(None)).order_by(log_entry.c.tree_index)
        waiting = columns.where(log_entry.c.tree_index.is_(None)).order_by(log_entry.c.id)
        for query in (placed, waiting):
            for row in self._stream(query):
                index = None if row.tree_index is None else int(row.tree_index)
                # SQLite keeps whatever type it is given, and text that replaced bytes must still show as altered.
                leaf = row.leaf if isinstance(row.leaf, bytes) else str(row.leaf).encode()
                yield index, leaf, bytes.fromhex(row.leaf_hash)

    def node(self, level: int, index: int) -> bytes:
        """Return the stored hash of a complete subtree, level 0 being the leaf hashes.

        Raises:
            KeyError: it is not stored.

        """
        with sound():
            return read_node(self._connection, level=level, index=index)

    def head(self) -> tuple[int, bytes]:
        """Return the size and root that the database gives as the head of the log."""
        with sound():
            row = self._connection.execute(select(log_head.c.size, log_head.c.root)).one()
            return row.size, bytes.fromhex(row.root)

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Yield (size, signed note), the smallest first."""
        for row in self._stream(select(log_checkpoint).order_by(log_checkpoint.c.size)):
            yield row.size, row.note

    def messages(self) -> Iterator[MessageEvidence]:
        """Yield every message, sent or arrived, in the order of the ids."""
        page = select(*MESSAGE_COLUMNS, message.c.leaf_sha256).order_by(message.c.id).limit(_PAGE)
        last = ""
        with sound():
            while rows := self._connection.execute(page.where(message.c.id > last)).all():
                last = rows[-1].id
                yield from _with_codes(self._connection, rows)

    def bodies(self) -> Iterator[tuple[str, bytes]]:
        """Yield (SHA-256 that it is kept under, bytes) of every body kept in a row."""
        for row in self._stream(select(body)):
            yield row.sha256, row.body

    def deliveries(self) -> Iterator[Delivery]:
        """Yield every delivery with its state, those of one message together."""
        for row in self._stream(
            select(*DELIVERY_COLUMNS).order_by(delivery.c.message_id, delivery.c.position)
        ):
            with sound():
                yield delivery_of(row)

    def arrivals(self) -> Iterator[ArrivalEvidence]:
        """Yield every arrival, those that were refused too."""
        for row in self._stream(select(arrival).order_by(arrival.c.id)):
            yield ArrivalEvidence(
                delivery_id=row.id,
                message_id=row.message_id,
                code=row.code,
                member_id=row.member_id,
                refusal=row.refusal,
                receipt=row.receipt,
                acknowledgement=row.acknowledgement,
                arrived_at=row.arrived_at,
            )

    def registry_versions(self) -> Iterator[RegistryEvidence]:
        """Yield every version of the registry, the oldest first, its hash computed again from the tables."""
        rows = list(self._stream(select(registry_version).order_by(registry_version.c.version)))
        hashes = rehashed(self._connection, [(row.version, row.recipe) for row in rows])
        for row in rows:
            with sound():
                recomputed = next(hashes)
            yield RegistryEvidence(
                version=row.version,
                sha256=row.sha256,
                recomputed_sha256=recomputed,
                activated_at=row.activated_at,
                actor=row.actor,
                source=row.source,
            )

    def trust_sha256(self, version: int) -> str:
        """Compute the hash of a version of the trust store again from the tables."""
        with sound():
            return content_sha256(trust_content.certificates_at(self._connection, version))

    def rows(self, table: Table) -> Iterator[Row[Any]]:
        """Yield every row of a table as its columns have it, in the order of its primary key."""
        yield from self._stream(select(table).order_by(*table.primary_key.columns))

    def _stream(self, query: Select[Any]) -> Iterator[Row[Any]]:
        """Yield rows without holding all of them in memory."""
        with sound():
            yield from self._connection.execute(query, execution_options={"yield_per": _PAGE})


def open_audit(target: str | Path) -> Audit:
    """Open a database by URL, or an SQLite file by path, for reading only.

    Raises:
        UnsupportedDatabaseError: the URL is none of those that work.
        DamagedDatabaseError: it cannot be read.
        UnknownSchemaError: it is no database of the gateway, or of another version of it.

    """
    with sound():
        audit = Audit(_read_only(target))
        try:
            audit.require_schema()
        except BaseException:
            audit.close()
            raise
        return audit


def _read_only(target: str | Path) -> Engine:
    if isinstance(target, str) and "://" in target:
        url = parse_url(target)
        if url.get_backend_name() != "sqlite":
            options = "-c default_transaction_read_only=on -c timezone=UTC"
            return create_engine(
                url,
                isolation_level="REPEATABLE READ",
                connect_args={"options": options, "connect_timeout": 10},
                poolclass=NullPool,
            )
        target = str(url.database)
    path = Path(target)
    if not path.is_file():
        raise DamagedDatabaseError(reason=f"there is no file {path.name[:_MAX_REASON]}")
    connect: Callable[[], sqlite3.Connection] = partial(_connect_read_only, path)
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    # The driver would begin only for what writes; a snapshot begins with the first read.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _connect_read_only(path: Path) -> sqlite3.Connection:
    # With a write-ahead log SQLite must be able to read that too; without one nothing can change under us.
    log = path.with_name(f"{path.name}-wal")
    mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{mode}", uri=True, isolation_level=None)


def _with_codes(connection: Connection, rows: Sequence[Any]) -> Iterator[MessageEvidence]:
    ids = [row.id for row in rows]
    recipients = _codes(
        connection,
        select(delivery.c.message_id, delivery.c.code)
        .where(delivery.c.message_id.in_(ids))
        .order_by(delivery.c.message_id, delivery.c.position),
    )
    arrived = _codes(
        connection,
        select(arrival.c.message_id, arrival.c.code)
        .where(arrival.c.message_id.in_(ids), arrival.c.refusal.is_(None))
        .order_by(arrival.c.message_id, arrival.c.id),
    )
    signatures = find_evidence(connection, ids=ids)
    for row in rows:
        yield MessageEvidence(
            message=message_of(row),
            signature=signatures.get(row.id),
            leaf_sha256=row.leaf_sha256,
            recipients=recipients.get(row.id, ()),
            arrived_for=arrived.get(row.id, ()),
        )


def _codes(connection: Connection, query: Select[Any]) -> dict[str, tuple[str, ...]]:
    pairs = connection.execute(query)
    return {
        name: tuple(code for _, code in group)
        for name, group in groupby(pairs, key=lambda pair: str(pair[0]))
    }


@contextmanager
def sound() -> Iterator[None]:
    """Turn whatever reading a damaged database raises into one error.

    Raises:
        DamagedDatabaseError: instead of the driver's error.

    """
    try:
        yield
    except _WRONG as error:
        raise DamagedDatabaseError(reason=_reason(error)) from error


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).split("\n", 1)[0][:_MAX_REASON] or type(error).__name__
