"""Files that are handed out are closed, also when nobody waits for them any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from gateway.api.content import opened


def _held(path: Path) -> int:
    """Count this process's descriptors of a file."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            count += descriptor.readlink() == path
    return count


async def test_a_file_is_closed_when_its_reader_goes_away(tmp_path: Path) -> None:
    """A request that is cancelled while its file is being opened leaves no file open."""
    path = tmp_path / "payload"
    await asyncio.to_thread(path.write_bytes, b"x")

    file = await opened(path)
    assert await asyncio.to_thread(_held, path) == 1
    file.close()
    for _ in range(20):
        asked = asyncio.create_task(opened(path))
        await asyncio.sleep(0)
        asked.cancel()
        with suppress(asyncio.CancelledError):
            (await asked).close()

    async with asyncio.timeout(20):
        while await asyncio.to_thread(_held, path):
            await asyncio.sleep(0.01)
