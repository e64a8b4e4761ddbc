"""`ports.RoutingLog` over a database: the sequencer gives staged entries their place and signs the new head.

The tree is that of RFC 6962, the signed head a C2SP tlog-checkpoint. Placing entries, storing the subtrees
they complete, moving the head and signing it are one transaction. The head is moved only from the size and
root that were built upon, so two sequencers cannot fork the log. Invariants: entries, subtrees and
checkpoints never change; each checkpoint extends the one before; a head that its own subtrees do not lead to
stops everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.ports.log import LogRow
from gateway.records import Event
from gateway.store.bulk import insert_rows, update_rows
from gateway.store.database import Database
from gateway.store.errors import LogForkError
from gateway.store.staging import Staging
from gateway.store.tables import log_checkpoint, log_entry, log_head, log_node
from gateway.store.writer import Writer
from routing.checkpoint import Checkpoint, sign_checkpoint
from routing.log import Kind
from routing.merkle import Frontier
from routing.note import PrivateKey, verifier_key

_HEAD: Final = select(log_head.c.size, log_head.c.root).with_for_update()
_FREE_HEAD: Final = select(log_head.c.size, log_head.c.root).with_for_update(skip_locked=True)
_STAGED: Final = (
    select(log_entry.c.id, log_entry.c.leaf_hash)
    .where(log_entry.c.tree_index.is_(None))
    .order_by(log_entry.c.id)
    .limit(bindparam("limit"))
)
_MOVE_HEAD: Final = (
    update(log_head)
    .where(log_head.c.size == bindparam("old_size"), log_head.c.root == bindparam("old_root"))
    .values(size=bindparam("new_size"), root=bindparam("new_root"))
)
_LAST_CHECKPOINT: Final = select(log_checkpoint).order_by(log_checkpoint.c.size.desc()).limit(1)
_ROW: Final = (log_entry.c.tree_index, log_entry.c.leaf, log_entry.c.leaf_hash)
_RANGE: Final = (
    select(*_ROW)
    .where(log_entry.c.tree_index >= bindparam("start"), log_entry.c.tree_index < bindparam("end"))
    .order_by(log_entry.c.tree_index)
)
_TIMELINE: Final = (
    select(*_ROW).where(log_entry.c.document_id == bindparam("document")).order_by(log_entry.c.seq)
)
_LEAF: Final = select(log_entry.c.leaf_hash).where(log_entry.c.tree_index == bindparam("position"))
_NODE: Final = select(log_node.c.hash).where(
    log_node.c.level == bindparam("level"), log_node.c.position == bindparam("position")
)


class SqlRoutingLog:
    """The routing log `origin`, its checkpoints signed with `key`."""

    def __init__(
        self, database: Database, writer: Writer, staging: Staging, *, origin: str, key: PrivateKey
    ) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._origin = origin
        self._key = key
        # The right edge of the tree, kept between calls; a transaction that fails may leave it ahead of the database.
        self._frontier = Frontier()
        self._turn = asyncio.Lock()

    async def append(self, events: Sequence[Event]) -> None:
        """See `ports.RoutingLog`."""
        if events:
            await self._writer.write(self._append, tuple(events))

    async def open(self) -> None:
        """Write the first entry of the log, which says whose it is, unless it is there."""
        await self._writer.write(self._open, None)

    async def sequence(self, *, limit: int) -> Checkpoint | None:
        """See `ports.RoutingLog`.

        Raises:
            LogForkError: what is stored of the tree contradicts its head.

        """
        async with self._turn:
            return await self._writer.write(self._sequence, limit)

    async def checkpoint(self) -> str | None:
        """See `ports.RoutingLog`."""
        return await self._database.read(_last_note)

    async def entries(self, *, start: int, limit: int) -> tuple[LogRow, ...]:
        """See `ports.RoutingLog`."""
        return await self._database.read(
            partial(_rows, query=_RANGE, facts={"start": start, "end": start + limit})
        )

    async def timeline(self, document_id: str) -> tuple[LogRow, ...]:
        """See `ports.RoutingLog`."""
        return await self._database.read(partial(_rows, query=_TIMELINE, facts={"document": document_id}))

    async def node(self, level: int, index: int) -> bytes:
        """See `ports.RoutingLog`."""
        return await self._database.read(partial(read_node, level=level, index=index))

    def _append(
        self, connection: Connection, now: datetime, items: Sequence[tuple[Event, ...]]
    ) -> list[None]:
        self._staging.stage(connection, now, [event for events in items for event in events])
        return [None] * len(items)

    def _open(self, connection: Connection, now: datetime, items: Sequence[None]) -> list[None]:
        connection.execute(_HEAD).one()  # whoever opens at the same time waits here, and then sees the entry
        if connection.execute(select(log_entry.c.id).limit(1)).first() is None:
            key = verifier_key(self._origin, self._key.public_key())
            event = Event(kind=Kind.LOG_OPENED, fields={"origin": self._origin, "verifier_key": key})
            self._staging.stage(connection, now, [event])
        return [None] * len(items)

    def _sequence(
        self, connection: Connection, now: datetime, items: Sequence[int]
    ) -> list[Checkpoint | None]:
        return [self._place(connection, now, limit) for limit in items]

    def _place(self, connection: Connection, now: datetime, limit: int) -> Checkpoint | None:
        head = connection.execute(_FREE_HEAD).one_or_none()
        if head is None:  # another process is placing entries right now
            return None
        staged = connection.execute(_STAGED, {"limit": limit}).all()
        if not staged:
            return None
        frontier = self._trusted_frontier(connection, head.size, head.root)
        nodes: list[dict[str, Any]] = []
        for row in staged:
            _, *completed = frontier.append(bytes.fromhex(row.leaf_hash))
            nodes += [
                {"level": level, "position": index, "hash": digest.hex()}
                for level, index, digest in completed
            ]
        places = [{"id": row.id, "tree_index": head.size + offset} for offset, row in enumerate(staged)]
        update_rows(connection, log_entry, places)
        insert_rows(connection, log_node, nodes)
        checkpoint = Checkpoint(origin=self._origin, size=frontier.size, root=frontier.root())
        self._move_head(connection, head, checkpoint)
        note = sign_checkpoint(checkpoint, self._key)
        connection.execute(insert(log_checkpoint), {"size": checkpoint.size, "note": note, "signed_at": now})
        return checkpoint

    def _trusted_frontier(self, connection: Connection, size: int, root: str) -> Frontier:
        """Return the right edge of exactly the tree whose head is stored, from memory or else from the stored subtrees."""
        frontier = self._frontier
        if (frontier.size, frontier.root().hex()) != (size, root):
            try:
                frontier = Frontier.load(size, partial(_read_node, connection))
            except KeyError:
                raise LogForkError(size=size, reason="a subtree is missing") from None
            if frontier.root().hex() != root:
                raise LogForkError(size=size, reason="its subtrees lead to another root")
        self._require_agreement(
            _last_note(connection), Checkpoint(origin=self._origin, size=size, root=frontier.root())
        )
        self._frontier = frontier
        return frontier

    def _require_agreement(self, last: str | None, head: Checkpoint) -> None:
        """Refuse to sign on where the last signed checkpoint says something else than the head."""
        agrees = head.size == 0 if last is None else last.startswith(f"{head.text}\n")
        if not agrees:
            raise LogForkError(size=head.size, reason="the last checkpoint says otherwise")

    def _move_head(self, connection: Connection, head: Any, checkpoint: Checkpoint) -> None:  # noqa: ANN401 - a row of _HEAD
        moved = connection.execute(
            _MOVE_HEAD,
            {
                "old_size": head.size,
                "old_root": head.root,
                "new_size": checkpoint.size,
                "new_root": checkpoint.root.hex(),
            },
        )
        if moved.rowcount != 1:
            raise LogForkError(size=head.size, reason="the head moved while entries were placed")


def read_node(connection: Connection, *, level: int, index: int) -> bytes:
    """Return a stored hash of a complete subtree; level 0 stands with the entries.

    Raises:
        KeyError: it is not there.

    """
    query = _NODE if level else _LEAF
    facts = {"level": level, "position": index} if level else {"position": index}
    found = connection.execute(query, facts).scalar_one_or_none()
    if found is None:
        raise KeyError((level, index))
    return bytes.fromhex(found)


def count_unsequenced(connection: Connection) -> int:
    """Return how many entries wait for their place in the tree."""
    return connection.execute(select(func.count()).where(log_entry.c.tree_index.is_(None))).scalar_one()


def _read_node(connection: Connection, level: int, index: int) -> bytes:
    return read_node(connection, level=level, index=index)


def _last_note(connection: Connection) -> str | None:
    row = connection.execute(_LAST_CHECKPOINT).one_or_none()
    return None if row is None else row.note


def _rows(connection: Connection, *, query: Any, facts: dict[str, Any]) -> tuple[LogRow, ...]:  # noqa: ANN401 - a select of _ROW
    rows = connection.execute(query, facts)
    return tuple(LogRow(index=row.tree_index, leaf=row.leaf, leaf_sha256=row.leaf_hash) for row in rows)
