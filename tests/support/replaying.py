"""Replaying decisions: every acceptance in a log, decided once more by the registry version that it names at its own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool

from gateway.store.reading import Head, read_directory
from gateway.store.tables import registry_version
from routing.agencies import Directory
from routing.errors import RoutingError
from routing.log import Kind, LogEntry
from routing.resolve import resolve

RETRYABLE = frozenset({Kind.UNDECIDED, Kind.ARRIVAL_UNDECIDED, Kind.PARKED})


@contextmanager
def directories(database: str) -> Iterator[Callable[[int], Directory]]:
    """Lend what gives the directory of a version, read from the tables and not from anybody's memory."""
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as connection:

        @cache
        def directory(version: int) -> Directory:
            named = registry_version.c.version == version
            sha256 = connection.execute(select(registry_version.c.sha256).where(named)).scalar_one()
            return read_directory(connection, Head(version, sha256))

        yield directory
    engine.dispose()


def replay(entry: LogEntry, of_version: Callable[[int], Directory]) -> Iterator[str]:
    """Decide once more what an acceptance decided; yield what does not come out as the entry says."""
    if entry.kind in RETRYABLE:
        yield f"{entry.document_id} was not decided ({entry.fields['reason']})"
    if entry.kind is Kind.ACCEPTED:
        fields: Mapping[str, Any] = entry.fields
        directory = of_version(fields["registry_version"])
        if directory.sha256 != fields["registry_sha256"]:
            yield f"{entry.document_id} names another content of version {directory.version}"
        for code in (fields["sender"], *fields["recipients"]):
            try:
                resolve(code, directory=directory, at=entry.t)
            except RoutingError as error:
                yield f"{entry.document_id} was accepted at {entry.t} though {error}"
