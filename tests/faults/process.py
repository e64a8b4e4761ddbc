"""One gateway process, the product as it is but for what a fault needs; `tests.faults.forked` runs `main`.

`--plant NAME` plants a bug, `--threads FILE` tells the kernel's numbers of its threads, so that faults can be injected into one
of them; for that one thread serves all that waits for disks. `--clock FILE` makes the clock wrong, `--descriptors NUMBER` limits
them. Everything else comes from the environment, as for the product.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import uvloop

from gateway.app import running
from gateway.clock import utc_now
from gateway.ports import Clock
from gateway.settings import Settings
from gateway.telemetry import set_up
from tests.faults.planted import BUGS

IO: Final = "io_0"
"""The thread that makes bodies durable."""

WRITER: Final = "store-writer"
"""The thread that commits."""


def arguments(
    *, threads: Path, plant: str | None = None, clock: Path | None = None, descriptors: int | None = None
) -> tuple[str, ...]:
    """Return what such a process is told."""
    told = [("--threads", threads), ("--plant", plant), ("--clock", clock), ("--descriptors", descriptors)]
    return tuple(str(part) for name, value in told if value is not None for part in (name, value))


class WrongClock:
    """The host's clock, wrong by as many seconds as a file says."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        """Return the time that this process believes in."""
        said = self._file.read_text()
        if said.startswith("="):
            return datetime.fromisoformat(said[1:])
        return datetime.now(UTC) + timedelta(seconds=float(said))


async def serve(settings: Settings, *, threads: Path, clock: Clock) -> None:
    """Run until told to stop."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.set_default_executor(ThreadPoolExecutor(1, thread_name_prefix="io"))
    async with running(settings, clock=clock):
        numbers = {each.name: each.native_id for each in threading.enumerate()}
        written = threads.with_suffix(".new")
        written.write_text(json.dumps(numbers))
        written.rename(threads)
        await stop.wait()


def main(told: Sequence[str]) -> None:
    """Plant what has to be planted, and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=Path, required=True)
    parser.add_argument("--plant", choices=sorted(BUGS))
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--descriptors", type=int)
    given = parser.parse_args(told)
    if given.descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (given.descriptors, given.descriptors))
    settings = Settings.from_environment(os.environ)
    set_up(settings.log_level)
    if given.plant:
        BUGS[given.plant]()
    uvloop.run(
        serve(settings, threads=given.threads, clock=WrongClock(given.clock) if given.clock else utc_now)
    )
