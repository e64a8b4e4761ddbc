"""Where the consumer kit (gateway/demo/consumer.py) stores documents: a table, and files for those over 16 KiB.

Invariants: a row of `document` is committed once for each delivery, however often that comes; what a row names is on disk before
the row; a document over 16 KiB is never in memory as a whole. Such a document is copied from a folder that we share with its
sender, or put together from pieces of 128 KiB, which come ahead of their manifest, in any order, and more than once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

SEGMENT: Final = 128 * 1024
"""Bytes in every piece of a document but its last."""

ABANDONED: Final = 7 * 86400
"""Seconds after its last piece for which a document that is not whole is kept."""

TABLES: Final = """
CREATE TABLE IF NOT EXISTS document (
    delivery_id TEXT PRIMARY KEY, message_id TEXT NOT NULL, gateway TEXT NOT NULL, recipient TEXT NOT NULL,
    sha256 TEXT NOT NULL, body BLOB, file TEXT, stored_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS piece (file TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (file, number)) STRICT
"""

Facts: TypeAlias = Mapping[str, Any]
"""What a gateway states in the signed line of a message."""


def length_of(facts: Facts) -> int:
    """Return how many bytes a piece has; it follows from the size of the whole."""
    return min(SEGMENT, int(facts["size"]) - int(facts["index"]) * SEGMENT)


class NotForUsError(Exception):
    """A message that can never be taken; it goes to the dead letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The table and the two folders: ours, and the one that we share with a gateway, if any."""

    database: sqlite3.Connection
    files: Path
    payloads: Path | None

    def prepare(self) -> None:
        """Make what is missing, and drop documents that never became whole."""
        self.files.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")  # NORMAL loses the last commits in a power cut
        self.database.executescript(TABLES)
        named = {name for (name,) in self.database.execute("SELECT file FROM document")}
        for path in self.files.iterdir():
            if path.name not in named and path.stat().st_mtime < time.time_ns() / 1_000_000_000 - ABANDONED:
                self._forget(path)

    def has(self, facts: Facts) -> bool:
        """Say whether a delivery was committed before."""
        asked = "SELECT 1 FROM document WHERE delivery_id = ?"
        return self.database.execute(asked, (facts["delivery_id"],)).fetchone() is not None

    def keep(self, pieces: Sequence[tuple[Facts, bytes]]) -> None:
        """Put pieces in their places; when the disk has them, and not before, rows say that they are here.

        Raises:
            OSError: the disk fails, or is full: what has no row is not here, and its sender sends the document again.

        """
        files: defaultdict[Path, dict[int, bytes]] = defaultdict(dict)
        for facts, piece in pieces:
            if not self.has(facts):
                files[self._file(facts)][facts["index"]] = piece
        for path, parts in files.items():
            path.touch(0o600)
            with path.open("r+b") as file:
                for index, piece in parts.items():
                    file.seek(index * SEGMENT)
                    file.write(piece)
                _flush(file)
            with self.database:
                rows = [(path.name, index) for index in parts]
                self.database.executemany("INSERT INTO piece VALUES (?, ?) ON CONFLICT DO NOTHING", rows)

    def whole(self, facts: Facts) -> Path:
        """Return the file of a document over 16 KiB, once all of it is on disk.

        Raises:
            OSError: it is not here (yet).
            NotForUsError: it is another document than the manifest names.

        """
        path, count = self._file(facts), -(-facts["size"] // SEGMENT)
        asked = "SELECT count(*) FROM piece WHERE file = ?"
        [here] = self.database.execute(asked, (path.name,)).fetchone()
        if here < count:
            if here or self.payloads is None:
                raise FileNotFoundError(f"{here} of {count} pieces")
            sha256 = str(facts["sha256"])
            if len(sha256) != hashlib.sha256().digest_size * 2 or not sha256.isalnum():
                raise NotForUsError("no hash that may be part of a path")
            shared = self.payloads / sha256[:2] / sha256[2:4] / sha256
            with shared.open("rb") as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy, SEGMENT)
                _flush(copy)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == facts["sha256"]:
                return path
        self._forget(path)
        raise NotForUsError("another document than the manifest names")

    def store(self, taken: Sequence[tuple[Facts, bytes | Path]]) -> int:
        """Commit documents, and by the same transaction the ids that tell them from their repeats; return how many were new."""
        new = 0
        with self.database:
            for facts, document in taken:
                named = (
                    facts[each]
                    for each in ("delivery_id", "message_id", "gateway", "recipient_code", "sha256")
                )
                body, file = (None, document.name) if isinstance(document, Path) else (document, None)
                is_new = self.database.execute(
                    "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id) DO NOTHING",
                    (*named, body, file, time.time_ns() // 1_000_000),
                ).rowcount
                if is_new:
                    # Your own work on a new document belongs here, in this transaction, and nowhere else.
                    self.database.execute("DELETE FROM piece WHERE file = ?", (file,))
                    new += 1
        return new

    def _file(self, facts: Facts) -> Path:
        """Return a delivery's file: no gateway can spoil another's, and nothing that one states becomes a path."""
        stated = [facts["gateway"], facts["delivery_id"], facts["sha256"], facts["size"]]
        return self.files / hashlib.sha256(json.dumps(stated).encode()).hexdigest()

    def _forget(self, path: Path) -> None:
        """Drop a document that is no good; the rows first, because they vouch for the bytes."""
        with self.database:
            self.database.execute("DELETE FROM piece WHERE file = ?", (path.name,))
        path.unlink(missing_ok=True)


def _flush(file: IO[bytes]) -> None:
    """Wait until the disk has a file, and its name in the folder."""
    file.flush()
    os.fsync(file.fileno())
    folder = os.open(Path(file.name).parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
