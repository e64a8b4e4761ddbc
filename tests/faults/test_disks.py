"""The disks that fail do so: a copy of one holds what was flushed and nothing else, and a full one is full until it is freed.

Where this host has no such disks, the tests say that the reason is told; nothing passes for having been injected.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.faults.disks import DiskError, disk_image, mounted, scratch, small_disk, why_not

MEBIBYTES = 8


def test_power_cut_keeps_what_was_flushed() -> None:
    """A file that was flushed with its name is in the copy, a later one that was only written is not whole."""
    if why_not() is not None:
        _has_no_disks()
        return
    with scratch() as folder, disk_image(MEBIBYTES) as disk:
        _write(disk.place / "flushed", flush=True)
        _write(disk.place / "written", flush=False)
        disk.copy(folder / "cut.img")
        with mounted(folder / "cut.img") as left:
            assert (left.place / "flushed").read_bytes() == b"x" * 4096
            written = left.place / "written"
            assert not written.exists() or written.read_bytes() != b"x" * 4096


def test_full_disk_is_full_until_it_is_freed(tmp_path: Path) -> None:
    """Writing fails while it is full; afterwards it goes on."""
    if why_not() is not None:
        _has_no_disks()
        return
    with small_disk(tmp_path / "small", 1) as disk:
        (disk.place / "before").write_bytes(b"x" * 4096)
        disk.fill()
        with pytest.raises(OSError, match="No space") as caught:
            (disk.place / "full").write_bytes(b"x" * 65536)
        assert caught.value.errno == errno.ENOSPC
        disk.free()
        (disk.place / "after").write_bytes(b"x" * 65536)
        disk.fill(leave=65536)
        assert 0 < disk.room <= 2 * 65536
    assert not list((tmp_path / "small").iterdir())


def _has_no_disks() -> None:
    """Where it is said that there are none, there are none."""
    with pytest.raises(DiskError), disk_image(MEBIBYTES):
        raise AssertionError("there is such a disk after all")


def _write(path: Path, *, flush: bool) -> None:
    with path.open("wb") as file:
        file.write(b"x" * 4096)
        file.flush()
        if flush:
            os.fsync(file.fileno())
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
