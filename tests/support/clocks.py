"""The injected clock: another time in the database and in every process, which may be set forward while they run.

PostgreSQL is asked for `now()`; a function of that name in a schema that comes before `pg_catalog` answers in its place. So the
product runs unchanged. Processes read the same shift from a file and add an error of their own.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.support.postgres import Cluster

_LOOK_AGAIN: Final = 0.05
_SCHEMA: Final = (
    "CREATE SCHEMA injected",
    "CREATE TABLE injected.clock (shift interval NOT NULL)",
    "INSERT INTO injected.clock VALUES ('0 s')",
    """CREATE FUNCTION injected.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT pg_catalog.transaction_timestamp() + shift FROM injected.clock'""",
)


class InjectedClock:
    """The clock of a whole trial, as whoever directs it sees it."""

    def __init__(self, cluster: Cluster, database: str, file: Path) -> None:
        self._cluster, self._database, self._file = cluster, database, file
        self._shift = timedelta()
        for statement in _SCHEMA:
            cluster.execute(statement, database=database)
        # Named expressly, pg_catalog no longer comes first.
        cluster.execute(f'ALTER DATABASE "{database}" SET search_path = public, injected, pg_catalog')
        self._show()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self._shift

    def set(self, moment: datetime) -> None:
        """Let it be this moment now, everywhere."""
        self._shift = moment - datetime.now(UTC)
        self._show()

    def _show(self) -> None:
        seconds = self._shift.total_seconds()
        self._cluster.execute(
            f"UPDATE injected.clock SET shift = make_interval(secs => {seconds})",  # noqa: S608 - a number
            database=self._database,
        )
        written = self._file.with_suffix(".new")
        written.write_text(str(seconds))
        written.rename(self._file)


class ProcessClock:
    """The clock of one process: the injected time and an error."""

    def __init__(self, file: Path, *, error: timedelta) -> None:
        self._file, self._error = file, error
        self._shift, self._read_at = timedelta(), -_LOOK_AGAIN

    def __call__(self) -> datetime:
        """Return the time that this process believes in."""
        elapsed = time.monotonic()
        if elapsed - self._read_at >= _LOOK_AGAIN:
            self._shift, self._read_at = timedelta(seconds=float(self._file.read_text())), elapsed
        return datetime.now(UTC) + self._shift + self._error
