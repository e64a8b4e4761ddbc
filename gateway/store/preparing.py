"""One change of the agencies: planned in memory, and made as one new version without keeping acceptances waiting.

What is small is written and put in force in one transaction. What is large is *prepared*: its rows are written in many small
transactions as those of the version after the one in force, where nobody reads; it is announced, so that other processes read
it ahead; and one more small transaction puts it in force. Invariants: at most one version is prepared at a time, by whoever
holds its token and an unexpired lease; while it is prepared nothing else makes a version; whatever happens half-way, the
version in force is not touched, and what was written is taken back by its token's holder or, after the lease, by the next who
wants to make a version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Table, delete, insert, select, text, update

from gateway.ports import StaleRegistryError
from gateway.records import Event
from gateway.store import content
from gateway.store.database import Database
from gateway.store.errors import RegistryBusyError
from gateway.store.planning import Plan
from gateway.store.reading import Head
from gateway.store.registrations import undone_if_refused
from gateway.store.staging import Staging
from gateway.store.tables import agency, certificate, registry_preparation
from gateway.store.writer import Writer
from routing.agencies import Directory
from routing.log import Kind

AT_ONCE: Final = 200
PORTION: Final = 100  # acceptances wait for it, a few milliseconds
PAUSE: Final = 0.005
"""Seconds between two portions, for others."""
LEASE: Final = timedelta(seconds=10)
LEAD: Final = 3.0

_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name LIKE 'vanthu %' AND application_name <> current_setting('application_name')"
)


class _Portion(NamedTuple):
    """What one transaction writes of a prepared version."""

    token: str
    version: int
    table: Table
    closed: list[int]
    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    plan: Plan
    token: str


class Preparing:
    """Makes planned changes."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging
        self.at_once = AT_ONCE
        """How many rows are written and put in force in one transaction."""
        self.portion = PORTION
        """How many rows of a prepared version one transaction writes."""
        self.lead = LEAD
        """Seconds that other processes get to read a version ahead, if there are any."""

    async def make(self, plan: Plan) -> Directory:
        """Make a change.

        Raises:
            StaleRegistryError: another version than the plan's is in force.
            RegistryBusyError: another change is being prepared.

        """
        if plan.size <= self.at_once:
            return await self._writer.write(self._at_once, plan)
        prepared = _Prepared(plan=plan, token=str(uuid4()))
        await self._writer.write(self._claim, prepared)
        try:
            return await self._prepare(prepared)
        except BaseException:
            # If this cannot be done either, the lease ends and somebody else does it.
            with suppress(Exception):
                await asyncio.shield(self._take_back(prepared.token))
            raise

    async def clear(self) -> None:
        """Take back what was prepared and abandoned; what is still being prepared is left alone."""
        token = str(uuid4())
        if await self._writer.write(self._take_over, token):
            await self._take_back(token)

    async def _prepare(self, prepared: _Prepared) -> Directory:
        for portion in _portions(prepared, self.portion):
            await self._writer.write(self._write, portion)
            await asyncio.sleep(PAUSE)
        await self._writer.write(self._announce, prepared)
        if await self._database.read(_has_company):
            await asyncio.sleep(self.lead)
        return await self._writer.write(self._put_in_force, prepared)

    async def _take_back(self, token: str) -> None:
        while await self._writer.write(self._undo, token):  # noqa: ASYNC110 - the pause leaves the writer to others
            await asyncio.sleep(PAUSE)

    def _at_once(
        self, connection: Connection, now: datetime, items: Sequence[Plan]
    ) -> list[Directory | Exception]:
        return [undone_if_refused(connection, self._make, now, plan) for plan in items]

    def _make(self, connection: Connection, now: datetime, plan: Plan) -> Directory:
        _require(content.head_to_change(connection), plan)
        version = plan.made.version
        content.close(connection, agency, plan.closed, version)
        content.close(connection, certificate, plan.gone, version)
        content.add(connection, agency, plan.added, version)
        return self._activate(connection, now, plan)

    def _activate(self, connection: Connection, now: datetime, plan: Plan) -> Directory:
        content.activate(connection, now, plan.made, actor=plan.actor, source=plan.named)
        event = Event(kind=Kind.REGISTRY_ACTIVATED, fields=plan.fields())
        self._staging.stage(connection, now, [event])
        return plan.made

    def _claim(
        self, connection: Connection, now: datetime, items: Sequence[_Prepared]
    ) -> list[Exception | None]:
        return [undone_if_refused(connection, _claim, now, each) for each in items]

    def _write(self, connection: Connection, now: datetime, items: Sequence[_Portion]) -> list[None]:
        for each in items:
            _hold(connection, now, each.token)
            content.close(connection, each.table, each.closed, each.version)
            content.add(connection, each.table, each.rows, each.version)
        return [None] * len(items)

    def _announce(self, connection: Connection, now: datetime, items: Sequence[_Prepared]) -> list[None]:
        for each in items:
            _hold(connection, now, each.token, sha256=each.plan.made.sha256)
        return [None] * len(items)

    def _put_in_force(
        self, connection: Connection, now: datetime, items: Sequence[_Prepared]
    ) -> list[Directory | Exception]:
        return [undone_if_refused(connection, self._end, now, each) for each in items]

    def _end(self, connection: Connection, now: datetime, prepared: _Prepared) -> Directory:
        _require(content.head_to_change(connection), prepared.plan)
        held = delete(registry_preparation).where(registry_preparation.c.token == prepared.token)
        if not connection.execute(held).rowcount:
            raise RegistryBusyError
        return self._activate(connection, now, prepared.plan)

    def _take_over(self, connection: Connection, now: datetime, items: Sequence[str]) -> list[bool]:
        abandoned = update(registry_preparation).where(registry_preparation.c.lease_until <= now)
        lease = now + LEASE
        return [
            bool(connection.execute(abandoned.values(token=token, lease_until=lease, sha256=None)).rowcount)
            for token in items
        ]

    def _undo(self, connection: Connection, now: datetime, items: Sequence[str]) -> list[bool]:
        return [_undo(connection, now, token) for token in items]


