"""A real PostgreSQL for tests: one cluster of its own in a temporary folder, reached through a Unix socket, with fsync on.

It uses the binaries that Debian's package `postgresql` installs, needs no configured server and leaves nothing behind.
The folder is in memory where there is room, because a fresh database for each test is mostly fsync. PostgreSQL refuses
to run as root, so then it runs as the package's user `postgres`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    """A running cluster; `create` makes databases in it, `drop` removes them."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
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

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._socket), user=_SUPERUSER, dbname=database, autocommit=True)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a cluster and stop it at the end.

    Raises:
        RuntimeError: PostgreSQL is not installed, or does not start.

    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="vanthu-pg-", dir=_roomy_memory()))
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
        run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(log), "-o", settings)
        try:
            yield Cluster(folder)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(data))
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
