"""`ports.UpstreamRegistry` over a database: one row for each registry that was followed, moved with the local version it made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from gateway.ports import StaleRegistryError
from gateway.ports.upstream import Followed, Registered, UpstreamState
from gateway.records import Event
from gateway.store import content
from gateway.store.database import Database
from gateway.store.planning import source_of_change
from gateway.store.reading import Head
from gateway.store.registered import certificates, registration_rows
from gateway.store.registrations import undone_if_refused
from gateway.store.registry import SqlRegistry
from gateway.store.staging import Staging
from gateway.store.tables import certificate, upstream_registry
from gateway.store.writer import Writer
from routing.agencies import Directory
from routing.log import Kind
from routing.registrations import Registration


class _TakeOver(NamedTuple):
    """A statement, and the registrations of those entities for which it has others than the version of `base`."""

    state: UpstreamState
    base: Head
    changed: Mapping[str, tuple[Registered, ...]]


class SqlUpstreamRegistry:
    """What is known of upstream registries."""

    def __init__(self, database: Database, writer: Writer, staging: Staging, registry: SqlRegistry) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._registry = registry

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
        known = await self._registry.directory()
        changed = await asyncio.to_thread(_changed, known.registered, followed.registrations)
        item = _TakeOver(followed.state, Head(known.version, known.sha256), changed)
        return (await self._registry.write(self._follow, item)).version

    def _extend(self, connection: Connection, _now: datetime, items: Sequence[UpstreamState]) -> list[None]:
        for state in items:
            _note(connection, state)
        return [None] * len(items)

    def _follow(
        self, connection: Connection, now: datetime, items: Sequence[_TakeOver]
    ) -> list[Directory | Exception]:
        return [undone_if_refused(connection, self._take_over, now, each) for each in items]

    def _take_over(self, connection: Connection, now: datetime, item: _TakeOver) -> Directory:
        before = content.head_to_change(connection)
        known = _state(connection, item.state.registry)
        _note(connection, item.state)
        directory = self._registry.known(connection, before)
        if not item.changed or (known is not None and known.version >= item.state.version):
            return directory
        if before != item.base:
            raise StaleRegistryError
        version = before.version + 1
        registrations = {
            entity: tuple(each.registration for each in wanted) for entity, wanted in item.changed.items()
        }
        made = directory.moved(version=version, certificates=registrations)
        count = _write(connection, version, item.changed)
        statement = f"{item.state.registry} {item.state.version}"
        source = source_of_change(statement)
        content.activate(connection, now, made, actor=item.state.registry, source=source)
        fields = {
            "change": statement,
            "registry_version": made.version,
            "registry_sha256": made.sha256,
            "previous_sha256": before.sha256,
            "source_sha256": item.state.sha256,
            "actor": item.state.registry,
            "registrations": count,
        }
        self._staging.stage(connection, now, [Event(kind=Kind.REGISTRY_ACTIVATED, fields=fields)])
        return made


def _changed(
    held: Mapping[str, tuple[Registration, ...]], wanted: Iterable[Registered]
) -> dict[str, tuple[Registered, ...]]:
    """Return the registrations of each entity that shall have others: those that stay as they stand, then the new ones."""
    by_entity: dict[str, dict[Registration, Registered]] = {entity: {} for entity in held}
    for each in sorted(wanted, key=lambda each: (each.entity_id, each.registration.id)):
        by_entity.setdefault(each.entity_id, {})[each.registration] = each
    changed = {}
    for entity, registrations in by_entity.items():
        before = held.get(entity, ())
        if registrations.keys() != set(before):
            staying = [registrations[each] for each in before if each in registrations]
            changed[entity] = (
                *staying,
                *(each for key, each in registrations.items() if key not in before),
            )
    return changed


def _write(connection: Connection, version: int, changed: Mapping[str, tuple[Registered, ...]]) -> int:
    """Close and add rows, and return how many."""
    held = registration_rows(connection, version - 1, changed)
    wanted = {(entity, each.registration): each for entity, some in changed.items() for each in some}
    gone = [row_id for key, row_id in held.items() if key not in wanted]
    content.close(connection, certificate, gone, version)
    come = [each for key, each in wanted.items() if key not in held]
    for each in come:
        content.add_registration(
            connection,
            version,
            entity_id=each.entity_id,
            registration=each.registration,
            pem=each.pem.encode(),
        )
    return len(gone) + len(come)


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
