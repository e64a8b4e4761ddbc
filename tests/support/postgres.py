"""A real PostgreSQL for tests: one cluster of its own in a temporary folder, reached through a Unix socket, with fsync on.

It uses the binaries that Debian's package `postgresql` installs, needs no configured server and leaves nothing behind.
The folder is in memory where there is room, because a fresh database for each test is mostly fsync. PostgreSQL refuses
to run as root, so then it runs as the package's user `postgres`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_SUPERUSER = "vanthu"
_HAS_STRATEGIES = 150_000
_ROOM = 2 * 2**30
_MISSING = (
    "these tests need PostgreSQL, and its program initdb was not found: "
    "install it (Debian: apt-get install postgresql), no server needs to be configured or running"
)


class Cluster:
    """A running cluster; `create` makes databases in it, `drop` removes them; `kill` and the like act on this one only."""

    def __init__(self, socket: Path, *, data: Path, control: Callable[..., None]) -> None:
        self._socket = socket
        self._data = data
        self._control = control
        self._numbers = count(1)
        with self._connect("postgres") as connection:
            # Copying files beats copying through the log where fsync is cheap; older servers do nothing else.
            newer = connection.info.server_version >= _HAS_STRATEGIES
        self._strategy = "STRATEGY file_copy" if newer else ""

    def create(self, *, template: str = "template1") -> str:
        """Create a database as a copy of `template` and return its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {self._strategy}')
        return name

    def drop(self, name: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{_SUPERUSER}@/{name}?host={self._socket}"

    def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        with self._connect(database) as connection:
            connection.execute(statement.encode())

    @property
    def socket(self) -> Path:
        """The socket at which the server listens."""
        return self._socket / ".s.PGSQL.5432"

    def kill(self) -> None:
        """End all processes of the server at once, so that none of them can save what others still had in memory."""
        processes = self._processes()
        self._signal(signal.SIGSTOP, processes)
        processes |= self._processes()
        self._signal(signal.SIGKILL, processes)
        while any(_is_alive(pid) for pid in processes):
            time.sleep(0.01)
        # Where nobody takes note of dead children, their numbers stay in use, and the next server would think that this one runs.
        for file in (self._data / "postmaster.pid", self.socket.with_name(f"{self.socket.name}.lock")):
            file.unlink(missing_ok=True)

    def stop_at_once(self) -> None:
        """Stop as `pg_ctl stop -m immediate` does: without a checkpoint."""
        self._control("stop", "-m", "immediate")

    def restart(self) -> None:
        """Start again after `kill` or `stop_at_once`, with the same data."""
        self._control("start")

    def freeze(self) -> None:
        """Stop all processes of the server without closing anything."""
        self._signal(signal.SIGSTOP, self._processes())

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT, self._processes())

    @property
    def is_running(self) -> bool:
        """Whether the server is there, frozen or not."""
        return bool(self._processes())

    def _processes(self) -> set[int]:
        """Return the server's first process and its children."""
        try:
            first = int((self._data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return set()
        if not _is_alive(first):
            return set()
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return {first, *(int(child) for child in children)}

    def _signal(self, what: signal.Signals, processes: set[int]) -> None:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._socket), user=_SUPERUSER, dbname=database, autocommit=True)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running_cluster(place: Path | None = None) -> Iterator[Cluster]:
    """Start a cluster and stop it at the end; its data is in a folder below `place`, by default in memory.

    Raises:
        RuntimeError: PostgreSQL is not installed, or does not start.

    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="vanthu-pg-", dir=place or _roomy_memory()))
    owner: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        owner = {"user": "postgres", "group": "postgres", "extra_groups": ()}
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            (binaries / program, *arguments),
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            **owner,
        )
        if done.returncode:
            server = log.read_text() if log.exists() else ""
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}{server}")

    try:
        run(
            "initdb",
            "-D",
            str(data),
            "-U",
            _SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=60 -c autovacuum=off"

        def control(what: str, *arguments: str) -> None:
            run("pg_ctl", what, "-w", "-D", str(data), "-l", str(log), "-o", settings, *arguments)

        control("start")
        cluster = Cluster(folder, data=data, control=control)
        try:
            yield cluster
        finally:
            cluster.thaw()
            if cluster.is_running:
                cluster.stop_at_once()
    finally:
        shutil.rmtree(folder)


def _roomy_memory() -> Path | None:
    """Return a folder in memory with room for a cluster, or None for the default place of temporary files."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM else None


def _binaries() -> Path:
    """Return the folder of the newest installed PostgreSQL."""
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(
            installed, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)]
        )
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError(_MISSING)
    return Path(found).parent
