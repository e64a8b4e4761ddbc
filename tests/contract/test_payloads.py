"""The contract of `ports.Payloads`, run against the folder and a bucket; then what is the folder's own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.payloads import FolderPayloads
from gateway.payloads_s3 import S3Payloads
from gateway.ports import Payloads

run = asyncio.run
"""Tests look at the disk themselves, which an event loop must not; each call gets a loop of its own."""

BODY = b"%PDF " + bytes(range(256)) * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder of payloads, not made yet."""
    return tmp_path / "data" / "payloads"


@pytest.fixture(params=["folder", "bucket"])
def payloads(request: pytest.FixtureRequest, root: Path) -> Payloads:
    """Open each kind of store."""
    if request.param == "folder":
        return FolderPayloads(root)
    bucket = request.getfixturevalue("object_store").bucket()
    return S3Payloads.at(bucket, root)


@pytest.fixture
def folder(root: Path) -> FolderPayloads:
    """Open the folder, for what is its own."""
    return FolderPayloads(root)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """Lend a folder on another filesystem."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def spooled(folder: Path, body: bytes = BODY, name: str = "upload") -> Path:
    """Write a body as intake does."""
    path = folder / name
    path.write_bytes(body)
    return path


def test_adopt(payloads: Payloads, tmp_path: Path) -> None:
    """A spooled file is consumed and found by its hash, readable by its owner only."""
    upload = spooled(tmp_path)
    run(payloads.adopt(upload, SHA256))
    found = payloads.path(SHA256)

    assert found.read_bytes() == BODY
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert not upload.exists()


def test_put(payloads: Payloads) -> None:
    """A body in memory is found by its hash, again and again."""
    run(payloads.put(BODY, SHA256))
    run(payloads.put(BODY, SHA256))
    run(payloads.put(b"", hashlib.sha256().hexdigest()))

    assert payloads.path(SHA256).read_bytes() == BODY
    assert payloads.path(hashlib.sha256().hexdigest()).read_bytes() == b""


def test_missing(payloads: Payloads) -> None:
    """A body that is not there raises FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        payloads.path(SHA256)


def test_has(payloads: Payloads) -> None:
    """Whether a body is there can be asked without fetching it."""
    assert not payloads.has(SHA256)
    run(payloads.put(BODY, SHA256))
    assert payloads.has(SHA256)
    with pytest.raises(ValueError, match="SHA-256"):
        payloads.has("x")


def test_adopting_again(payloads: Payloads, tmp_path: Path) -> None:
    """The same body twice is one file; a call repeated after the file was consumed succeeds."""
    run(payloads.adopt(spooled(tmp_path), SHA256))
    run(payloads.adopt(tmp_path / "upload", SHA256))
    run(payloads.adopt(again := spooled(tmp_path, name="again"), SHA256))

    assert payloads.path(SHA256).read_bytes() == BODY
    assert not again.exists()


def test_adopting_nothing(payloads: Payloads, tmp_path: Path) -> None:
    """Without a file and without a payload of this hash there is nothing to adopt."""
    with pytest.raises(FileNotFoundError):
        run(payloads.adopt(tmp_path / "missing", SHA256))


def test_concurrent_adopts(root: Path, tmp_path: Path) -> None:
    """Many uploads of the same and of other bodies at once, through two processes' worth of stores, all succeed."""
    stores = [FolderPayloads(root), FolderPayloads(root)]
    bodies = [b"%d" % (number % 5) * 1000 for number in range(60)]
    uploads = [spooled(tmp_path, body, f"upload-{number}") for number, body in enumerate(bodies)]
    hashes = [hashlib.sha256(body).hexdigest() for body in bodies]

    async def store_all() -> None:
        await asyncio.gather(
            *(stores[number % 2].adopt(upload, hashes[number]) for number, upload in enumerate(uploads)),
            *(stores[number % 2].put(body, hashes[number]) for number, body in enumerate(bodies)),
        )

    run(store_all())

    for body, sha256 in zip(bodies, hashes, strict=True):
        assert stores[0].path(sha256).read_bytes() == body
    assert not any(upload.exists() for upload in uploads)
    assert list((root / "drafts").iterdir()) == []


def test_adopt_from_another_filesystem(payloads: Payloads, elsewhere: Path, root: Path) -> None:
    """A file that cannot be renamed is copied and then removed."""
    upload = spooled(elsewhere)
    assert upload.stat().st_dev != root.stat().st_dev
    run(payloads.adopt(upload, SHA256))

    assert payloads.path(SHA256).read_bytes() == BODY
    assert stat.S_IMODE(payloads.path(SHA256).stat().st_mode) == 0o600
    assert not upload.exists()


def test_crash_leftovers_are_harmless(root: Path, tmp_path: Path) -> None:
    """What a crash left half done, here or in intake's spool, is never taken for a payload and hinders nobody."""
    FolderPayloads(root)
    leftovers = {SHA256, "upload", SHA256[:32]}
    for name in leftovers:
        spooled(root / "drafts", BODY[:100], name)
    half = spooled(tmp_path, BODY[:100], "half")
    payloads = FolderPayloads(root)
    with pytest.raises(FileNotFoundError):
        payloads.path(SHA256)
    run(payloads.adopt(spooled(tmp_path, name="whole"), SHA256))

    assert payloads.path(SHA256).read_bytes() == BODY
    assert {path.name for path in (root / "drafts").iterdir()} == leftovers
    assert half.exists()


