"""`python -m tests.rehearsal.process FILE ERROR`: one gateway process, the product as it is but for its clock."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import uvloop

from gateway.app import running
from gateway.settings import Settings
from gateway.telemetry import set_up
from tests.support.clocks import ProcessClock


async def serve(clock: ProcessClock) -> None:
    """Run until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(Settings.from_environment(os.environ), clock=clock):
        await stop.wait()


def main() -> None:
    """Take the clock from the command line and everything else from the environment, as the product does."""
    file, error = sys.argv[1:]
    settings = Settings.from_environment(os.environ)
    set_up(settings.log_level)
    uvloop.run(serve(ProcessClock(Path(file), error=timedelta(seconds=float(error)))))


if __name__ == "__main__":
    main()
