"""`ports.UnderWay`: sweeping the outbox and the inbox, what is held, and notices.

Invariant: rows are locked outbox first, then deliveries, as everywhere; what another process has locked is
skipped, because whoever holds it looks by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select

from gateway.ports import Clock
from gateway.store.database import Database
from gateway.store.dialects import transaction_time
from gateway.store.diverting import Decision, Diverter, Journey
from gateway.store.expiring import Expirer, is_any_past
from gateway.store.handing import Hander, Handing
from gateway.store.staging import Staging
from gateway.store.tables import delivery, log_entry, message, notice, outbox
from gateway.store.writer import Writer
from gateway.under_way import Choice, HeldCode, Notice, NoticeKind, Swept
from routing.delivery import DeliveryState
from routing.heading import RETURNED_BY_ADMIN, Addressee, Course, GiveUp, Reroute, Rule

_JOURNEYS: Final = (
    select(
        outbox.c.id,
        message.c.id.label("message_id"),
        message.c.member_id.label("sender"),
        message.c.accepted_at,
        message.c.registry_version,
        delivery.c.code,
        delivery.c.member_id,
        delivery.c.resolved_code,
        delivery.c.chosen_at,
        delivery.c.state,
        delivery.c.held_since,
    )
    .select_from(outbox)
    .join(delivery, delivery.c.id == outbox.c.id)
    .join(message, message.c.id == delivery.c.message_id)
    .where(outbox.c.kind == "delivery")
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=outbox, skip_locked=True)
)
_SWEEP: Final = _JOURNEYS.where(
    outbox.c.id > bindparam("after"),
    or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= bindparam("now")),
)
_HELD: Final = _JOURNEYS.where(delivery.c.code == bindparam("held_code"), delivery.c.held_since.is_not(None))
_GROUPS: Final = (
    select(
        delivery.c.code,
        func.min(delivery.c.reason).label("reason"),
        func.count().label("deliveries"),
        func.min(delivery.c.held_since).label("since"),
        func.min(message.c.accepted_at).label("accepted_at"),
    )
    .join(message, message.c.id == delivery.c.message_id)
    .where(delivery.c.held_since.is_not(None))
    .group_by(delivery.c.code)
    .order_by(delivery.c.code)
)
_NOTICES: Final = (
    select(notice, message.c.document_id, message.c.sha256, log_entry.c.leaf)
    .join(message, message.c.id == notice.c.message_id)
    .join(
        log_entry,
        (log_entry.c.document_id == notice.c.message_id) & (log_entry.c.leaf_hash == notice.c.leaf_sha256),
    )
    .where(notice.c.member_id == bindparam("member"), notice.c.id > bindparam("after"))
    .order_by(notice.c.id)
    .limit(bindparam("limit"))
)


class _Sweep(NamedTuple):
    course: Course
    after: str | None
    limit: int


class _Resolving(NamedTuple):
    choice: Choice
    course: Course
    limit: int


class SqlUnderWay:
    """Deliveries whose addressee's code is not what it was."""

    def __init__(self, database: Database, writer: Writer, staging: Staging, *, clock: Clock | None) -> None:
        self._database = database
        self._writer = writer
        self._diverter = Diverter(staging)
        self._hander = Hander(staging)
        self._expirer = Expirer(staging)
        self._clock = clock

    async def sweep(self, course: Course, *, after: str | None, limit: int) -> Swept:
        """See `ports.UnderWay`."""
        return await self._writer.write(self._sweep, _Sweep(course, after, limit))

    async def hand_over(self, course: Course, *, gateway: str, after: str | None, limit: int) -> Swept:
        """See `ports.UnderWay`."""
        return await self._writer.write(self._hander.hand_over, Handing(course, gateway, after, limit))

    async def expire(self, *, limit: int) -> int:
        """See `ports.UnderWay`; nothing is written unless a look says that there is something."""
        if not await self._database.read(self._is_any_past):
            return 0
        return await self._writer.write(self._expirer.expire, limit)

    async def held(self) -> tuple[HeldCode, ...]:
        """See `ports.UnderWay`."""
        return await self._database.read(_held)

    async def resolve(self, choice: Choice, course: Course, *, limit: int) -> int:
        """See `ports.UnderWay`."""
        return await self._writer.write(self._resolve, _Resolving(choice, course, limit))

    async def notices(self, *, member_id: str, after: str | None, limit: int) -> tuple[Notice, ...]:
        """See `ports.UnderWay`."""
        return await self._database.read(partial(_notices, member_id=member_id, after=after, limit=limit))

    def _is_any_past(self, connection: Connection) -> bool:
        return is_any_past(connection, transaction_time(connection, self._clock))

    def _sweep(self, connection: Connection, now: datetime, items: Sequence[_Sweep]) -> list[Swept]:
        return [self._sweep_one(connection, now, item) for item in items]

    def _sweep_one(self, connection: Connection, now: datetime, item: _Sweep) -> Swept:
        values = {"after": item.after or "", "now": now, "limit": item.limit}
        rows = connection.execute(_SWEEP, values).all()
        journeys = [journey for journey in map(_journey, rows) if journey.turn(item.course, now) is not None]
        changed = self._diverter.divert(connection, now, journeys, item.course) if journeys else 0
        return Swept(last=rows[-1].id if len(rows) == item.limit else None, changed=changed, at=now)

    def _resolve(
        self, connection: Connection, now: datetime, items: Sequence[_Resolving]
    ) -> list[int | Exception]:
        return [self._resolve_one(connection, now, item) for item in items]

    def _resolve_one(self, connection: Connection, now: datetime, item: _Resolving) -> int | Exception:
        choice = item.choice
        turn = _chosen(choice, item.course, now)
        if turn is None:
            return ValueError(f"no connected system serves {choice.to}")
        rows = connection.execute(_HELD, {"held_code": choice.code, "limit": item.limit}).all()
        decision = Decision(turn=turn, actor=choice.actor, explanation=choice.explanation)
        journeys = [_journey(row) for row in rows]
        return self._diverter.divert(connection, now, journeys, item.course, decision) if journeys else 0


