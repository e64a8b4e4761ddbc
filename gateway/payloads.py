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
        await asyncio.to_thread(self.take, path, self.target(sha256))

    async def put(self, body: bytes, sha256: str) -> None:
        """Make a body in memory durable under its hash.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            OSError: the disk is full or fails.

        """
        await asyncio.to_thread(self._put, body, self.target(sha256))

    def path(self, sha256: str) -> Path:
        """Return the file that holds a body.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.
            FileNotFoundError: it is not there.

        """
        target = self.target(sha256)
        if not target.is_file():
            raise FileNotFoundError(errno.ENOENT, "no payload of this hash", str(target))
        return target

    def has(self, sha256: str) -> bool:
        """See `ports.Payloads`.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.

        """
        return self.target(sha256).is_file()

    async def set_aside(self, source: bytes | Path, name: str) -> None:
        """See `ports.Payloads`.

        Raises:
            ValueError: `name` is no identifier.
            OSError: the disk is full or fails.

        """
        await asyncio.to_thread(self.keep_aside, source, name)

    async def promote(self, name: str, sha256: str) -> None:
        """See `ports.Payloads`.

        Raises:
            FileNotFoundError: nothing is set aside under this name.

        """
        await asyncio.to_thread(self.link, self._named(name), self.target(sha256))

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

    def keep_aside(self, source: bytes | Path, name: str) -> None:
        """Do the work of `set_aside` in the calling thread."""
        target = self._named(name)
        if isinstance(source, Path):
            self._move(source, target)
        else:
            draft = self.draft()
            try:
                draft.write_bytes(source)
                self._move(draft, target)
            finally:
                draft.unlink(missing_ok=True)
        os.utime(target)
        _sync(target.parent)

    def link(self, path: Path, target: Path) -> None:
        """Give a file its second name by way of a draft, so that the first one stays until it is dropped."""
        draft = self.draft()
        os.link(path, draft)
        try:
            self.take(draft, target)
        finally:
            draft.unlink(missing_ok=True)

    def _named(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("not an identifier")
        return self._aside / name

    def target(self, sha256: str) -> Path:
        """Return where a body lies, or would.

        Raises:
            ValueError: `sha256` is no lowercase hex SHA-256.

        """
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lowercase hex")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _put(self, body: bytes, target: Path) -> None:
        draft = self.draft()
        try:
            draft.write_bytes(body)
            self.take(draft, target)
        finally:
            draft.unlink(missing_ok=True)

    def take(self, path: Path, target: Path) -> None:
        """Do the work of `adopt` in the calling thread."""
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
            draft = self.draft()
            try:
                shutil.copyfile(path, draft)
                self._move(draft, target)
            finally:
                draft.unlink(missing_ok=True)
            path.unlink()

    def draft(self) -> Path:
        """Return a new name beside the payloads, which nobody takes for one."""
        return self._drafts / uuid4().hex

    def trim(self, most: int, *, before: datetime) -> None:
        """Remove those bodies that were not touched for longest, all of them `before`, until `most` bytes are left.

        Only for a folder that is not the one place where they are kept.
        """
        found = []
        for path in self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        left = sum(size for _, size, _ in found)
        for touched, size, path in sorted(found):
            if left <= most or touched > before.timestamp():
                return
            path.unlink(missing_ok=True)
            left -= size

    def _make_folder(self, folder: Path) -> None:
        """Make a folder two levels below the root and its name durable, once in the life of this process."""
        if folder in self._durable:
            return
        for level in (folder.parent, folder):
            level.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
            _sync(level.parent)
        self._durable.add(folder)


def has_payload(root: Path, sha256: str) -> bool:
    """Say whether a folder holds a body; it need not be one that this process may write to."""
    return (root / sha256[:2] / sha256[2:4] / sha256).is_file()


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
