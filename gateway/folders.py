"""The data folder: it serves one process at a time, and what an earlier crash left in it is removed.

Invariant: the lock goes with the process, however that ends, so nothing has to be cleaned up before the next start.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from gateway.errors import DataInUseError
from gateway.settings import Settings


def take(data: Path) -> IO[bytes]:
    """Take the data folder for this process; the lock ends with the process, however it ends.

    Raises:
        DataInUseError: another process has it.

    """
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DataInUseError(folder=str(data)) from None
    return lock


def prepare(settings: Settings, *, worker: int | None = None) -> Path:
    """Make the folders, and remove spool files that an earlier crash left: nothing ever refers to one.

    Each of several workers has a spool of its own, because the files of the others are in use.
    """
    spool = settings.data / "spool"
    if worker is not None:
        spool /= f"worker-{worker}"
    for folder in (settings.data, spool, settings.payload_folder, settings.trust_folder):
        folder.mkdir(parents=True, exist_ok=True)
    spool.chmod(0o700)
    for litter in spool.rglob("body-*"):
        litter.unlink()
    return spool