def _chosen(choice: Choice, course: Course, now: datetime) -> Reroute | GiveUp | None:
    if choice.to is None:
        return GiveUp(reason=RETURNED_BY_ADMIN)
    member = course.directory.member_for(choice.to, now)
    if member is None:
        return None
    return Reroute(code=choice.to, member=member, chain=(choice.code, choice.to), rule=Rule.CHOSEN)


def _journey(row: Any) -> Journey:  # noqa: ANN401 - a row of _JOURNEYS
    return Journey(
        id=row.id,
        message_id=row.message_id,
        sender=row.sender,
        addressee=Addressee(
            code=row.code,
            accepted_at=row.accepted_at,
            member_id=row.member_id,
            resolved_code=row.resolved_code,
            chosen_at=row.chosen_at,
        ),
        state=DeliveryState(row.state),
        held_since=row.held_since,
    )


def _held(connection: Connection) -> tuple[HeldCode, ...]:
    return tuple(
        HeldCode(
            code=row.code,
            reason=row.reason,
            deliveries=row.deliveries,
            since=row.since,
            accepted_at=row.accepted_at,
        )
        for row in connection.execute(_GROUPS)
    )


def _notices(connection: Connection, *, member_id: str, after: str | None, limit: int) -> tuple[Notice, ...]:
    values = {"member": member_id, "after": after or "", "limit": limit}
    return tuple(
        Notice(
            id=row.id,
            member_id=row.member_id,
            message_id=row.message_id,
            document_id=row.document_id,
            sha256=row.sha256,
            delivery_id=row.delivery_id,
            code=row.code,
            resolved_code=row.resolved_code,
            kind=NoticeKind(row.kind),
            reason=row.reason,
            explanation=row.explanation,
            at=row.at,
            entry=row.leaf,
        )
        for row in connection.execute(_NOTICES, values)
    )
