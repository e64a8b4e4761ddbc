"""`ports.ParkedDocuments` over a database: what waits to be decided, leased to one process at a time.

As in the outbox, a claim raises the row's fence and an answer counts only under the fence of its claim. Invariants: a row leaves
the state `parked` once; its keys are free again exactly when it was refused or withdrawn; a body is in its row only while it is
parked. Rows are locked in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, update

from gateway.interval import ALWAYS, Interval
from gateway.parked import Parked, ParkedBacklog, ParkedItem, ParkedState, Parking, Road
from gateway.ports import InstantPassedError
from gateway.records import Event, IdempotencyKey, Json
from gateway.store import parking_rows as rows
from gateway.store.database import Database
from gateway.store.staging import Staging
from gateway.store.tables import first_seen, parked
from gateway.store.writer import Writer

_ID: Final = parked.c.id == bindparam("row_id")
_IS_PARKED: Final = parked.c.state == ParkedState.PARKED.value
_HELD: Final = (_ID, _IS_PARKED, parked.c.fence == bindparam("held"), parked.c.lease_until.is_not(None))
_DUE: Final = (
    select(parked)
    .where(
        _IS_PARKED,
        parked.c.next_at <= bindparam("now"),
        or_(parked.c.lease_until.is_(None), parked.c.lease_until <= bindparam("now")),
    )
    .order_by(parked.c.next_at, parked.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LEASE: Final = (
    update(parked)
    .where(parked.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        fence=parked.c.fence + 1,
        attempts=parked.c.attempts + 1,
        next_at=bindparam("until"),
        lease_until=bindparam("until"),
    )
)
_WAKE: Final = (
    update(parked).where(_IS_PARKED, parked.c.next_at > bindparam("now")).values(next_at=bindparam("now"))
)
_RELEASE_ALL: Final = (
    update(parked).where(parked.c.lease_until.is_not(None)).values(next_at=bindparam("now"), lease_until=None)
)
# Who was woken during the lease has another due time than its end, and keeps it.
_POSTPONE: Final = (
    update(parked)
    .where(*_HELD)
    .values(
        next_at=case(
            (parked.c.next_at == parked.c.lease_until, bindparam("due", type_=parked.c.next_at.type)),
            else_=parked.c.next_at,
        ),
        lease_until=None,
        reason=bindparam("why"),
    )
)
_END: Final[dict[str, Any]] = {"decided_at": bindparam("now"), "body": None, "lease_until": None}
_REFUSE: Final = (
    update(parked)
    .where(*_HELD)
    .values(state=ParkedState.REFUSED.value, reason=bindparam("why"), **_END)
    .returning(*rows.KEY_COLUMNS)
)
_WITHDRAW: Final = (
    update(parked)
    .where(_ID, _IS_PARKED, parked.c.road == Road.INTAKE.value, parked.c.member_id == bindparam("owner"))
    .values(state=ParkedState.WITHDRAWN.value, **_END)
    .returning(*rows.KEY_COLUMNS)
)
_FINISH: Final = delete(parked).where(*_HELD, parked.c.road == Road.ARRIVAL.value)
_LIST: Final = (
    select(*rows.COLUMNS)
    .where(
        parked.c.member_id == bindparam("owner"),
        parked.c.road == Road.INTAKE.value,
        parked.c.state == bindparam("wanted"),
        parked.c.id > bindparam("after"),
    )
    .order_by(parked.c.id)
    .limit(bindparam("limit"))
)
_BACKLOG: Final = (
    select(
        parked.c.road,
        func.count().label("documents"),
        func.coalesce(func.sum(parked.c.size), 0).label("size"),
        func.min(parked.c.received_at).label("oldest"),
    )
    .where(_IS_PARKED)
    .group_by(parked.c.road)
)
_FIRST_SEEN: Final = select(first_seen.c.at).where(first_seen.c.sha256 == bindparam("wanted"))


class _Claim(NamedTuple):
    limit: int
    lease: timedelta


class _Postponement(NamedTuple):
    item: ParkedItem
    delay: timedelta
    reason: Mapping[str, Json]


class _Refusal(NamedTuple):
    item: ParkedItem
    reason: Mapping[str, Json]
    event: Event


class _Withdrawal(NamedTuple):
    document_id: str
    member_id: str
    event: Event


class _NotAccepted(NamedTuple):
    event: Event
    sha256: str
    steady: Interval


class SqlParkedDocuments:
    """Documents that wait to be decided."""

    def __init__(self, database: Database, writer: Writer, staging: Staging) -> None:
        self._database = database
        self._writer = writer
        self._staging = staging

    async def park(self, parking: Parking) -> Parked:
        """See `ports.ParkedDocuments`."""
        return await self._writer.write(self._park, parking)

    async def document(self, document_id: str) -> Parked | None:
        """See `ports.ParkedDocuments`."""
        found = await self._database.read(partial(rows.find, document_id=document_id))
        return found if found is not None and found.road is Road.INTAKE else None

    async def waiting_under(self, keys: Sequence[IdempotencyKey], sha256: str) -> Parked | None:
        """See `ports.ParkedDocuments`."""
        return await self._database.read(partial(rows.find_under, keys=tuple(keys), sha256=sha256))

    async def documents(
        self, *, member_id: str, state: ParkedState, after: str | None, limit: int
    ) -> tuple[Parked, ...]:
        """See `ports.ParkedDocuments`."""
        facts = {"owner": member_id, "wanted": state.value, "after": after or "", "limit": limit}
        return await self._database.read(
            lambda connection: tuple(map(rows.parked_of, connection.execute(_LIST, facts)))
        )

    async def claim(self, *, limit: int, lease: timedelta) -> tuple[ParkedItem, ...]:
        """See `ports.ParkedDocuments`."""
        return await self._writer.write(_claim, _Claim(limit, lease))

    async def wake(self) -> None:
        """See `ports.ParkedDocuments`."""
        await self._writer.write(_wake, None)

    async def release_leases(self) -> None:
        """End every lease: what a dead process had claimed is due at once; only where no other process shares the database."""
        await self._writer.write(_release_all, None)

    async def postpone(self, item: ParkedItem, *, delay: timedelta, reason: Mapping[str, Json]) -> None:
        """See `ports.ParkedDocuments`."""
        await self._writer.write(_postpone, _Postponement(item, delay, reason))

    async def refuse(self, item: ParkedItem, *, reason: Mapping[str, Json], event: Event) -> bool:
        """See `ports.ParkedDocuments`."""
        return await self._writer.write(self._refuse, _Refusal(item, reason, event))

    async def withdraw(self, document_id: str, *, member_id: str, event: Event) -> bool:
        """See `ports.ParkedDocuments`."""
        return await self._writer.write(self._withdraw, _Withdrawal(document_id, member_id, event))

    async def finish(self, item: ParkedItem) -> None:
        """See `ports.ParkedDocuments`."""
        await self._writer.write(_finish, item)

    async def refuse_at_once(self, event: Event, *, sha256: str, steady: Interval = ALWAYS) -> None:
        """See `ports.ParkedDocuments`."""
        await self._writer.write(self._refuse_at_once, _NotAccepted(event, sha256, steady))

    async def first_seen(self, sha256: str) -> datetime | None:
        """See `ports.ParkedDocuments`."""
        return await self._database.read(
            lambda connection: connection.execute(_FIRST_SEEN, {"wanted": sha256}).scalar_one_or_none()
        )

    async def backlog(self) -> Mapping[Road, ParkedBacklog]:
        """See `ports.ParkedDocuments`."""
        return await self._database.read(_backlog)

    def _park(
        self, connection: Connection, now: datetime, items: Sequence[Parking]
    ) -> list[Parked | Exception]:
        results: list[Parked | Exception] = []
        for item in items:
            result, is_new = rows.park(connection, now, item)
            results.append(result)
            if is_new:
                self._staging.stage(connection, now, item.events)
        return results

    def _refuse(self, connection: Connection, now: datetime, items: Sequence[_Refusal]) -> list[bool]:
        results = []
        for item, reason, event in sorted(items, key=lambda each: each.item.parked.id):
            facts = {"row_id": item.parked.id, "held": item.fence, "why": reason, "now": now}
            results.append(
                self._end(connection, now, connection.execute(_REFUSE, facts).one_or_none(), event)
            )
        order = sorted(range(len(items)), key=lambda place: items[place].item.parked.id)
        return [result for _, result in sorted(zip(order, results, strict=True))]

    def _withdraw(self, connection: Connection, now: datetime, items: Sequence[_Withdrawal]) -> list[bool]:
        results = []
        for document_id, member_id, event in items:
            facts = {"row_id": document_id, "owner": member_id, "now": now}
            row = connection.execute(_WITHDRAW, facts).one_or_none()
            results.append(self._end(connection, now, row, event))
        return results

    def _end(self, connection: Connection, now: datetime, row: Any, event: Event) -> bool:  # noqa: ANN401 - a row of KEY_COLUMNS
        if row is None:
            return False
        rows.free_keys(connection, row)
        self._staging.stage(connection, now, [event])
        return True

    def _refuse_at_once(
        self, connection: Connection, now: datetime, items: Sequence[_NotAccepted]
    ) -> list[InstantPassedError | None]:
        timely = [item for item in items if item.steady.holds(now)]
        self._staging.stage(connection, now, [item.event for item in timely])
        rows.note_first(connection, now, {item.sha256 for item in timely})
        return [None if item.steady.holds(now) else InstantPassedError(now) for item in items]


def _claim(connection: Connection, now: datetime, items: Sequence[_Claim]) -> list[tuple[ParkedItem, ...]]:
    results = []
    for limit, lease in items:
        due = connection.execute(_DUE, {"now": now, "limit": limit}).all()
        if due:
            connection.execute(_LEASE, {"ids": sorted(row.id for row in due), "until": now + lease})
        results.append(tuple(rows.item_of(row, now) for row in due))
    return results


def _wake(connection: Connection, now: datetime, items: Sequence[None]) -> list[None]:
    connection.execute(_WAKE, {"now": now})
    return [None] * len(items)


def _release_all(connection: Connection, now: datetime, items: Sequence[None]) -> list[None]:
    connection.execute(_RELEASE_ALL, {"now": now})
    return [None] * len(items)


def _postpone(connection: Connection, now: datetime, items: Sequence[_Postponement]) -> list[None]:
    for item, delay, reason in sorted(items, key=lambda each: each.item.parked.id):
        facts = {"row_id": item.parked.id, "held": item.fence, "due": now + delay, "why": reason}
        connection.execute(_POSTPONE, facts)
    return [None] * len(items)


def _finish(connection: Connection, _now: datetime, items: Sequence[ParkedItem]) -> list[None]:
    for item in sorted(items, key=lambda each: each.parked.id):
        connection.execute(_FINISH, {"row_id": item.parked.id, "held": item.fence})
    return [None] * len(items)


def _backlog(connection: Connection) -> dict[Road, ParkedBacklog]:
    found = {
        Road(row.road): ParkedBacklog(documents=row.documents, size=int(row.size), oldest=row.oldest)
        for row in connection.execute(_BACKLOG)
    }
    return {road: found.get(road, ParkedBacklog(documents=0, size=0, oldest=None)) for road in Road}
