"""One worker's place under its parent: the socket that stays when a worker goes, and the process that has it now."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Final

from gateway.share import READY

BACKLOG: Final = 512
"""Connections that wait while no worker has the socket."""


def free_port(host: str, port: int) -> int:
    """Return the port to listen on: a free one for 0. Sockets that share a port would not notice that another program has it.

    Raises:
        OSError: it is taken, or the host is none.

    """
    with _bound(host, port, shared=False) as probe:
        found: int = probe.getsockname()[1]
        return found


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    passive = socket.AI_PASSIVE
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=passive
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.settimeout(0)
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made


class Slot:
    """The place of one worker."""

    def __init__(self, *, number: int) -> None:
        self.number = number
        self.ready = asyncio.Event()
        """The process that is running takes requests."""
        self.was_ready = False
        """Whether the last process ever took requests."""
        self.is_replaced = False
        """Whether its end was asked for, and another one is wanted."""
        self._is_told = False
        """Whether the process was told to finish: told twice, it would stop at once."""
        self._is_over = False
        self._listener: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.returncode is None

    async def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        address: tuple[str, int],
        lock: IO[bytes],
    ) -> int:
        """Run one process to its end and return how it ended: its code, or minus the number of a signal.

        Raises:
            OSError: no socket can be made, or no process started.

        """
        if self._listener is None:
            self._listener = _bound(*address, shared=True)
            self._listener.listen(BACKLOG)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                descriptors = (self._listener.fileno(), theirs.fileno())
                given = ":".join(map(str, (self.number, *descriptors)))
                process = await asyncio.create_subprocess_exec(
                    *(*command, "--worker", given),
                    env=dict(environment),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(*descriptors, lock.fileno()),
                    # Ctrl-C in a terminal goes to the parent alone, which passes it on once.
                    start_new_session=True,
                )
            self._process, self._is_told, self.was_ready = process, False, False
            if self._is_over:
                self.finish()
            try:
                return await self._watch(process, ours)
            finally:
                self.ready.clear()

    async def _watch(self, process: asyncio.subprocess.Process, line: socket.socket) -> int:
        line.setblocking(False)  # noqa: FBT003 - the standard library's signature
        if await asyncio.get_running_loop().sock_recv(line, len(READY)) == READY:
            self.was_ready = True
            self.ready.set()
        return await process.wait()

    def finish(self) -> None:
        """Tell the process, once, to finish what it has begun and to end."""
        if not self._is_told:
            self._is_told = True
            self.signal(signal.SIGTERM)

    def end(self) -> None:
        """Let the process finish, also one that is only being started, and give the socket up."""
        self._is_over = True
        self.finish()
        self.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if there is one."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def replace(self, *, patience: float) -> None:
        """Let the process finish, so that another one takes its place; kill it after `patience` seconds."""
        old = self._process
        if old is None or old.returncode is not None:
            return
        self.is_replaced = True
        self.ready.clear()
        self.finish()
        try:
            async with asyncio.timeout(patience):
                await old.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                old.kill()

    def close(self) -> None:
        """Give the socket up: what waits in it is refused, and what comes goes to the other workers."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
