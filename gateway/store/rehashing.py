"""Hashing every version of the registry again from the tables, for an audit.

Each version follows from the one before by the rows that came and went, so that hundreds of versions of a hundred thousand
rows take seconds. Invariant: what comes out is the hash of all rows in force in a version, by the recipe of that version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from gateway.store.reading import Head, read_changes, read_content, read_directory
from routing.agencies import Directory
from routing.errors import RegistryInconsistent
from routing.registry_hash import RECIPE, registry_sha256


def rehashed(connection: Connection, versions: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Yield the hash of each version, given by number and recipe, the oldest first."""
    known: Directory | None = None
    for version, recipe in versions:
        try:
            known = _read(connection, known, version)
        except RegistryInconsistent:
            # No gateway ever put that in force: rows were altered, and the hash will say so.
            known = None
            yield registry_sha256(*read_content(connection, version), recipe=recipe)
            continue
        if recipe == RECIPE:
            yield known.digests().sha256
        else:
            yield registry_sha256(known.agencies(), known.members, recipe=recipe)


def _read(connection: Connection, known: Directory | None, version: int) -> Directory:
    # Its hash is what is asked for, so none is given.
    at = Head(version, "")
    return read_directory(connection, at) if known is None else read_changes(connection, known, at)
