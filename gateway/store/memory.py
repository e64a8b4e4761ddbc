"""The registry in this process's memory: the version in force, the announced one, and a few older ones.

Invariants: what is remembered under a version and a hash is the content of that version; a version that was announced
counts only when it has come into force.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from gateway.store.reading import Head, read_changes, read_directory
from gateway.store.tables import registry_preparation, registry_version
from routing.agencies import Directory
from routing.errors import RegistryInconsistent
from routing.registry_hash import registry_sha256

_OLDER: Final = 4
"""How many older versions are remembered."""


class Memory:
    """What this process knows of the registry; every thread may ask."""

    def __init__(self) -> None:
        self.directory: Directory | None = None
        """The newest version that this process has seen in force."""
        self._next: Directory | None = None
        self._older: OrderedDict[int, Directory] = OrderedDict()

    def keep(self, made: Directory) -> Directory:
        """Remember a version in force, unless a newer one is remembered."""
        if self.directory is None or self.directory.version < made.version:
            self.directory = made
            self._next = None
        return made

    def at(self, connection: Connection, head: Head) -> Directory:
        """Return the version in force, of which only what is not remembered is read."""
        for known in (self.directory, self._next):
            if known is not None and (known.version, known.sha256) == head:
                return known
        return self._read(connection, head)

    def prepare(self, connection: Connection, announced: Head, token: str) -> None:
        """Read a version before it comes into force."""
        made = self._read(connection, announced)
        # Rows are taken back only after they have lost their token: what was read under it was whole.
        query = select(registry_preparation.c.token)
        if connection.execute(query).scalar_one_or_none() == token:
            self._next = made

    def older(self, connection: Connection, asked: int | datetime) -> Directory:
        """Return the version of this number, or the one that was in force at a recorded moment.

        Raises:
            KeyError: there is no such version.

        """
        wanted = _recorded(connection, asked)
        found = self._older.get(wanted.version)
        if found is None:
            current = self.directory
            known = current is not None and (current.version, current.sha256) == wanted
            found = current if current is not None and known else read_directory(connection, wanted)
        self._older[wanted.version] = found
        self._older.move_to_end(wanted.version)
        while len(self._older) > _OLDER:
            self._older.popitem(last=False)
        return found

    def _read(self, connection: Connection, head: Head) -> Directory:
        known = self.directory
        if known is None or not 0 < known.version < head.version:
            return read_directory(connection, head)
        try:
            return read_changes(connection, known, head)
        except RegistryInconsistent:
            # Then one of the two is not what it was, and decisions follow what is written.
            return read_directory(connection, head)


def _recorded(connection: Connection, asked: int | datetime) -> Head:
    columns = select(registry_version.c.version, registry_version.c.sha256)
    if isinstance(asked, datetime):
        columns = columns.where(registry_version.c.activated_at <= asked)
    else:
        columns = columns.where(registry_version.c.version == asked)
    row = connection.execute(columns.order_by(registry_version.c.version.desc()).limit(1)).one_or_none()
    if row is not None:
        return Head(*row)
    if isinstance(asked, datetime) or asked == 0:
        return Head(0, registry_sha256((), ()))
    raise KeyError(asked)
