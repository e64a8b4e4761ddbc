"""Receiving bodies: hashed while they come, small in memory, big in a file, never half."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import BodyTooLargeError
from gateway.flow.spool import MEMORY, Spooled, spool

LIMIT = 4 * MEMORY


async def chunks(body: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    """Yield a body as a network would."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [0, 1, MEMORY, MEMORY + 1, 3 * MEMORY + 17])
async def test_every_byte_is_kept_and_hashed(tmp_path: Path, size: int) -> None:
    """Whatever its size, the body comes out as it came in, in memory or in exactly one private file."""
    body = bytes(index % 251 for index in range(size))

    spooled = await spool(chunks(body), folder=tmp_path, limit=LIMIT)

    assert (spooled.size, spooled.sha256) == (size, hashlib.sha256(body).hexdigest())
    if size <= MEMORY:
        assert spooled.source == body
        assert list(tmp_path.iterdir()) == []
    else:
        assert isinstance(spooled.source, Path)
        assert spooled.source.read_bytes() == body
        assert list(tmp_path.iterdir()) == [spooled.path]
        assert spooled.source.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("limit", [10, MEMORY + 10])
async def test_a_body_over_the_limit_leaves_nothing(tmp_path: Path, limit: int) -> None:
    """The refusal comes with the first byte too many, and no file stays."""
    with pytest.raises(BodyTooLargeError) as raised:
        await spool(chunks(b"x" * LIMIT), folder=tmp_path, limit=limit)

    assert raised.value.facts == {"limit": limit}
    assert list(tmp_path.iterdir()) == []


async def test_a_broken_connection_leaves_nothing(tmp_path: Path) -> None:
    """When the sender goes away in the middle, no file stays."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * (2 * MEMORY)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await spool(broken(), folder=tmp_path, limit=LIMIT)

    assert list(tmp_path.iterdir()) == []


async def test_discard_removes_the_file_and_may_be_repeated(tmp_path: Path) -> None:
    """A body that nobody adopted is litter, and cleaning up twice is harmless."""
    spooled = await spool(chunks(b"x" * (2 * MEMORY)), folder=tmp_path, limit=LIMIT)

    await spooled.discard()
    await spooled.discard()

    assert list(tmp_path.iterdir()) == []


def test_a_body_is_somewhere() -> None:
    """A body that is neither in memory nor on disk is a defect."""
    with pytest.raises(AssertionError):
        _ = Spooled(sha256="0" * 64, size=1, memory=None, path=None).source