def test_damaged_file_is_replaced(payloads: Payloads, tmp_path: Path) -> None:
    """A file that lost its end to a failing disk is healed by the next upload of the same body."""
    run(payloads.put(BODY, SHA256))
    os.truncate(payloads.path(SHA256), 10)
    run(payloads.adopt(spooled(tmp_path), SHA256))

    assert payloads.path(SHA256).read_bytes() == BODY


def test_failure_keeps_the_spooled_file(folder: FolderPayloads, root: Path, tmp_path: Path) -> None:
    """When a body cannot be stored its upload is still there, and no draft is left behind."""
    (root / SHA256[:2]).write_bytes(b"in the way")
    upload = spooled(tmp_path)
    with pytest.raises(OSError, match=SHA256[:2]):
        run(folder.adopt(upload, SHA256))
    with pytest.raises(OSError, match=SHA256[:2]):
        run(folder.put(BODY, SHA256))

    assert upload.read_bytes() == BODY
    assert list((root / "drafts").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", SHA256.upper(), SHA256[:-1], SHA256 + "0", SHA256[:-1] + "\n", "٠" * 64]
)
def test_name_that_is_no_hash(payloads: Payloads, tmp_path: Path, name: str) -> None:
    """Only a SHA-256 in lowercase hex names a payload, so no name leads out of the folder."""
    upload = spooled(tmp_path)
    with pytest.raises(ValueError, match="SHA-256"):
        payloads.path(name)
    with pytest.raises(ValueError, match="SHA-256"):
        run(payloads.adopt(upload, name))
    with pytest.raises(ValueError, match="SHA-256"):
        run(payloads.put(BODY, name))

    assert upload.exists()


def test_durable_before_it_returns(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is on disk before the name appears, and the name and its folders before the call returns."""
    payloads = FolderPayloads(root)
    target = root / SHA256[:2] / SHA256[2:4] / SHA256
    synced: list[tuple[Path, bool]] = []
    fsync = os.fsync

    def recording(descriptor: int) -> None:
        fsync(descriptor)
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink(), target.exists()))

    monkeypatch.setattr(os, "fsync", recording)
    upload = spooled(tmp_path)
    run(payloads.adopt(upload, SHA256))

    assert synced == [(root, False), (target.parent.parent, False), (upload, False), (target.parent, True)]


NAME = "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SOON = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("as_file", [False, True], ids=["from memory", "from a file"])
def test_set_aside_and_promoted(payloads: Payloads, elsewhere: Path, *, as_file: bool) -> None:
    """A body is kept under a name of its own; promoted, it is found by its hash and survives the removal of that name."""
    upload = spooled(elsewhere)
    run(payloads.set_aside(upload if as_file else BODY, NAME))

    aside = payloads.aside(NAME)
    assert aside.read_bytes() == BODY
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert upload.exists() is not as_file
    with pytest.raises(FileNotFoundError):
        payloads.path(SHA256)

    for _ in range(2):
        run(payloads.promote(NAME, SHA256))
        assert payloads.path(SHA256).read_bytes() == BODY
        assert aside.exists()
    for _ in range(2):
        run(payloads.drop(NAME))
    assert not aside.exists()
    assert payloads.path(SHA256).read_bytes() == BODY
    with pytest.raises(FileNotFoundError):
        run(payloads.promote(NAME, SHA256))


def test_dropping_takes_nothing_else_along(payloads: Payloads) -> None:
    """What is set aside goes without the same bytes that somebody else put there by their hash."""
    run(payloads.put(BODY, SHA256))
    run(payloads.set_aside(BODY, NAME))
    run(payloads.drop(NAME))

    assert payloads.path(SHA256).read_bytes() == BODY


def test_left_aside(payloads: Payloads) -> None:
    """What lies aside is listed by age until it is dropped."""
    run(payloads.set_aside(BODY, NAME))

    assert run(payloads.left_aside(before=SOON)) == (NAME,)
    assert run(payloads.left_aside(before=LONG_AGO)) == ()
    run(payloads.drop(NAME))
    assert run(payloads.left_aside(before=SOON)) == ()


def test_each_gateway_sees_its_own_aside(root: Path, folder: FolderPayloads) -> None:
    """What lies aside is not listed to another gateway that shares the folder."""
    run(folder.set_aside(BODY, NAME))

    assert run(FolderPayloads(root, gateway="gw.other").left_aside(before=SOON)) == ()


@pytest.mark.parametrize("name", ["", "../x", "a/b", NAME + "/", NAME.upper(), SHA256])
def test_only_identifiers_are_names(payloads: Payloads, name: str) -> None:
    """Nothing else can be set aside, found or removed."""
    for call in (payloads.set_aside(BODY, name), payloads.drop(name)):
        with pytest.raises(ValueError, match="identifier"):
            run(call)
    with pytest.raises(ValueError, match="identifier"):
        payloads.aside(name)
