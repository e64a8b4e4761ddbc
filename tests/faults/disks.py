"""Disks that fail: one of which every moment can be kept, as a power cut would leave it, and one that is full.

`DiskImage` is an ext4 file system in a file, mounted through a loop device. Whoever copies that file while processes write has
what a disk would hold if the power failed at that instant: what was flushed, and nothing that only the page cache had. The order
of blocks is kept, so that disks which lie about flushing are not modelled. `SmallDisk` is a tmpfs with a limit. Both need the
rights of root, and a kernel that has them; `why_not` says what is missing, and a fault that cannot be injected is reported as not
run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

MEBI: Final = 2**20
_IMAGE_MEBI: Final = 8
_SECONDS: Final = 60


class DiskError(Exception):
    """A disk of this kind cannot be had here."""


class DiskImage:
    """A mounted file system in a file."""

    def __init__(self, image: Path, place: Path) -> None:
        self.image = image
        self.place = place

    def copy(self, target: Path) -> None:
        """Keep what the disk holds at this moment; who writes to it should stand still, because a copy takes a moment, too."""
        target.unlink(missing_ok=True)
        _run("cp", "--sparse=always", str(self.image), str(target))

    def flush(self) -> None:
        """Let everything that was written be on the disk, as it is some time after an installation."""
        _run("sync", "-f", str(self.place))

    def exchange(self, image: Path) -> None:
        """Put another disk in the place of this one, as after a power cut, when nobody uses it any more."""
        _run("umount", "--lazy", str(self.place))
        _run("mount", "-t", "ext4", "-o", "loop,noatime", str(image), str(self.place))
        self.image = image


@contextmanager
def mounted(image: Path) -> Iterator[DiskImage]:
    """Mount an image; a journal that was left open by a power cut is replayed by that, as at a real start.

    Raises:
        DiskError: it cannot be mounted.

    """
    place = Path(tempfile.mkdtemp(prefix="vanthu-disk-"))
    try:
        _run("mount", "-t", "ext4", "-o", "loop,noatime", str(image), str(place))
        try:
            yield DiskImage(image, place)
        finally:
            _run("umount", "--lazy", str(place))
    finally:
        place.rmdir()


@contextmanager
def disk_image(mebibytes: int) -> Iterator[DiskImage]:
    """Make an empty file system of this size and mount it; the file is in memory, because only what was flushed matters.

    Raises:
        DiskError: it cannot be made or mounted.

    """
    with scratch() as folder:
        image = folder / "disk.img"
        make_image(image, mebibytes)
        with mounted(image) as disk:
            yield disk


def make_image(image: Path, mebibytes: int) -> None:
    """Make an empty file system in a file.

    Raises:
        DiskError: mkfs.ext4 is missing or fails.

    """
    with image.open("wb") as file:
        file.truncate(mebibytes * MEBI)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder in memory, for images and their copies."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
    folder = Path(tempfile.mkdtemp(prefix="vanthu-disk-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class SmallDisk:
    """A disk with little room."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def fill(self, *, leave: int = 0) -> None:
        """Take all the room but so many bytes; what other processes wrote meanwhile counts."""
        with self._ballast.open("ab") as file:
            while (room := self.room - leave) > 0:
                try:
                    file.write(bytes(min(room, MEBI)))
                    file.flush()
                except OSError:
                    return

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def room(self) -> int:
        """Bytes that are free."""
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[SmallDisk]:
    """Mount a disk with so much room at a folder, which is made if it is not there.

    Raises:
        DiskError: it cannot be mounted.

    """
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0755", "tmpfs", str(place))
    try:
        yield SmallDisk(place)
    finally:
        _run("umount", "--lazy", str(place))


@cache
def why_not() -> str | None:
    """Say why this host has no such disks; None where it has."""
    if os.geteuid():
        return "it takes the rights of root to mount a disk"
    try:
        with disk_image(_IMAGE_MEBI) as disk, small_disk(disk.place / "small", 1):
            return None
    except DiskError as error:
        return str(error)


def _run(*command: str) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            timeout=_SECONDS,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        raise DiskError(f"{' '.join(command)}: {error} {said.decode(errors='replace')}".strip()) from error
