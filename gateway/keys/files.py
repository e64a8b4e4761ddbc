"""Secrets in files: private keys and PINs, in files that only the gateway's user can read.

A file that anybody else may read or change is refused, not repaired: its content may be known already, and only an operator can
say whether it has to be replaced. Invariant: what is checked is the file that is read, not one that took its name meanwhile.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.keys.errors import KeyFileExposedError, KeyFileForeignError, KeyFileUnusableError

LARGEST: Final = 64 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path) -> bytes:
    """Return the content of a file that nobody but this user can read.

    Raises:
        KeyFileExposedError: its group or others may read, write or run it.
        KeyFileForeignError: it belongs to somebody else.
        KeyFileUnusableError: it cannot be read, or is no file of a secret's size.

    """
    try:
        # Not to be kept waiting by a name that stands for a pipe.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _check(path, os.fstat(file.fileno()))
            return file.read(LARGEST)
    except OSError as error:
        raise KeyFileUnusableError(path=str(path), reason=error.strerror or str(error)) from error


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return the key in a file.

    Raises:
        KeyFileExposedError, KeyFileForeignError, KeyFileUnusableError: see `read_secret`, or it holds no Ed25519 key.

    """
    try:
        key = load_pem_private_key(read_secret(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library's words may repeat the content, so they are not told.
        raise KeyFileUnusableError(
            path=str(path), reason="it holds no private key without a password"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnusableError(path=str(path), reason="it does not hold an Ed25519 key")
    return key


def make_key(path: Path) -> None:
    """Write a new key to a file that does not exist yet.

    Raises:
        OSError: the file cannot be written.

    """
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # A crash in the middle must not leave half a key under the final name.
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise KeyFileUnusableError(path=str(path), reason="it is not a file of the size of a key")
    if found.st_mode & _OTHERS:
        raise KeyFileExposedError(path=str(path), mode=f"{stat.S_IMODE(found.st_mode):04o}")
    if found.st_uid != os.geteuid():
        raise KeyFileForeignError(path=str(path), owner=found.st_uid, user=os.geteuid())
