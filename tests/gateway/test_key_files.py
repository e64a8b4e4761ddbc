"""Secrets in files: read only where nobody else could have read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from gateway.keys.errors import KeyFileExposedError, KeyFileForeignError, KeyFileUnusableError
from gateway.keys.files import LARGEST, make_key, read_key, read_secret


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a key."""
    path = tmp_path / "receipt.key"
    make_key(path)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_private_file_is_read(file: Path, mode: int) -> None:
    """A file that only its owner may read holds a key."""
    file.chmod(mode)

    assert isinstance(read_key(file), Ed25519PrivateKey)


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644, 0o660, 0o420, 0o402, 0o410, 0o401, 0o777], ids=oct)
def test_a_file_that_others_may_use_is_refused(file: Path, mode: int) -> None:
    """Whatever the group or others may do with it, the file is named with what to do, and left as it is."""
    file.chmod(mode)

    with pytest.raises(KeyFileExposedError, match=f"{mode:04o}") as caught:
        read_key(file)

    assert f"chmod 400 {file}" in caught.value.fix_en.format(**caught.value.facts)
    assert file.stat().st_mode & 0o777 == mode


def test_the_file_behind_a_link_counts(file: Path, tmp_path: Path) -> None:
    """A link is followed, as operators use them, and what it leads to is judged."""
    link = tmp_path / "link.key"
    link.symlink_to(file)
    assert isinstance(read_key(link), Ed25519PrivateKey)

    file.chmod(0o444)
    with pytest.raises(KeyFileExposedError):
        read_key(link)


def test_somebody_elses_file_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another user is refused, because that user can change it."""
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)

    with pytest.raises(KeyFileForeignError, match=str(file)):
        read_key(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Nothing, a folder and a pipe are no key files; nobody waits for the pipe."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe"):
        with pytest.raises(KeyFileUnusableError, match=str(path)):
            read_secret(path)


def test_what_holds_no_key_is_refused(file: Path, tmp_path: Path) -> None:
    """Text, an encrypted key and a file of another size are refused, and no content is told."""
    key = Ed25519PrivateKey.generate()
    contents = {
        "text": b"correct horse battery staple",
        "encrypted": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
        "large": b"-" * (LARGEST + 1),
        "empty": b"",
    }
    for name, content in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(0o400)
        with pytest.raises(KeyFileUnusableError, match=str(path)) as caught:
            read_key(path)
        assert "staple" not in str(caught.value)


def test_a_key_is_never_overwritten_by_half_of_one(tmp_path: Path) -> None:
    """A draft that a crash left is replaced; the new file is private from its first moment."""
    (tmp_path / "log.new").write_bytes(b"-----BEGIN")

    make_key(tmp_path / "log.key")

    assert not (tmp_path / "log.new").exists()
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o400
