"""Handing inbox items over: from a system that serves their addressee no more to the one that serves who took over.

Invariants: only what is neither acknowledged nor refused is handed over, and only to a member that this
gateway hosts; from then on the member before can neither read nor acknowledge it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from gateway.records import Event
from gateway.store.bulk import update_rows
from gateway.store.staging import Staging
from gateway.store.tables import arrival, message
from gateway.under_way import Swept
from routing.heading import Addressee, Course, Reroute
from routing.log import Kind

_WAITING: Final = (
    select(
        arrival.c.id,
        arrival.c.message_id,
        arrival.c.code,
        arrival.c.member_id,
        arrival.c.resolved_code,
        arrival.c.chosen_at,
        message.c.accepted_at,
    )
    .join(message, message.c.id == arrival.c.message_id)
    .where(
        arrival.c.id > bindparam("after"), arrival.c.acknowledged_at.is_(None), arrival.c.refusal.is_(None)
    )
    .order_by(arrival.c.id)
    .limit(bindparam("limit"))
    .with_for_update(of=arrival, skip_locked=True)
)


class Handing(NamedTuple):
    """By what, at which gateway, and how many items after which are looked at."""

    course: Course
    gateway: str
    after: str | None
    limit: int


class Hander:
    """The operation behind `UnderWay.hand_over`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def hand_over(self, connection: Connection, now: datetime, items: Sequence[Handing]) -> list[Swept]:
        """Hand over what has to be."""
        return [self._hand_over(connection, now, item) for item in items]

    def _hand_over(self, connection: Connection, now: datetime, item: Handing) -> Swept:
        values = {"after": item.after or "", "limit": item.limit}
        rows = connection.execute(_WAITING, values).all()
        changed: list[dict[str, Any]] = []
        events: list[Event] = []
        for row in rows:
            turn = item.course.hand_over(_addressee(row), now)
            if turn is not None and turn.member.gateway == item.gateway:
                changed.append(_handed(row, turn))
                events.append(_event(row, turn, item.course))
        update_rows(connection, arrival, changed)
        self._staging.stage(connection, now, events)
        return Swept(last=rows[-1].id if len(rows) == item.limit else None, changed=len(changed), at=now)


def _addressee(row: Any) -> Addressee:  # noqa: ANN401 - a row of _WAITING
    return Addressee(
        code=row.code,
        accepted_at=row.accepted_at,
        member_id=row.member_id,
        resolved_code=row.resolved_code,
        chosen_at=row.chosen_at,
    )


def _handed(row: Any, turn: Reroute) -> dict[str, Any]:  # noqa: ANN401 - a row of _WAITING
    return {
        "id": row.id,
        "member_id": turn.member.id,
        "queue": turn.member.queue,
        "resolved_code": turn.code,
        "fetched_at": None,
    }


def _event(row: Any, turn: Reroute, course: Course) -> Event:  # noqa: ANN401 - a row of _WAITING
    return Event(
        kind=Kind.HANDED_OVER,
        document_id=row.message_id,
        fields={
            "recipient": row.code,
            "delivery": row.id,
            "to": turn.code,
            "rule": turn.rule.value,
            "member": turn.member.id,
            "former_member": row.member_id,
            "chain": list(turn.chain),
            "registry_version": course.directory.version,
            "registry_sha256": course.directory.sha256,
        },
    )
