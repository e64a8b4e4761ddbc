"""The parent of several workers: processes of one gateway on one port, started, watched and stopped together (docs/adr/0027).

It takes no requests and opens no database. Each worker has a listening socket of its own (`SO_REUSEPORT`), which the parent made
and keeps: what a worker that died had not taken yet waits there for the next one. Invariants: the data folder is locked until the
last worker is gone, because they hold the parent's lock with it; a worker that loses its parent stops; the first worker is ready
before there is a second, so that what is made once (keys, schema, first token) is made by one.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import structlog

import gateway
from gateway.folders import prepare, take
from gateway.settings import PREFIX, Settings
from gateway.slots import Slot, free_port
from gateway.telemetry import SHARED

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 30.0
STEADY: Final = 60.0
"""A worker that lived for so many seconds did not die of its start: the next one is started without a long pause."""

PATIENT: Final = 2.0
"""Seconds for which connections may wait for the next worker; before a longer pause the socket is closed and others get them."""

READY_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
"""Seconds for all of a graceful stop; workers that are not gone by then are killed, which loses nothing either."""

KILLED: Final = 1
"""Exit code if a worker had to be killed at the end, or ended otherwise than well."""

_WELL: Final = frozenset({0, -signal.SIGTERM})
"""How a worker that was told to stop may end: one that was told before it could listen to signals did nothing yet."""

_COMMAND: Final = (sys.executable, "-P", "-m", "gateway", "serve")
_log = structlog.get_logger()


def environment_of(settings: Settings, base: Mapping[str, str], *, config_free: bool) -> dict[str, str]:
    """Return the environment in which a worker comes to the same settings; its metrics lie where all workers' do."""
    kept = {name: text for name, text in base.items() if not (config_free and name.startswith(PREFIX))}
    root = str(Path(gateway.__file__).parents[1])
    return {
        **kept,
        "VANTHU_HOST": settings.host,
        "VANTHU_PORT": str(settings.port),
        "VANTHU_DATA": str(settings.data),
        "PYTHONPATH": ":".join(filter(None, (root, base.get("PYTHONPATH")))),
        SHARED: str(settings.data / "metrics"),
    }


