"""Several gateway processes on one database and one broker, as subprocesses with clocks that are wrong."""

from __future__ import annotations

import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from tests.support.service import Service, ServiceError

NAME: Final = "gw.dien-tap"
CLOCK_ERRORS: Final = (0.0, -75.0, 75.0)
"""By how many seconds the clock of each process is wrong, over and over."""


@asynccontextmanager
async def gateways(
    folder: Path, clock_file: Path, *, database: str, axis: str, count: int
) -> AsyncIterator[tuple[str, ...]]:
    """Start the processes, lend their addresses, and stop them as an operator would.

    The first one makes the keys; the others get copies, because all speak as one gateway.
    """
    common = {
        "VANTHU_NAME": NAME,
        "VANTHU_DATABASE": database,
        "VANTHU_AXIS": axis,
        "VANTHU_AXIS_QUEUE_AGE": "0",
        "VANTHU_PAYLOADS": str(folder / "payloads"),
        "VANTHU_TRUST": str(folder / "trust"),
        "VANTHU_LOG_LEVEL": "error",
    }
    async with AsyncExitStack() as stack:
        urls: list[str] = []
        for number in range(count):
            data = folder / f"gateway-{number}"
            if number:
                shutil.copytree(folder / "gateway-0" / "keys", data / "keys")
            error = CLOCK_ERRORS[number % len(CLOCK_ERRORS)]
            urls.append(await stack.enter_async_context(_process(data, clock_file, error, common)))
        yield tuple(urls)


@asynccontextmanager
async def _process(data: Path, clock_file: Path, error: float, common: dict[str, str]) -> AsyncIterator[str]:
    command = ("-m", "tests.rehearsal.process", str(clock_file), str(error))
    service = Service(data, common, command=command)
    try:
        await service.start()
        yield service.url
        if code := await service.end(signal.SIGTERM):
            raise ServiceError(f"a gateway ended with {code}")
    finally:
        await service.dispose()
