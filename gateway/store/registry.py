"""`ports.Registry` over a database: each change is one new version, activated and logged in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from gateway.ports import StaleRegistryError
from gateway.records import Event, PeerGateway, Sighting
from gateway.store import content
from gateway.store.database import Database
from gateway.store.registrations import (
    ChangedRegistration,
    NewRegistration,
    Registrations,
    undone_if_refused,
)
from gateway.store.sightings import load_sightings
from gateway.store.staging import Staging
from gateway.store.tables import member, peer
from gateway.store.writer import Writer
from routing.agencies import Agency, Directory, Member
from routing.agency import AgencyContent, agency_content
from routing.agency_change import AgencyChange
from routing.log import Kind
from routing.registration_changes import StatusChange
from routing.registrations import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """A whole set of agencies."""

    agencies: frozenset[AgencyContent]
    actor: str
    source_sha256: str


class _Changed(NamedTuple):
    change: AgencyChange
    actor: str
    source: str
    change_id: str


class _Membership(NamedTuple):
    member: Member
    actor: str


class _Trust(NamedTuple):
    peer: PeerGateway
    actor: str


class SqlRegistry:
    """Agencies, members, certificates and peers."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._directory: Directory | None = None
        self._look: asyncio.Task[Directory] | None = None
        self._turn = asyncio.Lock()
        self._registrations = Registrations(staging, self._known)

    async def directory(self) -> Directory:
        """See `ports.Registry`. Callers share a look at the version, but only one that begins after they asked."""
        waiting = self._look
        if waiting is None:
            waiting = self._look = asyncio.create_task(self._look_again())
        return await asyncio.shield(waiting)

    async def _look_again(self) -> Directory:
        async with self._turn:
            # Whoever asks from here on may have heard of a change that this look will not see.
            self._look = None
            self._directory = await self._database.read(self._current)
            return self._directory

    def _current(self, connection: Connection) -> Directory:
        head = content.head(connection)
        known = self._directory
        if known is not None and (known.version, known.sha256) == head:
            return known
        return content.directory(connection, head)

    async def peers(self) -> tuple[PeerGateway, ...]:
        """See `ports.Registry`."""
        return await self._database.read(_peers)

    async def load_agencies(self, agencies: Sequence[Agency], *, actor: str, source_sha256: str) -> Directory:
        """See `ports.Registry`. Certificates in `agencies` are not looked at: they are registered one by one.

        Raises:
            RegistryInconsistent: the agencies and members together contradict themselves; nothing changes.

        """
        prepared = await asyncio.to_thread(lambda: frozenset(map(agency_content, agencies)))
        load = _Load(agencies=prepared, actor=actor, source_sha256=source_sha256)
        return self._keep(await self._writer.write(self._load_agencies, load))

    async def change_agencies(
        self, change: AgencyChange, *, actor: str, source: str, change_id: str
    ) -> Directory:
        """See `ports.Registry`.

        Raises:
            StaleRegistryError: the version that the change speaks of is not in force any more.
            RegistryInconsistent: it closes what is not there, or what comes out would contradict itself.

        """
        item = _Changed(change, actor, source, change_id)
        return self._keep(await self._writer.write(self._change_agencies, item))

    async def put_member(self, member: Member, *, actor: str) -> Directory:
        """See `ports.Registry`; logs `member_changed` for one that was there.

        Raises:
            RegistryInconsistent: a prefix is no code, or belongs to another member; nothing changes.

        """
        return self._keep(await self._writer.write(self._put_members, _Membership(member, actor)))

    async def register_certificate(
        self, code: str, registration: Registration, *, pem: bytes, actor: str
    ) -> Directory:
        """See `ports.Registry`; the same registration again makes no new version.

        Raises:
            RegistrationStateError: it is there, but suspended or revoked; nothing changes.

        """
        item = NewRegistration(code, registration, pem, actor)
        return self._keep(await self._writer.write(self._registrations.register, item))

    async def change_registration(
        self, code: str, reference: str, change: StatusChange, *, actor: str
    ) -> Directory:
        """See `ports.Registry`."""
        item = ChangedRegistration(code, reference, change, actor)
        return self._keep(await self._writer.write(self._registrations.change, item))

    async def sightings(self) -> tuple[Sighting, ...]:
        """See `ports.Registry`."""
        return await self._database.read(load_sightings)

    async def put_peer(self, peer: PeerGateway, *, actor: str) -> None:
        """See `ports.Registry`; a gateway that is believed already under this key stays as it is."""
        await self._writer.write(self._put_peers, _Trust(peer, actor))

    def _keep(self, made: Directory) -> Directory:
        """Remember what this process made, so that the next look need not read it."""
        if self._directory is None or self._directory.version < made.version:
            self._directory = made
        return made

    def _load_agencies(
        self, connection: Connection, now: datetime, items: Sequence[_Load]
    ) -> list[Directory | Exception]:
        return [undone_if_refused(connection, self._load, now, item) for item in items]

    def _load(self, connection: Connection, now: datetime, load: _Load) -> Directory:
        before = content.head_to_change(connection)
        version = before.version + 1
        change = content.replace_agencies(connection, version, set(load.agencies))
        if not any(change):
            return self._known(connection, before)
        made = content.activate(connection, now, version, actor=load.actor, source=load.source_sha256)
        fields = {
            **_registry(made),
            "actor": load.actor,
            "source_sha256": load.source_sha256,
            "previous_sha256": before.sha256,
            "added": change.added,
            "closed": change.closed,
            "agencies": len(load.agencies),
        }
        self._staging.stage(connection, now, [Event(kind=Kind.REGISTRY_ACTIVATED, fields=fields)])
        return made

    def _change_agencies(
        self, connection: Connection, now: datetime, items: Sequence[_Changed]
    ) -> list[Directory | Exception]:
        return [undone_if_refused(connection, self._change, now, item) for item in items]

    def _change(self, connection: Connection, now: datetime, item: _Changed) -> Directory:
        before = content.head_to_change(connection)
        if item.change.base_version != before.version:
            raise StaleRegistryError
        version = before.version + 1
        change = content.change_agencies(connection, version, item.change)
        if not any(change):
            return self._known(connection, before)
        made = content.activate(connection, now, version, actor=item.actor, source=f"change {item.change_id}")
        fields = {
            **_registry(made),
            "actor": item.actor,
            "source_sha256": item.source,
            "change": item.change_id,
            "previous_sha256": before.sha256,
            "added": change.added,
            "closed": change.closed,
            "agencies": sum(1 for _ in made.agencies()),
        }
        self._staging.stage(connection, now, [Event(kind=Kind.REGISTRY_ACTIVATED, fields=fields)])
        return made

    def _put_members(
        self, connection: Connection, now: datetime, items: Sequence[_Membership]
    ) -> list[Directory | Exception]:
        return [undone_if_refused(connection, self._put_member, now, item) for item in items]

    def _put_member(self, connection: Connection, now: datetime, item: _Membership) -> Directory:
        new, actor = item
        before = content.head_to_change(connection)
        row = connection.execute(
            select(member).where(member.c.member_id == new.id, member.c.until_version.is_(None))
        ).one_or_none()
        wanted = (new.name, list(new.prefixes), new.queue, new.gateway, list(new.entities))
        if row is not None and (row.name, row.prefixes, row.queue, row.gateway, row.entities) == wanted:
            return self._known(connection, before)
        version = before.version + 1
        content.close(connection, member, [] if row is None else [row.id], version)
        columns = zip(("name", "prefixes", "queue", "gateway", "entities"), wanted, strict=True)
        content.add(connection, member, [{"member_id": new.id, **dict(columns)}], version)
        made = content.activate(connection, now, version, actor=actor, source=f"member {new.id}")
        facts = {
            "queue": new.queue,
            "gateway": new.gateway,
            "prefixes": list(new.prefixes),
            "entities": list(new.entities),
        }
        kind = Kind.MEMBER_ADDED if row is None else Kind.MEMBER_CHANGED
        event = Event(kind=kind, fields={"member": new.id, "actor": actor, **facts, **_registry(made)})
        self._staging.stage(connection, now, [event])
        return made

    def _put_peers(self, connection: Connection, now: datetime, items: Sequence[_Trust]) -> list[None]:
        for trust in items:
            self._put_peer(connection, now, trust)
        return [None] * len(items)

    def _put_peer(self, connection: Connection, now: datetime, trust: _Trust) -> None:
        content.head_to_change(connection)
        current = (peer.c.name == trust.peer.name) & peer.c.until.is_(None)
        key = connection.execute(select(peer.c.verifier_key).where(current)).scalar_one_or_none()
        if key == trust.peer.verifier_key:
            return
        connection.execute(update(peer).where(current).values(until=now))
        row = {"name": trust.peer.name, "verifier_key": trust.peer.verifier_key, "since": now}
        connection.execute(insert(peer), row)
        fields = {
            "gateway": trust.peer.name,
            "verifier_key": trust.peer.verifier_key,
            "purpose": "peer",
            "actor": trust.actor,
        }
        self._staging.stage(connection, now, [Event(kind=Kind.KEY_ROTATED, fields=fields)])

    def _known(self, connection: Connection, head: content.Head) -> Directory:
        """Return the directory of this version, from memory if it is the one kept there."""
        known = self._directory
        if known is not None and (known.version, known.sha256) == head:
            return known
        return content.directory(connection, head)


def _registry(made: Directory) -> dict[str, Any]:
    return {"registry_version": made.version, "registry_sha256": made.sha256}


def _peers(connection: Connection) -> tuple[PeerGateway, ...]:
    rows = connection.execute(
        select(peer.c.name, peer.c.verifier_key).where(peer.c.until.is_(None)).order_by(peer.c.id)
    )
    return tuple(PeerGateway(name=row.name, verifier_key=row.verifier_key) for row in rows)
