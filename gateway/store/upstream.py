"""`ports.UpstreamRegistry` over a database: one row for each registry that was followed, moved with the local version it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from gateway.ports import StaleRegistryError
from gateway.ports.upstream import Followed, Registered, UpstreamState
from gateway.records import Event
from gateway.store import content
from gateway.store.database import Database
from gateway.store.registered import all_registrations, certificates
from gateway.store.staging import Staging
from gateway.store.tables import certificate, upstream_registry
from gateway.store.writer import Writer
from routing.agencies import Directory
from routing.errors import RoutingError
from routing.log import Kind


class _Counts(NamedTuple):
    """How many rows a version of the upstream added and closed here."""

    added: int
    closed: int
    registrations: int


class SqlUpstreamRegistry:
    """What is known of upstream registries."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging

    async def state(self, registry: str) -> UpstreamState | None:
        """See `ports.UpstreamRegistry`."""
        return await self._database.read(lambda connection: _state(connection, registry))

    async def certificates(self, version: int) -> Mapping[str, str]:
        """See `ports.UpstreamRegistry`."""
        return await self._database.read(lambda connection: certificates(connection, version))

    async def extend(self, state: UpstreamState) -> None:
        """See `ports.UpstreamRegistry`."""
        await self._writer.write(self._extend, state)

    async def follow(self, followed: Followed) -> int:
        """See `ports.UpstreamRegistry`."""
        return await self._writer.write(self._follow, followed)

    def _extend(
        self,
        connection: Connection,
        _now: datetime,
        items: Sequence[UpstreamState],
    ) -> list[None]:
        for state in items:
            _note(connection, state)
        return [None] * len(items)

    def _follow(
        self, connection: Connection, now: datetime, items: Sequence[Followed]
    ) -> list[int | Exception]:
        return [self._undone_if_refused(connection, now, each) for each in items]

    def _undone_if_refused(
        self, connection: Connection, now: datetime, followed: Followed
    ) -> int | Exception:
        point = connection.begin_nested()
        try:
            version = self._take_over(connection, now, followed)
        except (RoutingError, StaleRegistryError) as error:
            point.rollback()
            return error
        point.commit()
        return version

    def _take_over(self, connection: Connection, now: datetime, followed: Followed) -> int:
        before = content.head_to_change(connection)
        known = _state(connection, followed.state.registry)
        if known is not None and known.version >= followed.state.version:
            _note(connection, followed.state)
            return before.version
        if before.version != followed.change.base_version:
            raise StaleRegistryError
        counts = _apply(connection, before.version + 1, followed)
        _note(connection, followed.state)
        if not any(counts):
            return before.version
        state = followed.state
        made = content.activate(
            connection, now, before.version + 1, actor=state.registry, source=state.sha256
        )
        self._log(connection, now, made, before, state, counts)
        return made.version

    def _log(
        self,
        connection: Connection,
        now: datetime,
        made: Directory,
        before: content.Head,
        state: UpstreamState,
        counts: _Counts,
    ) -> None:
        fields = {
            "registry_version": made.version,
            "registry_sha256": made.sha256,
            "actor": state.registry,
            "source_sha256": state.sha256,
            "previous_sha256": before.sha256,
            "upstream": state.registry,
            "upstream_version": state.version,
            "upstream_sha256": state.sha256,
            **counts._asdict(),
        }
        self._staging.stage(connection, now, [Event(kind=Kind.REGISTRY_ACTIVATED, fields=fields)])


def _apply(connection: Connection, version: int, followed: Followed) -> _Counts:
    change = content.Change(added=0, closed=0)
    if followed.change.added or followed.change.closed:
        change = content.change_agencies(connection, version, followed.change)
    wanted = {(each.entity_id, each.registration): each for each in followed.registrations}
    held = all_registrations(connection, version)
    gone = [row_id for key, row_id in held.items() if key not in wanted]
    content.close(connection, certificate, gone, version)
    come = [each for key, each in wanted.items() if key not in held]
    for each in sorted(come, key=_order):
        content.add_registration(
            connection,
            version,
            entity_id=each.entity_id,
            registration=each.registration,
            pem=each.pem.encode(),
        )
    return _Counts(added=change.added, closed=change.closed, registrations=len(gone) + len(come))


def _order(each: Registered) -> tuple[str, str]:
    return each.entity_id, each.registration.id


def _state(connection: Connection, registry: str) -> UpstreamState | None:
    row: Any = connection.execute(
        select(upstream_registry).where(upstream_registry.c.registry == registry)
    ).one_or_none()
    return None if row is None else UpstreamState(**row._asdict())


def _note(connection: Connection, state: UpstreamState) -> None:
    """Move the row on: to a newer version, or to a later statement of the same one."""
    known = _state(connection, state.registry)
    facts = {
        "version": state.version,
        "sha256": state.sha256,
        "issued": state.issued,
        "expires": state.expires,
    }
    if known is None:
        connection.execute(insert(upstream_registry), {"registry": state.registry, **facts})
        return
    is_later = (
        state.version == known.version and state.sha256 == known.sha256 and state.expires > known.expires
    )
    if state.version > known.version or is_later:
        row = upstream_registry.c.registry == state.registry
        connection.execute(update(upstream_registry).where(row).values(**facts))