def _require(head: Head, plan: Plan) -> None:
    """Raise StaleRegistryError unless the version that was planned upon is in force."""
    if head != plan.base:
        raise StaleRegistryError


def _portions(prepared: _Prepared, size: int) -> Iterator[_Portion]:
    plan, version = prepared.plan, prepared.plan.made.version
    for table, closed in ((agency, plan.closed), (certificate, plan.gone)):
        for start in range(0, len(closed), size):
            yield _Portion(prepared.token, version, table, closed[start : start + size], [])
    for start in range(0, len(plan.added), size):
        yield _Portion(prepared.token, version, agency, [], plan.added[start : start + size])


def _claim(connection: Connection, now: datetime, prepared: _Prepared) -> None:
    _require(content.head_to_change(connection), prepared.plan)
    if connection.execute(select(registry_preparation.c.version)).one_or_none() is not None:
        raise RegistryBusyError
    facts = {"id": 1, "version": prepared.plan.made.version, "lease_until": now + LEASE}
    connection.execute(insert(registry_preparation), {**facts, "token": prepared.token})


def _hold(connection: Connection, now: datetime, token: str, **facts: str | None) -> None:
    """Renew the lease, and keep everybody else from ending it until this transaction ends.

    Raises:
        RegistryBusyError: it was lost.

    """
    held = update(registry_preparation).where(registry_preparation.c.token == token)
    if not connection.execute(held.values(lease_until=now + LEASE, **facts)).rowcount:
        raise RegistryBusyError


def _undo(connection: Connection, now: datetime, token: str) -> bool:
    """Take back a portion of what was written under a token, or, when nothing is left, the token; tell whether to go on."""
    query = select(registry_preparation.c.version).where(registry_preparation.c.token == token)
    version = connection.execute(query).scalar_one_or_none()
    if version is None:
        return False
    _hold(connection, now, token, sha256=None)
    touched = 0
    for table in (agency, certificate):
        added = select(table.c.id).where(table.c.since_version == version).limit(PORTION)
        closed = select(table.c.id).where(table.c.until_version == version).limit(PORTION)
        touched += connection.execute(delete(table).where(table.c.id.in_(added))).rowcount
        reopened = update(table).where(table.c.id.in_(closed)).values(until_version=None)
        touched += connection.execute(reopened).rowcount
    if not touched:
        connection.execute(delete(registry_preparation).where(registry_preparation.c.token == token))
    return bool(touched)


def _has_company(connection: Connection) -> bool:
    """Tell whether other processes use this database; an SQLite file belongs to one."""
    return connection.dialect.name == "postgresql" and bool(connection.execute(_OTHERS).scalar_one())
