"""Bodies too big for a row, in a bucket of an S3-compatible object store: `s3://bucket/prefix?endpoint=…&region=…&credentials=…`.

Several hosts share one bucket; each keeps a folder beside it, from which everything is read and which may be lost at any time.
Invariants: an object lies in the bucket before `adopt`, `put`, `promote` or `set_aside` returns, since a write to S3 is durable
and visible to everybody when it is answered; objects are named as in the folder and never change; what comes from the bucket is
a payload only if its hash says so; what is set aside lies under `aside/` by its gateway's name.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from gateway.bucket import open_bucket
from gateway.clock import utc_now
from gateway.errors import PayloadDiffersError
from gateway.errors_payloads import PayloadsUnavailableError
from gateway.payloads import FolderPayloads

SCHEME: Final = "s3://"
PART: Final = 8 * 2**20
"""Bytes in one request, if a body is bigger."""

_IN_USE: Final = timedelta(hours=1)
"""Files used within this time stay in the cache, because somebody may be about to open one."""

_TRIM_EVERY: Final = timedelta(minutes=10)


class S3Payloads:
    """`Payloads` in a bucket. `path` and `aside` may have to fetch a file: call them in a thread."""

    def __init__(self, store: S3Store, cache: FolderPayloads, *, gateway: str = "", most: int) -> None:
        """Take an opened bucket and the folder beside it, which is kept below `most` bytes."""
        self._store = store
        self._cache = cache
        self._aside = f"aside/{hashlib.sha256(gateway.encode()).hexdigest()[:16]}"
        self._most = most
        self._trimmed = time.monotonic()

    @classmethod
    def at(cls, url: str, folder: Path, *, gateway: str = "") -> Self:
        """Open the bucket of a URL, with a cache in a folder; the bucket is not asked for anything yet.

        Raises:
            SettingsError: the URL is not understood, or its file of credentials cannot be read.

        """
        bucket = open_bucket(url)
        cache = FolderPayloads(folder, gateway=gateway)
        return cls(bucket.store, cache, gateway=gateway, most=bucket.cache)

    async def adopt(self, path: Path, sha256: str) -> None:
        """See `ports.Payloads`.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            FileNotFoundError: there is neither this file nor one of this hash.
            PayloadsUnavailableError: the bucket cannot be used; `path` is still there.
            OSError: the folder cannot be used.

        """
        await asyncio.to_thread(self._adopt, path, sha256)

    async def put(self, body: bytes, sha256: str) -> None:
        """See `ports.Payloads`.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            PayloadsUnavailableError: the bucket cannot be used.
            OSError: the folder cannot be used.

        """
        draft = self._cache.draft()
        self._cache.target(sha256)
        try:
            await asyncio.to_thread(draft.write_bytes, body)
            await self.adopt(draft, sha256)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Return the file that holds a body, fetched if it is not here yet.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            FileNotFoundError: it is neither here nor in the bucket.
            PayloadDiffersError: the bucket holds something else under its name.
            PayloadsUnavailableError: the bucket cannot be used.

        """
        target = self._cache.target(sha256)
        if not target.is_file():
            with self._fetched(_key(target), expected=sha256) as draft:
                self._cache.take(draft, target)
            self._trim()
        with suppress(FileNotFoundError):
            os.utime(target)
        return target

    def has(self, sha256: str) -> bool:
        """See `ports.Payloads`.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            PayloadsUnavailableError: the bucket cannot be used.

        """
        return self._size(_key(self._cache.target(sha256))) is not None

    async def set_aside(self, source: bytes | Path, name: str) -> None:
        """See `ports.Payloads`."""
        await asyncio.to_thread(self._set_aside, source, name)

    def aside(self, name: str) -> Path:
        """Return the file of a body that was set aside, fetched if another process put it there."""
        path = self._cache.aside(name)
        if not path.is_file():
            with suppress(FileNotFoundError), self._fetched(f"{self._aside}/{name}") as draft:
                self._cache.keep_aside(draft, name)
        return path

    async def promote(self, name: str, sha256: str) -> None:
        """See `ports.Payloads`."""
        await asyncio.to_thread(self._promote, name, sha256)

    async def drop(self, name: str) -> None:
        """See `ports.Payloads`."""
        await self._cache.drop(name)
        with suppress(FileNotFoundError), self._reaching():
            await obstore.delete_async(self._store, f"{self._aside}/{name}")

    async def left_aside(self, *, before: datetime) -> tuple[str, ...]:
        """See `ports.Payloads`."""
        return await asyncio.to_thread(self._left_aside, before)

    def _adopt(self, path: Path, sha256: str) -> None:
        target = self._cache.target(sha256)
        if path.exists():
            self._upload(path, _key(target))
            self._cache.take(path, target)
            self._trim()
        elif self._size(_key(target)) is None:
            raise FileNotFoundError(errno.ENOENT, "neither this file nor a payload of its hash", str(path))

    def _set_aside(self, source: bytes | Path, name: str) -> None:
        path = self._cache.aside(name)
        self._send(source, f"{self._aside}/{name}")
        self._cache.keep_aside(source, name)
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "it could not be set aside", str(path))

    def _promote(self, name: str, sha256: str) -> None:
        target = self._cache.target(sha256)
        path = self.aside(name)
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "nothing is set aside under this name", str(path))
        self._upload(path, _key(target))
        self._cache.link(path, target)

    def _left_aside(self, before: datetime) -> tuple[str, ...]:
        with self._reaching():
            return tuple(
                each["path"].rpartition("/")[2]
                for page in obstore.list(self._store, prefix=self._aside)
                for each in page
                if each["last_modified"] < before
            )

    def _upload(self, path: Path, key: str) -> None:
        if self._size(key) != path.stat().st_size:
            self._send(path, key)

    def _send(self, source: bytes | Path, key: str) -> None:
        try:
            with self._reaching():
                obstore.put(self._store, key, source, chunk_size=PART)
        except FileNotFoundError:
            if isinstance(source, Path) and not source.exists():
                raise
            raise PayloadsUnavailableError(reason="there is no such bucket") from None

    def _size(self, key: str) -> int | None:
        try:
            with self._reaching():
                return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None

    @contextmanager
    def _fetched(self, key: str, *, expected: str | None = None) -> Iterator[Path]:
        """Lend an object as a draft, which may be moved away."""
        draft = self._cache.draft()
        digest = hashlib.sha256()
        try:
            with self._reaching(), draft.open("wb") as file:
                for piece in obstore.get(self._store, key).stream(min_chunk_size=2**20):
                    digest.update(piece)
                    file.write(piece)
            if expected is not None and digest.hexdigest() != expected:
                raise PayloadDiffersError(sha256=expected)
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Tell what the bucket does not do.

        Raises:
            FileNotFoundError: there is no such object; its text is ours.
            PayloadsUnavailableError: instead of whatever else the library raises.

        """
        try:
            yield
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "no such object in the bucket") from None
        except BaseError as error:
            raise PayloadsUnavailableError(reason=_reason(error)) from None

    def _trim(self) -> None:
        if time.monotonic() - self._trimmed > _TRIM_EVERY.total_seconds():
            self._trimmed = time.monotonic()
            self._cache.trim(self._most, before=utc_now() - _IN_USE)


def _key(target: Path) -> str:
    return "/".join(target.parts[-3:])


def _reason(error: BaseError) -> str:
    """Return the first line of what the library says: more of it may show what was sent."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]
