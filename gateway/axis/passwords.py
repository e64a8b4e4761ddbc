"""Passwords of the broker's accounts: one file each, which only its owner can read, made once and never printed.

A file that is there is kept, so that the same command can be given again when the registry has changed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from gateway.keys.files import read_secret

BYTES = 32


def password_files(folder: Path, users: Iterable[str]) -> dict[str, Path]:
    """Return the file of each user's password, made now where there is none.

    Raises:
        OSError: the folder or a file cannot be written.

    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    for user in users:
        # A name may hold a slash; quoted, it cannot lead out of the folder.
        files[user] = path = folder / quote(user, safe="")
        if not path.exists():
            _write(path, secrets.token_urlsafe(BYTES))
    return files


def read_passwords(files: dict[str, Path]) -> dict[str, str]:
    """Read passwords.

    Raises:
        GatewayError: others can read a file, or it belongs to somebody else.

    """
    return {user: read_secret(path).decode().strip() for user, path in files.items()}


def _write(path: Path, password: str) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
