"""What the process that reads PDF files may not do: connect, write, start processes, grow, or go on for ever (setrlimit(2)).

Everything works without privileges. Where the system lets anybody have a network of their own, this process gets one with nothing
in it (unshare(2)); elsewhere it is enough that no descriptor can be opened while a file is being read, and a connection needs
one. Invariant: limits only get tighter, but for the number of descriptors, which is nought while a file is being read.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MEMORY: Final = 104 * 2**20
MOST_MEMORY: Final = 640 * 2**20
"""Octets of address space for one file beyond what the process had before: so many, and twice the size of the file. With what
the process and a command that asks it have to start with, that is less than 200 MB."""

SECONDS: Final = 1.0
SECONDS_PER_MEBIBYTE: Final = 2.0
MOST_SECONDS: Final = 8.0
"""Processor time for one file: so much, and more for a larger one; comparing revisions takes a millisecond a page."""

LEAST_SECONDS: Final = 0.3
"""Processor time for one file if there is less or nothing left of what a command may take for everything."""

_NEW_USER: Final = 0x10000000
_NEW_NETWORK: Final = 0x40000000
_DESCRIPTORS: Final = 16


def confine() -> None:
    """Give up what reading a PDF does not need, for good."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
    _limit(resource.RLIMIT_AS, _address_space() + MOST_MEMORY)


def seconds_for(size: int, left: float | None = None) -> float:
    """Return the processor time for a file of `size` octets; what is `left` is all there is, up to a mebibyte."""
    mebibytes = size / 2**20
    if left is None:
        return min(SECONDS + SECONDS_PER_MEBIBYTE * mebibytes, MOST_SECONDS)
    more = SECONDS_PER_MEBIBYTE * max(mebibytes - 1, 0)
    return min(max(left, LEAST_SECONDS) + more, MOST_SECONDS)


@contextlib.contextmanager
def one_file(size: int, seconds: float) -> Iterator[None]:
    """Limit time and memory, and let no descriptor be opened, while one file of `size` octets is being read.

    The timer ends the process to the point, by a signal that nobody catches; the limit, in whole seconds, is behind it.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    processor = _at_most(int(used.ru_utime + used.ru_stime + seconds) + 2, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (processor, hard))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (min(_address_space() + MEMORY + 2 * size, most), most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, _DESCRIPTORS))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    value = _at_most(most, hard)
    resource.setrlimit(what, (value, value))


def _at_most(value: int, hard: int) -> int:
    """Return a limit that a process may set, if whoever started it has set a lower one."""
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _address_space() -> int:
    """Return how much of it this process has by now (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
