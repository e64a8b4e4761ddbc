"""Work on a hundred thousand objects in a thread that the event loop and the writer hardly notice.

Two things would make them wait: the garbage collector, which walks over everything each time that enough was made, and
the interpreter's lock, which a busy thread keeps for 5 ms whenever another one asks. Invariant: when nobody works quietly
any more, both are as they were.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SWITCH_SECONDS: Final = 0.0005
"""What a waiting thread waits at most: an acceptance asks for the lock a dozen times, and 5 ms each would be felt."""


class _Quiet:
    """How many work quietly now, and what to go back to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers = 0
        self._before = (True, 0.005)

    def begin(self) -> None:
        """Stop collecting, and let others take their turn sooner."""
        with self._lock:
            if not self._workers:
                self._before = (gc.isenabled(), sys.getswitchinterval())
                gc.disable()
                sys.setswitchinterval(_SWITCH_SECONDS)
            self._workers += 1

    def end(self) -> None:
        """Go back, and spare the collector what was made: it lives long and holds no cycles."""
        with self._lock:
            self._workers -= 1
            if not self._workers:
                was_enabled, interval = self._before
                gc.freeze()
                sys.setswitchinterval(interval)
                if was_enabled:
                    gc.enable()


_QUIET: Final = _Quiet()


@contextmanager
def quietly() -> Iterator[None]:
    """Work quietly for the length of a `with` block; for what makes a few large things that live long."""
    _QUIET.begin()
    try:
        yield
    finally:
        _QUIET.end()
