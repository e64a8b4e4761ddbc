"""Asks the process that reads PDF files, and outlives it.

The process is started when it is first needed and answers for several files in sequence. If it ends, does not answer in time or
answers too much, it is killed, the file in question was not decided, and the next one is given to a new process. Invariants:
`read` always returns, and never raises for what a file holds; nothing of this process reaches the other but the name of a file.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

import gateway
from certs.pdf_facts import PdfFacts
from certs.pdf_rules import Obstacle
from gateway.pdf_worker.question import Question

STARTING: Final = 20.0
"""Seconds for the process to get ready; it takes half of one on an idle machine."""

READING: Final = 6.0
"""Seconds for one file; its limit on processor time is reached sooner, unless the machine is busy."""

MAX_ANSWER: Final = 4 * 2**20
_CHUNK: Final = 1 << 16
_ROOT: Final = Path(gateway.__file__).parents[1]
_COMMAND: Final = (sys.executable, "-P", "-m", "gateway.pdf_worker.child")
"""-P: a module that lies about in the current folder is not imported."""


class _NoAnswerError(Exception):
    """The process gave no answer that can be used."""

    def __init__(self, obstacle: Obstacle) -> None:
        self.obstacle = obstacle
        super().__init__(obstacle.value)


class PdfWorker:
    """One process that reads PDF files; several threads may share it, and wait for each other.

    `in_all` is the processor time, in seconds, that this process and that one may have taken since they started when the answer
    about a file of up to a mebibyte is there; whoever lives longer than for one file does not say.
    """

    def __init__(
        self, *, starting: float = STARTING, reading: float = READING, in_all: float | None = None
    ) -> None:
        self._starting = starting
        self._reading = reading
        self._in_all = in_all
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def __enter__(self) -> Self:
        """Return this worker."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the process."""
        self.close()

    def start(self) -> None:
        """Start the process without waiting for it, so that it is ready when the first file comes."""
        with self._lock:
            self._ensure_started()

    def read(self, path: Path) -> PdfFacts:
        """Return what the file at `path` holds, or that it could not be examined."""
        with self._lock:
            try:
                return self._ask(path)
            except _NoAnswerError as failure:
                self._end()
                return PdfFacts.undecided(failure.obstacle)

    def close(self) -> None:
        """End the process; another is started if it is needed again."""
        with self._lock:
            self._end()

    def _ensure_started(self) -> subprocess.Popen[bytes] | None:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, nothing of it from outside
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                # Nothing of our environment: there are passwords in it.
                env={"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
        except OSError:
            return None
        return self._process

    def _ask(self, path: Path) -> PdfFacts:
        process = self._ensure_started()
        if process is None or process.stdin is None:
            raise _NoAnswerError(Obstacle.ABSENT)
        if not self._is_ready:
            self._line(process, self._starting, late=Obstacle.ABSENT)
            self._is_ready = True
        try:
            process.stdin.write(msgspec.json.encode(self._question(path)) + b"\n")
            process.stdin.flush()
        except OSError:
            raise _NoAnswerError(Obstacle.CRASH) from None
        answer = self._line(process, self._reading, late=Obstacle.TIME)
        try:
            return msgspec.json.decode(answer, type=PdfFacts)
        except msgspec.DecodeError:
            raise _NoAnswerError(Obstacle.CRASH) from None

    def _question(self, path: Path) -> Question:
        left = self._in_all - time.process_time() if self._in_all is not None else None
        return Question(path=os.fsencode(path.absolute()), seconds=left)

    def _line(self, process: subprocess.Popen[bytes], seconds: float, *, late: Obstacle) -> bytes:
        """Return the next line, read no further than that and not for longer."""
        if process.stdout is None:
            raise _NoAnswerError(Obstacle.ABSENT)
        deadline = time.monotonic() + seconds
        received = bytearray()
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not _has_come(process.stdout.fileno(), left):
                raise _NoAnswerError(late)
            chunk = os.read(process.stdout.fileno(), _CHUNK)
            if not chunk:
                raise _NoAnswerError(_ending(process))
            received += chunk
            if len(received) > MAX_ANSWER:
                raise _NoAnswerError(Obstacle.SIZE)
        return bytes(received)

    def _end(self) -> None:
        process, self._process, self._is_ready = self._process, None, False
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # What could not be written any more is lost with the process.
                try:
                    pipe.close()
                except OSError:
                    continue
        process.wait()


def _has_come(descriptor: int, seconds: float) -> bool:
    """Wait for something to read; not with select(2), which knows descriptors below 1,024 only."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _ending(process: subprocess.Popen[bytes]) -> Obstacle:
    """Say why a process that closed its output ended: by its limits on processor time, or otherwise."""
    try:
        return Obstacle.TIME if -process.wait(1) in {signal.SIGPROF, signal.SIGXCPU} else Obstacle.CRASH
    except subprocess.TimeoutExpired:
        return Obstacle.CRASH
