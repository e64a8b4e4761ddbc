"""Bodies too big for a row, as files named by their SHA-256: `root/ab/cd/abcd…`.

The folder may be shared by several gateways and processes. Invariants: a file appears under its name only when all of it is on
disk, and its name is on disk before `adopt` or `put` returns; a file is never changed, nor readable but by its owner; files
are drafted elsewhere first, so whatever a crash leaves behind is never seen as a payload. What is set aside lies in a folder of
its gateway's own, `root/aside/…`, by a name that nobody else uses: only so can it be removed again.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[0-9a-f-]{36}", re.ASCII)
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


class FolderPayloads:
    """`Payloads` in a folder. The disk is touched in threads, except by `path`, which its caller takes into one."""

    def __init__(self, root: Path, *, gateway: str = "") -> None:
        """Make the folder if it is missing; `gateway` is whose bodies are set aside."""
        self._root = root
        self._drafts = root / "drafts"
        self._drafts.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        self._aside = root / "aside" / hashlib.sha256(gateway.encode()).hexdigest()[:16]
        self._aside.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        _sync(self._aside.parent)
        _sync(root)
        _sync(root.parent)
        self._durable: set[Path] = set()

    async def adopt(self, path: Path, sha256: str) -> None:
        """Make a spooled file durable under its hash and consume `path`; the hash was computed while it was written.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            FileNotFoundError: there is neither this file nor one of this hash.
            OSError: the disk is full or fails; `path` is still there.

        """
        await asyncio.to_thread(self._adopt, path, self._target(sha256))

    async def put(self, body: bytes, sha256: str) -> None:
        """Make a body in memory durable under its hash.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            OSError: the disk is full or fails.

        """
        await asyncio.to_thread(self._put, body, self._target(sha256))

    def path(self, sha256: str) -> Path:
        """Return the file that holds a body.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            FileNotFoundError: it is not there.

        """
        target = self._target(sha256)
        if not target.is_file():
            raise FileNotFoundError(errno.ENOENT, "no payload of this hash", str(target))
        return target

    async def set_aside(self, source: bytes | Path, name: str) -> None:
        """See `ports.Payloads`.

        Raises:
            ValueError: `name` is no identifier.
            OSError: the disk is full or fails.

        """
        await asyncio.to_thread(self._set_aside, source, self._named(name))

    async def promote(self, name: str, sha256: str) -> None:
        """See `ports.Payloads`.

        Raises:
            FileNotFoundError: nothing is set aside under this name.

        """
        await asyncio.to_thread(self._promote, self._named(name), self._target(sha256))

    def aside(self, name: str) -> Path:
        """See `ports.Payloads`."""
        return self._named(name)

    async def drop(self, name: str) -> None:
        """See `ports.Payloads`."""
        await asyncio.to_thread(self._named(name).unlink, missing_ok=True)

    async def left_aside(self, *, before: datetime) -> tuple[str, ...]:
        """See `ports.Payloads`."""
        return await asyncio.to_thread(self._left_aside, before.timestamp())

    def _left_aside(self, before: float) -> tuple[str, ...]:
        found = []
        for path in self._aside.iterdir():
            with suppress(FileNotFoundError):
                if _NAME.fullmatch(path.name) and path.stat().st_mtime < before:
                    found.append(path.name)
        return tuple(found)

    def _set_aside(self, source: bytes | Path, target: Path) -> None:
        if isinstance(source, Path):
            self._move(source, target)
        else:
            draft = self._draft()
            try:
                draft.write_bytes(source)
                self._move(draft, target)
            finally:
                draft.unlink(missing_ok=True)
        os.utime(target)
        _sync(target.parent)

    def _promote(self, path: Path, target: Path) -> None:
        """Give the file its second name by way of a draft, so that the first one stays until it is dropped."""
        draft = self._draft()
        os.link(path, draft)
        try:
            self._adopt(draft, target)
        finally:
            draft.unlink(missing_ok=True)

    def _named(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("not an identifier")
        return self._aside / name

    def _target(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lowercase hex")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _put(self, body: bytes, target: Path) -> None:
        draft = self._draft()
        try:
            draft.write_bytes(body)
            self._adopt(draft, target)
        finally:
            draft.unlink(missing_ok=True)

    def _adopt(self, path: Path, target: Path) -> None:
        self._make_folder(target.parent)
        try:
            if target.exists() and target.stat().st_size == path.stat().st_size:
                path.unlink()
            else:
                self._move(path, target)
        except FileNotFoundError:
            if not target.exists():
                raise
        # Also when somebody else put it there: whether they have come to this point yet is unknown.
        _sync(target.parent)

    def _move(self, path: Path, target: Path) -> None:
        path.chmod(_PRIVATE_FILE)
        _sync(path)
        try:
            path.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            draft = self._draft()
            try:
                shutil.copyfile(path, draft)
                self._move(draft, target)
            finally:
                draft.unlink(missing_ok=True)
            path.unlink()

    def _draft(self) -> Path:
        return self._drafts / uuid4().hex

    def _make_folder(self, folder: Path) -> None:
        """Make a folder two levels below the root and its name durable, once in the life of this process."""
        if folder in self._durable:
            return
        for level in (folder.parent, folder):
            level.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
            _sync(level.parent)
        self._durable.add(folder)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
