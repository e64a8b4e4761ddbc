"""Errors and deaths at exactly one system call of one thread, by `strace --inject` on a process that runs.

A thread's calls are counted from the moment of attaching, so that start-up does not count. strace counts for each thread and each
kind of call alone; that is why one thread and one call are named, and not a process: which thread came first would be chance.

Invariant: the process is let go when the block ends, unless the injection killed it.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WRITES: Final = ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate")
SYNCS: Final = ("fsync", "fdatasync", "sync_file_range")
NAMES: Final = ("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir")
DURABLE: Final = (*WRITES, *SYNCS, *NAMES)
"""Every call by which something becomes, or ceases to be, durable."""

START_SECONDS: Final = 30.0


class StraceError(Exception):
    """It is not installed, or may not attach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """What happens to the `when`-th call of this kind: an error (`EIO`, `ENOSPC`), or with none the death of the process."""

    call: str
    when: int
    error: str | None = None
    times: int = 1
    """How many calls on end are failed."""

    @property
    def expression(self) -> str:
        """What strace is told."""
        action = f"error={self.error}" if self.error else "signal=KILL"
        last = self.when + self.times - 1
        when = f"{self.when}..{last}" if self.times > 1 else f"{self.when}"
        return f"inject={self.call}:{action}:when={when}"


class Attached:
    """An injection that waits for its call."""

    def __init__(self, output: Path, injection: Injection | None) -> None:
        self._output = output
        self._injection = injection

    @property
    def calls(self) -> Counter[str]:
        """How many calls of each kind have been made so far."""
        return Counter(
            line.partition(b"(")[0].decode()
            for line in self._lines()
            if not line.startswith((b"+++", b"---", b"<..."))
        )

    @property
    def has_happened(self) -> bool:
        """Whether the call came."""
        if self._injection is None or self._injection.error is None:
            return any(line.startswith(b"+++ killed by SIGKILL") for line in self._lines())
        return any(line.endswith(b"(INJECTED)") for line in self._lines())

    def _lines(self) -> list[bytes]:
        return self._output.read_bytes().splitlines() if self._output.exists() else []


@asynccontextmanager
async def injecting(thread: int, injection: Injection | None, *, output: Path) -> AsyncIterator[Attached]:
    """Inject into a thread, named by its number in the kernel, until the block ends; `output` gets what it did.

    Without an injection its calls are only counted.

    Raises:
        StraceError: it is not installed, or may not attach.

    """
    program = shutil.which("strace")
    if program is None:
        raise StraceError("strace is missing; run: apt-get install --no-install-recommends strace")
    output.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(program, "-p", str(thread), "-o", str(output)),
        *("-e", f"trace={','.join(DURABLE)}", *(("-e", injection.expression) if injection else ())),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await _until_attached(process)
        yield Attached(output, injection)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_SECONDS):
            await process.communicate()


async def _until_attached(process: asyncio.subprocess.Process) -> None:
    if process.stderr is None:
        raise AssertionError("it was started with a pipe")
    async with asyncio.timeout(START_SECONDS):
        said = await process.stderr.readline()
    if not said.rstrip().endswith(b"attached"):
        raise StraceError(f"strace does not attach: {said.decode(errors='replace')}")
