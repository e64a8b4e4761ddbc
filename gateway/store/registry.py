"""`ports.Registry` over a database: each change is one new version, activated and logged in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, select

from gateway.peers import PeerGateway
from gateway.ports import StaleRegistryError
from gateway.records import Event
from gateway.sighting import Sighting
from gateway.store import content, peers
from gateway.store.database import Database
from gateway.store.errors import RegistryBusyError
from gateway.store.memory import Memory
from gateway.store.planning import change_to, plan
from gateway.store.preparing import Preparing
from gateway.store.quiet import quietly
from gateway.store.registrations import (
    ChangedRegistration,
    NewRegistration,
    Registrations,
    undone_if_refused,
)
from gateway.store.sightings import load_sightings
from gateway.store.staging import Staging
from gateway.store.tables import member
from gateway.store.writer import Operation, Writer
from routing.agencies import Agency, AgencyChange, Directory, Member
from routing.log import Kind
from routing.registration_changes import StatusChange
from routing.registrations import Registration

T = TypeVar("T")

PATIENCE: Final = 15.0
"""Seconds that a change waits for another one that is being prepared: longer than an abandoned one keeps its lease."""
_LOOK_AGAIN: Final = 0.2
_TRIES: Final = 10
"""How often a whole list is compared with what is in force, when that changes meanwhile."""


class _Membership(NamedTuple):
    member: Member
    actor: str


class _Trust(NamedTuple):
    """A gateway to be believed on these terms; by its name alone, one not to be believed any more."""

    peer: PeerGateway | str
    actor: str


class SqlRegistry:
    """Agencies, members, certificates and peers."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self._memory = Memory()
        self.known = self._memory.at
        """Returns the directory of the version in force, for what is made of it in one transaction."""
        self._look: asyncio.Task[Directory] | None = None
        self._turn = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None
        self._heard_of: str | None = None
        self._registrations = Registrations(staging, self._memory.at)
        self.preparing = Preparing(database, writer, staging)
        """What makes changes of agencies."""
        self.patience = PATIENCE
        """Seconds that a change waits for another one."""

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
            look, found = await self._database.read(self._current)
            if look.announced is not None and look.token is not None and look.token != self._heard_of:
                self._heard_of = look.token
                ahead = partial(self._memory.prepare, announced=look.announced, token=look.token)
                self._ahead = asyncio.create_task(self._database.read(ahead))
            return self._memory.keep(found)

    def _current(self, connection: Connection) -> tuple[content.Look, Directory]:
        look = content.look(connection)
        return look, self._memory.at(connection, look.head)

    async def directory_at(self, asked: int | datetime) -> Directory:
        """See `ports.Registry`.

        Raises:
            KeyError: there is no such version.

        """
        return await self._database.read(partial(self._memory.older, asked=asked))

    async def close(self) -> None:
        """Wait for what is being read ahead."""
        if self._ahead is not None:
            await asyncio.gather(self._ahead, return_exceptions=True)

    async def peers(self) -> tuple[PeerGateway, ...]:
        """See `ports.Registry`."""
        return await self._database.read(peers.current)

    async def load_agencies(self, agencies: Sequence[Agency], *, actor: str, source_sha256: str) -> Directory:
        """See `ports.Registry`. Certificates in `agencies` are not looked at: they are registered one by one.

        Raises:
            RegistryInconsistent: the agencies and members together contradict themselves; nothing changes.

        """
        for attempt in range(_TRIES):
            known = await self.directory()
            change = await asyncio.to_thread(change_to, known, agencies)
            try:
                return await self._make(known, change, actor=actor, source=source_sha256, change_id=None)
            except StaleRegistryError:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def change_agencies(
        self, change: AgencyChange, *, actor: str, source: str, change_id: str
    ) -> Directory:
        """See `ports.Registry`.

        Raises:
            StaleRegistryError: the version that the change speaks of is not in force any more.
            RegistryInconsistent: it closes what is not there, or what comes out would contradict itself.

        """
        known = await self.directory()
        if change.base_version != known.version:
            raise StaleRegistryError
        return await self._make(known, change, actor=actor, source=source, change_id=change_id)

    async def _make(
        self, known: Directory, change: AgencyChange, *, actor: str, source: str, change_id: str | None
    ) -> Directory:
        if not change.closed and not change.added:
            return known
        planned = await self._database.read(
            partial(plan, known=known, change=change, actor=actor, source=source, change_id=change_id)
        )
        return await self._patiently(lambda: self.preparing.make(planned))

    async def _patiently(self, change: Callable[[], Awaitable[Directory]]) -> Directory:
        """Make a change, if another one is being prepared after that one.

        Raises:
            RegistryBusyError: it takes too long.

        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        while True:
            try:
                return self._memory.keep(await change())
            except RegistryBusyError:
                if loop.time() >= until:
                    raise
            await self.preparing.clear()
            await asyncio.sleep(_LOOK_AGAIN)

    async def write(self, operation: Operation[T, Directory], item: T) -> Directory:
        """Make a small change, whose hash follows from digests that are there before anybody waits."""
        known = await self.directory()
        await asyncio.to_thread(_with_digests, known)
        return await self._patiently(lambda: self._writer.write(operation, item))

    async def put_member(self, member: Member, *, actor: str) -> Directory:
        """See `ports.Registry`; logs `member_changed` for one that was there.

        Raises:
            RegistryInconsistent: a prefix is no code, or belongs to another member; nothing changes.

        """
        return await self.write(self._put_members, _Membership(member, actor))

    async def register_certificate(
        self, code: str, registration: Registration, *, pem: bytes, actor: str
    ) -> Directory:
        """See `ports.Registry`; the same registration again makes no new version.

        Raises:
            RegistrationStateError: it is there, but suspended or revoked; nothing changes.

        """
        item = NewRegistration(code, registration, pem, actor)
        return await self.write(self._registrations.register, item)

    async def change_registration(
        self, code: str, reference: str, change: StatusChange, *, actor: str
    ) -> Directory:
        """See `ports.Registry`."""
        item = ChangedRegistration(code, reference, change, actor)
        return await self.write(self._registrations.change, item)

    async def sightings(self) -> tuple[Sighting, ...]:
        """See `ports.Registry`."""
        return await self._database.read(load_sightings)

    async def put_peer(self, peer: PeerGateway, *, actor: str) -> None:
        """See `ports.Registry`; a gateway that is believed already on these terms stays as it is."""
        await self._writer.write(self._change_peers, _Trust(peer, actor))

    async def end_peer(self, name: str, *, actor: str) -> bool:
        """See `ports.Registry`."""
        return await self._writer.write(self._change_peers, _Trust(name, actor))

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
            return self._memory.at(connection, before)
        known = self._memory.at(connection, before)
        others = tuple(each for each in known.members if each.id != new.id)
        made = known.moved(version=before.version + 1, members=(*others, new))
        content.close(connection, member, [] if row is None else [row.id], made.version)
        columns = zip(("name", "prefixes", "queue", "gateway", "entities"), wanted, strict=True)
        content.add(connection, member, [{"member_id": new.id, **dict(columns)}], made.version)
        content.activate(connection, now, made, actor=actor, source=f"member {new.id}")
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

    def _change_peers(self, connection: Connection, now: datetime, items: Sequence[_Trust]) -> list[bool]:
        changed = []
        for stated, actor in items:
            if isinstance(stated, PeerGateway):
                event = peers.put(connection, now, stated, actor=actor)
            else:
                event = peers.end(connection, now, stated, actor=actor)
            self._staging.stage(connection, now, [] if event is None else [event])
            changed.append(event is not None)
        return changed


def _with_digests(known: Directory) -> None:
    with quietly():
        known.digests()


def _registry(made: Directory) -> dict[str, Any]:
    return {"registry_version": made.version, "registry_sha256": made.sha256}
