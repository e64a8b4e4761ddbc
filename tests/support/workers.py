"""`vanthu serve --workers N` as an operator runs it: one command, whose output is read and whose children can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from gateway.client import Client

SECONDS = 120
_ROOT = Path(__file__).parents[2]


class Workers:
    """A parent that runs, and what it and its workers have written so far."""

    def __init__(self, process: subprocess.Popen[str], data: Path) -> None:
        self.process = process
        self.data = data
        self.lines: list[dict[str, Any]] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """Return where they listen."""
        [ready] = self.events("workers_ready")
        return f"http://127.0.0.1:{ready['port']}"

    def admin(self) -> Client:
        """Return a client with the first administrator's token."""
        return Client(self.url, token=(self.data / "admin.token").read_text().strip())

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines about one event."""
        return [line for line in list(self.lines) if line["event"] == name]

    def wait_for(self, name: str, count: int = 1) -> None:
        """Wait until so many lines about an event are there."""
        until = time.monotonic() + SECONDS
        while len(self.events(name)) < count:
            assert time.monotonic() < until, f"no {name!r}: {self.lines[-20:]}"
            assert self.process.poll() is None or self._reader.is_alive(), f"it ended: {self.lines[-20:]}"
            time.sleep(0.05)

    def pids(self) -> dict[int, int]:
        """Return the processes of the workers that run, by the number of the worker."""
        found = {}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in map(int, children.split()):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"--worker" in words:
                found[int(words[words.index(b"--worker") + 1].split(b":")[0])] = pid
        return found

    def stop(self) -> int:
        """Stop gracefully, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end, and return the exit code."""
        code = self.process.wait(timeout=SECONDS)
        self._reader.join(SECONDS)
        return code

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(json.loads(line) if line.startswith("{") else {"event": line})


@contextmanager
def workers(count: int, data: Path, **settings: str) -> Iterator[Workers]:
    """Run a gateway of several processes on a free port; kill the parent at the end if it is still there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VANTHU_")}
    process = subprocess.Popen(
        (sys.executable, "-m", "gateway", "serve", "--workers", str(count)),
        cwd=_ROOT,
        env={**kept, "VANTHU_DATA": str(data), "VANTHU_PORT": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        started = Workers(process, data)
        try:
            started.wait_for("workers_ready")
            yield started
        finally:
            if process.poll() is None:
                process.kill()
            started.ended()
