"""`python -m tests.faults.process`: one gateway process, the product as it is but for what a fault needs.

`--plant NAME` plants a bug, `--threads FILE` tells the kernel's numbers of its threads, so that faults can be injected into one
of them. Everything else comes from the environment, as for the product.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop

from gateway.app import running
from gateway.clock import utc_now
from gateway.settings import Settings
from gateway.telemetry import set_up
from tests.faults.planted import BUGS

IO: str = "io_0"
"""The thread that makes bodies durable, where there is one only."""

WRITER: str = "store-writer"
"""The thread that commits."""

MAIN: str = "MainThread"


def command(*, plant: str | None = None, threads: Path | None = None) -> tuple[str, ...]:
    """Return what Python runs to start such a process."""
    planted = ("--plant", plant) if plant else ()
    told = ("--threads", str(threads)) if threads else ()
    return ("-m", "tests.faults.process", *planted, *told)


async def serve(settings: Settings, *, threads: Path | None) -> None:
    """Run until told to stop."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if threads is not None:
        loop.set_default_executor(ThreadPoolExecutor(1, thread_name_prefix="io"))
    async with running(settings, clock=utc_now):
        if threads is not None:
            numbers = {each.name: each.native_id for each in threading.enumerate()}
            written = threads.with_suffix(".new")
            written.write_text(json.dumps(numbers))
            written.rename(threads)
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Plant what has to be planted, and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plant", choices=sorted(BUGS))
    parser.add_argument("--threads", type=Path)
    given = parser.parse_args(arguments)
    settings = Settings.from_environment(os.environ)
    set_up(settings.log_level)
    if given.plant:
        BUGS[given.plant]()
    uvloop.run(serve(settings, threads=given.threads))


if __name__ == "__main__":
    main()
