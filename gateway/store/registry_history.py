"""Every version of the registry that there ever was: which was in force when, who made it, and of what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.change_sets import RegistryVersion
from gateway.store.tables import registry_version


def page(connection: Connection, *, before: int | None, limit: int) -> tuple[RegistryVersion, ...]:
    """Return versions, the newest first, from before one of them."""
    query = select(registry_version).order_by(registry_version.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(registry_version.c.version < before)
    return tuple(map(_record, connection.execute(query)))


def known_at(connection: Connection, *, moment: datetime) -> RegistryVersion | None:
    """Return the version that was the newest at a moment; None before the first."""
    query = (
        select(registry_version)
        .where(registry_version.c.activated_at <= moment)
        .order_by(registry_version.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row)


def _record(row: Row[Any]) -> RegistryVersion:
    return RegistryVersion(
        version=row.version,
        sha256=row.sha256,
        activated_at=row.activated_at,
        actor=row.actor,
        source=row.source,
    )
