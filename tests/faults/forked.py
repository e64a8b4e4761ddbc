"""Gateway processes that are forked off one which has imported everything already: a start costs what the start itself does.

Faults of the host start a gateway dozens of times. The parent of all is a fork server, which has no threads and opens nothing.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from signal import Signals
from typing import Final

from tests.faults.process import main
from tests.support.service import Service, ServiceError

_SERVER: Final[ForkServerContext] = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.faults.process"])
_END_SECONDS: Final = 120.0


class ForkedService(Service):
    """One process of a gateway, as `Service`; `arguments` are for `tests.faults.process`, which writes the file `threads`."""

    def __init__(
        self,
        data: Path,
        settings: Mapping[str, str],
        *,
        arguments: Sequence[str],
        output: Path,
        threads: Path,
    ) -> None:
        super().__init__(data, settings, output=output)
        self._threads = threads
        self._arguments = tuple(arguments)
        self._child: ForkServerProcess | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._child.pid if self._child is not None and self._child.is_alive() else None

    async def launch(self) -> None:
        """Start, and return at once."""
        self._threads.unlink(missing_ok=True)
        self._child = _SERVER.Process(
            target=_run, args=(self._environment, self._arguments, str(self.output)), daemon=True
        )
        await asyncio.to_thread(self._child.start)

    async def answers(self) -> bool:
        """Tell whether it takes requests, and has said which threads it has."""
        return self._threads.exists() and await super().answers()

    def signal(self, what: Signals) -> None:
        """Send a signal, if the process is still there."""
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    async def end(self, how: Signals) -> int:
        """Send a signal, wait for the end, and return the exit code.

        Raises:
            TimeoutError: it does not end.

        """
        if self._child is None:
            raise ServiceError("it was never started")
        self.signal(how)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end and return the exit code.

        Raises:
            TimeoutError: it does not end.

        """
        if self._child is None:
            raise ServiceError("it was never started")
        await asyncio.to_thread(self._child.join, _END_SECONDS)
        if self._child.exitcode is None:
            raise TimeoutError("a gateway does not end")
        return self._child.exitcode

    async def dispose(self) -> None:
        """Make sure that nothing is left of it, frozen or not."""
        if self._child is not None:
            await self.end(Signals.SIGKILL)


def _run(environment: Mapping[str, str], arguments: Sequence[str], output: str) -> None:
    """Be a gateway; what it prints goes to `output`."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.close(file)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    main(arguments)
