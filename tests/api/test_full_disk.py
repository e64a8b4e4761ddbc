"""A disk without room: nothing is answered with 2xx that does not stand, the refusal says why, and it ends by itself."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.flow.errors_pressure import StorageFullError
from tests.api.world import World, a_big_document, a_document, world

pytestmark = pytest.mark.asyncio(loop_scope="session")
MEBI = 2**20


class Disk:
    """A folder that can be filled to the brim."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (MEBI, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


@pytest.fixture
def disk() -> Iterator[Disk]:
    """Mount a small disk in memory, as root may."""
    folder = Path(tempfile.mkdtemp(prefix="vanthu-full-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


async def is_refused(gateway: World, body: bytes) -> None:
    """Send a document for which there is no room."""
    answer = await gateway.send(body)
    assert (answer.status, answer.json["code"], answer.json["outcome"]) == (
        503,
        StorageFullError.code,
        "undecided",
    )
    assert int(answer.headers["Retry-After"]) >= 10


async def is_taken(gateway: World, body: bytes) -> str:
    """Send a document until it is taken, as a client does that was told to come again."""
    async with asyncio.timeout(30):
        while True:
            answer = await gateway.send(body)
            if answer.status == 201:
                return str(answer.json["id"])
            await asyncio.sleep(0.1)


async def first_refused(gateway: World) -> bytes:
    """Send small documents until one is not taken."""
    async with asyncio.timeout(60):
        while True:
            body = a_document()
            if (await gateway.send(body)).status != 201:
                return body


async def test_a_full_disk(disk: Disk) -> None:
    """Database, spool and payloads on one disk: small and big documents are refused, and taken when there is room again."""
    async with world(disk.folder, disk_reserve=0) as gateway:
        before = await is_taken(gateway, a_document())
        await gateway.state(before, "received")
        small, big = a_document(), a_big_document(600_000)
        with capture_logs():
            await asyncio.to_thread(disk.fill)
            await is_refused(gateway, big)
            # The log of the database may have some room left that it took before.
            refused = await first_refused(gateway)
            await is_refused(gateway, refused)
            assert (await gateway.call("GET", "/v1/inbox", token="tayninh")).status == 200
            assert (await gateway.call("GET", "/healthz", token=None)).status == 200

            await asyncio.to_thread(disk.free)
            for body in (refused, small, big):
                await gateway.state(await is_taken(gateway, body), "received")
        report = await gateway.context.reckoning.reckon()
        assert report.gaps == ()
        assert await asyncio.to_thread(lambda: list(gateway.context.spool.iterdir())) == []


async def test_the_reserve_comes_first(disk: Disk) -> None:
    """With the default reserve nothing ever fails for want of room: it is said before a body is read."""
    async with world(disk.folder, disk_reserve=8 * MEBI) as gateway:
        await asyncio.to_thread(disk.fill)
        await gateway.context.pressure.look()
        answer = await gateway.send(a_document())
        assert (answer.status, answer.json["code"]) == (503, "pressure.disk_reserve")
        await asyncio.to_thread(disk.free)
        await gateway.context.pressure.look()
        await is_taken(gateway, a_document())
