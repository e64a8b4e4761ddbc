"""A gateway as a process of its own, that can be killed, frozen, and started again on the same data and port."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from gateway.client import Backoff, Client, ClientError
from tests.support.rabbitmq import free_ports

SERVE: Final = ("-m", "gateway", "serve")
"""What Python runs: the product as it is."""

ONCE: Final = Backoff(tries=1)
START_SECONDS: Final = 300.0
END_SECONDS: Final = 120.0


class ServiceError(Exception):
    """The process did not start, or ended as it should not."""


class Service:
    """One process of a gateway; every wait for it is bounded."""

    def __init__(
        self,
        data: Path,
        settings: Mapping[str, str],
        *,
        command: Sequence[str] = SERVE,
        output: Path | None = None,
    ) -> None:
        """Take the folder of its data and its settings; what it prints goes to the file `output`, if there is one."""
        (port,) = free_ports(1)
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self.output = output
        self._command = command
        self._environment = {**os.environ, "VANTHU_DATA": str(data), "VANTHU_PORT": str(port), **settings}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def start(self) -> None:
        """Start, and return when it takes requests.

        Raises:
            ServiceError: it ended by itself, or took too long.

        """
        await self.launch()
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self.answers():
                    if self.pid is None:
                        raise ServiceError(f"a gateway ended by itself: {self._said()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise ServiceError(f"a gateway did not start: {self._said()}") from None

    async def launch(self) -> None:
        """Start, and return at once."""
        output: IO[bytes] | int = self.output.open("ab") if self.output else subprocess.DEVNULL
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._command,
                env=self._environment,
                stdout=output,
                stderr=None if isinstance(output, int) else output,
            )
        finally:
            if not isinstance(output, int):
                output.close()

    def send(self, what: signal.Signals) -> None:
        """Send a signal, if the process is still there."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(what)

    async def end(self, how: signal.Signals) -> int:
        """Send a signal, wait for the end, and return the exit code.

        Raises:
            TimeoutError: it does not end.

        """
        if self._process is None:
            raise ServiceError("it was never started")
        self.send(how)
        async with asyncio.timeout(END_SECONDS):
            return await self._process.wait()

    async def dispose(self) -> None:
        """Make sure that nothing is left of it, frozen or not."""
        if self._process is not None:
            await self.end(signal.SIGKILL)

    async def answers(self) -> bool:
        """Tell whether it takes requests."""
        with suppress(ClientError, TimeoutError):
            async with Client(self.url, backoff=ONCE) as client, asyncio.timeout(5):
                await client.checkpoint()
                return True
        return False

    def _said(self) -> str:
        return self.output.read_text(errors="replace")[-2000:] if self.output else "its output was not kept"