class Supervisor:
    """Keeps `workers` processes running until it is told to stop."""

    def __init__(
        self, settings: Settings, *, workers: int, base: Mapping[str, str], config_free: bool = False
    ) -> None:
        self._settings = settings
        self._base = base
        self._config_free = config_free
        self._stop = asyncio.Event()
        self._slots = [Slot(number=number) for number in range(1, workers + 1)]
        self._keeping: list[asyncio.Task[None]] = []
        self._rolling: asyncio.Task[None] | None = None
        self._has_begun = False
        self._exit = 0

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT, and return the exit code: that of the first worker if it never got ready.

        Raises:
            OSError: the port is taken, or a folder cannot be used.
            DataInUseError: another process has the data folder.

        """
        with take(self._settings.data) as lock:
            prepare(self._settings)
            metrics = self._settings.data / "metrics"
            shutil.rmtree(metrics, ignore_errors=True)
            metrics.mkdir(mode=0o700)
            port = free_port(self._settings.host, self._settings.port)
            self._listen_to_signals()
            try:
                await self._work(port, lock)
            finally:
                await self._end()
        return self._exit

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._told_to_replace)

    async def _work(self, port: int, lock: IO[bytes]) -> None:
        first, *others = self._slots
        self._keeping.append(asyncio.create_task(self._keep(first, port, lock)))
        await self._until(first.ready)
        self._has_begun = True
        self._keeping += [asyncio.create_task(self._keep(slot, port, lock)) for slot in others]
        for slot in others:
            await self._until(slot.ready)
        if not self._stop.is_set():
            _log.info("workers_ready", workers=len(self._slots), host=self._settings.host, port=port)
        await self._stop.wait()

    async def _until(self, event: asyncio.Event, seconds: float | None = None) -> None:
        """Wait for an event, or for the order to stop."""
        waits = [asyncio.create_task(each.wait()) for each in (event, self._stop)]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    async def _keep(self, slot: Slot, port: int, lock: IO[bytes]) -> None:
        """Start a worker, and another when it is gone."""
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        while not self._stop.is_set():
            settings = self._settings
            environment = environment_of(settings, self._base, config_free=self._config_free)
            begun = loop.time()
            try:
                code = await slot.run(_COMMAND, environment, address=(settings.host, port), lock=lock)
            except OSError as error:
                _log.error("worker_not_started", worker=slot.number, error=repr(error))
                code = KILLED
            if self._stop.is_set():
                self._exit = self._exit or (0 if code in _WELL else KILLED)
            elif not self._has_begun and not slot.was_ready:
                self._exit = code if code > 0 else KILLED
                self._stop.set()
            elif slot.is_replaced:
                slot.is_replaced = False
            else:
                pause = FIRST_PAUSE if loop.time() - begun > STEADY else pause
                _log.error("worker_died", worker=slot.number, code=code, pause_seconds=pause)
                if pause > PATIENT:
                    slot.close()
                await self._until(asyncio.Event(), pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _told_to_stop(self) -> None:
        """Begin to stop; told again, tell the workers again, which then stop at once."""
        if self._stop.is_set():
            self._tell(signal.SIGTERM)
        self._stop.set()

    def _told_to_replace(self) -> None:
        if self._has_begun and (self._rolling is None or self._rolling.done()):
            self._rolling = asyncio.create_task(self._replace_all())

    async def _replace_all(self) -> None:
        """Replace one worker after the other; stop doing so if a new one does not get ready."""
        for slot in self._slots:
            if self._stop.is_set():
                return
            await slot.replace(patience=STOP_SECONDS)
            await self._until(slot.ready, READY_SECONDS)
            if not slot.ready.is_set():
                _log.error("workers_not_replaced", worker=slot.number)
                return
        _log.info("workers_replaced", workers=len(self._slots))

    def _tell(self, number: signal.Signals) -> None:
        for slot in self._slots:
            slot.signal(number)

    async def _end(self) -> None:
        """Let all workers finish, and close what they listened on."""
        self._stop.set()
        for slot in self._slots:
            slot.end()
        if self._rolling is not None:
            await asyncio.wait({self._rolling})
        if self._keeping:
            _, late = await asyncio.wait(self._keeping, timeout=STOP_SECONDS)
            if late:
                _log.error("workers_killed", workers=[slot.number for slot in self._slots if slot.is_running])
                self._tell(signal.SIGKILL)
            await asyncio.gather(*self._keeping)


def supervise(settings: Settings, *, workers: int, base: Mapping[str, str], config_free: bool) -> int:
    """Run several workers until told to stop, and return the exit code.

    Raises:
        OSError: the port is taken, or a folder cannot be used.
        DataInUseError: another process has the data folder.

    """

    async def work() -> int:
        return await Supervisor(settings, workers=workers, base=base, config_free=config_free).run()

    return asyncio.run(work())


def obstacles(settings: Settings) -> Sequence[tuple[str, str]]:
    """Return, in both languages, why these settings do not let several processes share what they must share."""
    found = []
    if settings.is_alone:
        vi = "SQLite chỉ phục vụ một tiến trình; nhiều tiến trình cần PostgreSQL (VANTHU_DATABASE)"
        found.append((vi, "SQLite serves one process; several need PostgreSQL (VANTHU_DATABASE)"))
    if not settings.axis:
        vi = "liên kết nhúng chỉ phục vụ một tiến trình; nhiều tiến trình cần RabbitMQ (VANTHU_AXIS)"
        found.append((vi, "the embedded link serves one process; several need RabbitMQ (VANTHU_AXIS)"))
    return found
