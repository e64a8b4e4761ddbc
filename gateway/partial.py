"""Documents of which only some pieces are here, as files of this host: `root/<gateway>/<sha256>-<size>` and two more names.

`….data` is the document with holes, `….have` one byte for each piece, `….whole` the document once all of it was there and its
hash was right. Invariants: a byte in `….have` is on disk only after its piece is, so what survives a crash is never more than is
there; whoever changes one of the files holds the lock on `….have`, and on the one that bears this name then; names come from
checked hashes and numbers only. Files are sparse: they take the room of what came, not of what was announced.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.errors import PayloadDiffersError
from gateway.errors_segments import SegmentsMissingError
from gateway.pieces import SEGMENT, Piece, Unfinished, Whole
from gateway.ports import NoRoomError

DOCUMENTS: Final = 1000
"""Most documents of one gateway that are unfinished at a time."""

_NAME: Final = re.compile(r"[0-9a-f]{64}-([1-9][0-9]*)\.(?:have|whole)", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_HERE: Final = b"\x01"


class PartialFolder:
    """`PartialBodies` in a folder of this host; its processes may share it. The disk is touched in threads."""

    def __init__(self, root: Path, *, room: int, reserve: int, documents: int = DOCUMENTS) -> None:
        """Take the folder, what one gateway may have unfinished in it, and the bytes of the disk that are everything else's."""
        self._root = root
        self._room = room
        self._documents = documents
        self._reserve = reserve

    async def write(self, whole: Whole, pieces: Sequence[Piece]) -> int:
        """See `ports.PartialBodies`.

        Raises:
            NoRoomError: see there.
            OSError: the disk fails.

        """
        return await asyncio.to_thread(self._write, _Files(self._root, whole), pieces)

    async def finish(self, whole: Whole) -> Path | None:
        """See `ports.PartialBodies`.

        Raises:
            SegmentsMissingError: see there.
            PayloadDiffersError: see there.

        """
        return await asyncio.to_thread(_finish, _Files(self._root, whole))

    async def sweep(self, *, before: datetime) -> int:
        """See `ports.PartialBodies`."""
        return await asyncio.to_thread(self._sweep, before.timestamp())

    async def unfinished(self) -> Unfinished:
        """See `ports.PartialBodies`."""
        sizes = await asyncio.to_thread(lambda: [_size(path) for path in self._all()])
        return Unfinished(documents=len(sizes), size=sum(sizes))

    def _write(self, files: _Files, pieces: Sequence[Piece]) -> int:
        if files.complete.exists():
            return 0
        try:
            self._make_room(files)
            with files.locked(create=True) as have:
                return _put(files, have, pieces)
        except OSError as error:
            if error.errno in _FULL:
                raise NoRoomError from error
            raise

    def _make_room(self, files: _Files) -> None:
        """Give a document that is new its place, if its gateway and the disk have one."""
        if files.have.exists():
            return
        self._root.mkdir(mode=0o700, exist_ok=True)
        files.folder.mkdir(mode=0o700, exist_ok=True)
        with _lock(os.open(files.folder, os.O_RDONLY)):
            if files.have.exists():
                return
            sizes = [_size(path) for path in _names(files.folder)]
            size = files.whole.size
            if len(sizes) >= self._documents or sum(sizes) + size > self._room:
                raise NoRoomError
            if shutil.disk_usage(files.folder).free < size + self._reserve:
                raise NoRoomError
            os.close(os.open(files.have, os.O_WRONLY | os.O_CREAT, 0o600))
        _sync(self._root)

    def _sweep(self, before: float) -> int:
        dropped = 0
        for path in tuple(self._all()):
            with suppress(FileNotFoundError), _lock(os.open(path, os.O_RDWR)) as held:
                if _is_still(path, held) and os.fstat(held).st_mtime < before:
                    path.with_suffix(".data").unlink(missing_ok=True)
                    path.unlink()
                    dropped += 1
        return dropped

    def _all(self) -> Iterator[Path]:
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            yield from _names(folder)


class _Files:
    """The names of one document's files, and the lock on them."""

    def __init__(self, root: Path, whole: Whole) -> None:
        if not _SHA256.fullmatch(whole.sha256) or whole.size <= 0:
            raise ValueError("not the hash and the size of a document")
        self.whole = whole
        self.folder = root / hashlib.sha256(whole.gateway.encode()).hexdigest()[:32]
        name = f"{whole.sha256}-{whole.size}"
        self.have = self.folder / f"{name}.have"
        self.data = self.folder / f"{name}.data"
        self.complete = self.folder / f"{name}.whole"

    @contextmanager
    def locked(self, *, create: bool) -> Iterator[int]:
        """Hold the lock and lend the descriptor of `have`.

        Raises:
            FileNotFoundError: there is no such file, and it is not to be made.

        """
        while True:
            with _lock(os.open(self.have, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)) as held:
                if _is_still(self.have, held):
                    yield held
                    return


def _put(files: _Files, have: int, pieces: Sequence[Piece]) -> int:
    """Write what is new, wait for the disk, and only then say that it is there."""
    data = os.open(files.data, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(data).st_size != files.whole.size or os.fstat(have).st_size != files.whole.count:
            _begin(files, have, data)
        here = os.pread(have, files.whole.count, 0)
        fresh = {piece.index: piece.content for piece in pieces if not here[piece.index]}
        for index, content in fresh.items():
            _write_at(data, content, index * SEGMENT)
        os.fsync(data)
    finally:
        os.close(data)
    for index in fresh:
        _write_at(have, _HERE, index)
    os.utime(have)
    # Also for a repeat: whoever wrote it may have died before the disk had it.
    os.fsync(have)
    return len(fresh)


def _begin(files: _Files, have: int, data: int) -> None:
    """Make the files of a document of which nothing is here; the order leaves no claim without its bytes behind a crash."""
    os.ftruncate(have, 0)
    os.ftruncate(have, files.whole.count)
    os.fsync(have)
    os.ftruncate(data, files.whole.size)
    _sync(files.folder)


def _finish(files: _Files) -> Path | None:
    try:
        with files.locked(create=False) as have:
            if not files.complete.exists():
                _seal(files, have)
            files.have.unlink()
    except FileNotFoundError:
        return files.complete if files.complete.exists() else None
    _sync(files.folder)
    return files.complete


def _seal(files: _Files, have: int) -> None:
    """Give a document that is all here, byte for byte, its last name."""
    count = files.whole.count
    present = os.pread(have, count, 0).count(_HERE) if files.data.exists() else 0
    if present < count:
        raise SegmentsMissingError(sha256=files.whole.sha256, present=present, count=count)
    with files.data.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != files.whole.sha256:
        files.data.unlink()
        files.have.unlink()
        raise PayloadDiffersError(sha256=files.whole.sha256)
    files.data.replace(files.complete)


def _write_at(descriptor: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


@contextmanager
def _lock(descriptor: int) -> Iterator[int]:
    """Hold the lock on an open file until the block ends, and close it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Say whether this is the file that bears the name now: it may have been removed while we waited for its lock."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _names(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _size(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def _sync(path: Path) -> None:
    """Wait until the names in a folder are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
