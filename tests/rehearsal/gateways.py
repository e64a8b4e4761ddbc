"""Several gateway processes on one database and one broker, as subprocesses with clocks that are wrong."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from gateway.client import Backoff, Client, ClientError
from tests.support.rabbitmq import free_ports

NAME: Final = "gw.dien-tap"
CLOCK_ERRORS: Final = (0.0, -75.0, 75.0)
"""By how many seconds the clock of each process is wrong, over and over."""

_START: Final = 90


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
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command: Sequence[str] = ("-m", "tests.rehearsal.process", str(clock_file), str(error))
    environment = {**os.environ, **common, "VANTHU_DATA": str(data), "VANTHU_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, *command, env=environment)
    try:
        async with asyncio.timeout(_START):
            while not await _answers(url):
                if process.returncode is not None:
                    raise RuntimeError(f"a gateway ended by itself with {process.returncode}")
                await asyncio.sleep(0.05)
        yield url
        process.send_signal(signal.SIGTERM)
        if await process.wait():
            raise RuntimeError(f"a gateway ended with {process.returncode}")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _answers(url: str) -> bool:
    with suppress(ClientError):
        async with Client(url, backoff=Backoff(tries=1)) as client:
            await client.checkpoint()
            return True
    return False
