"""The snapshots that this gateway hands out: files, written once per version, signed anew every hour, and deltas between them.

A file is compressed as it is sent. The last `KEPT` versions stay, so that deltas from them can be had; what is older is 410, and
the reader fetches the whole again. Invariants: nothing is built or read in the event loop; a file that is being sent is never
changed, because another takes its name; every statement is about the directory in force when it was asked for, or a newer one.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.keys import SigningKey
from gateway.ports import Clock, Store
from routing.agencies import Directory
from routing.errors_snapshot import SnapshotVersionGoneError
from routing.snapshot import Known, body_of, delta_body, sign_header
from routing.snapshot_lines import Certificate, Item, content_sha256, write_line

RESIGNED: Final = timedelta(hours=1)
KEPT: Final = 16
"""Versions from which deltas can be had."""
DELTAS: Final = 32
"""Deltas that are kept in memory."""
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A snapshot that can be sent: gzip in a file. `sha256` is the registry's."""

    path: Path
    known: Known
    issued: datetime
    made_from: Directory

    @property
    def etag(self) -> str:
        """What names this content, however often it is signed anew."""
        return f"{self.known.version}-{self.known.sha256}"


class Snapshots:
    """Snapshots of one registry, in a folder of their own; safe to ask concurrently."""

    def __init__(self, folder: Path, *, store: Store, key: SigningKey, clock: Clock) -> None:
        self._folder = folder
        self._store = store
        self._key = key
        self._clock = clock
        self._turn = asyncio.Lock()
        self._issued: Issued | None = None
        self._deltas: dict[tuple[int, int], tuple[datetime, bytes]] = {}

    async def current(self) -> Issued:
        """Return the snapshot of the directory in force, signed within the last hour."""
        directory = await self._store.registry.directory()
        async with self._turn:
            held, now = self._issued, self._clock()
            is_same = held is not None and held.made_from is directory
            if held is None or not is_same or not held.issued <= now < held.issued + RESIGNED:
                # A version that two processes made of one directory has the same certificates: they are versioned with it.
                pems = await self._store.upstream.certificates(directory.version)
                self._issued = await asyncio.to_thread(self._issue, directory, pems, now)
            if self._issued is None:
                raise AssertionError("a snapshot was just issued")
            return self._issued

    async def delta(self, since: int) -> bytes:
        """Return the delta from a version to the one in force: a small file, empty but for its signature if nothing changed.

        Raises:
            SnapshotVersionGoneError: nothing is known of that version.

        """
        issued = await self.current()
        now = self._clock()
        pair = (since, issued.known.version)
        async with self._turn:
            made = self._deltas.get(pair)
            if made is None or not made[0] <= now < made[0] + RESIGNED:
                made = (now, await asyncio.to_thread(self._delta, since, issued, now))
                self._deltas = dict([*self._deltas.items(), (pair, made)][-DELTAS:])
            return made[1]

    def _issue(self, directory: Directory, pems: Mapping[str, str], now: datetime) -> Issued:
        items: list[Item] = [*directory.agencies(), *directory.members]
        named = {each.certificate_sha256 for found in directory.agencies() for each in found.certificates}
        items += [Certificate(sha256=each, pem=pems[each]) for each in named if each in pems]
        lines = set(map(write_line, items))
        body, sha256 = body_of(lines), content_sha256(lines)
        known = Known(version=directory.version, sha256=sha256)
        header = self._sign(body, known, now)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(known.version)
        # Several processes may issue one version at the same time.
        draft = path.with_suffix(f".{os.getpid()}.new")
        draft.write_bytes(gzip.compress(header + body, _LEVEL, mtime=0))
        draft.replace(path)
        self._forget_old()
        return Issued(path=path, known=known, issued=now, made_from=directory)

    def _delta(self, since: int, issued: Issued, now: datetime) -> bytes:
        if since == issued.known.version:
            body, before = b"", issued.known
        else:
            old = self._lines(since)
            body = delta_body(old, self._lines(issued.known.version))
            before = Known(version=since, sha256=content_sha256(old))
        return self._sign(body, issued.known, now, since=before) + body

    def _sign(self, body: bytes, known: Known, now: datetime, *, since: Known | None = None) -> bytes:
        return sign_header(
            body,
            version=known.version,
            sha256_of_content=known.sha256,
            since=since,
            at=now,
            key=self._key.private,
            key_name=self._key.name,
        )

    def _lines(self, version: int) -> list[bytes]:
        """Return the lines of a version that was issued before."""
        try:
            data = gzip.decompress(self._path(version).read_bytes())
        except (OSError, EOFError):
            raise SnapshotVersionGoneError(version=version) from None
        return data.split(b"\n")[1:-1]

    def _path(self, version: int) -> Path:
        return self._folder / f"{version}.jsonl.gz"

    def _forget_old(self) -> None:
        versions = sorted(
            int(path.name.partition(".")[0])
            for path in self._folder.glob("*.jsonl.gz")
            if path.name.partition(".")[0].isdecimal()
        )
        for version in versions[:-KEPT]:
            self._path(version).unlink(missing_ok=True)
