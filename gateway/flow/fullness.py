"""Telling a full disk from a defect: what the operating system and the databases say when there is no room."""

from __future__ import annotations

import errno
from typing import Final

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SQLITE: Final = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"})
"""Where the log of SQLite cannot grow it says that writing failed, and not why."""

_POSTGRESQL: Final = frozenset({"53100", "53000"})


def is_full(error: BaseException | None) -> bool:
    """Say whether an error, or what it came from, means that there is no room."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        said = getattr(error, "orig", None)
        if (
            getattr(said, "sqlite_errorname", None) in _SQLITE
            or getattr(said, "sqlstate", None) in _POSTGRESQL
        ):
            return True
        error = error.__cause__
    return False
