"""Which documents pass through some codes: those under way, and how many were sent and received lately."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from gateway.change_sets import Traffic, UnderWay
from gateway.store.tables import delivery, message
from routing.delivery import ALLOWED

_FINAL: Final = sorted(state.value for state, later in ALLOWED.items() if not later)
_CODE: Final = func.coalesce(delivery.c.resolved_code, delivery.c.code).label("goes_to")


def traffic(connection: Connection, *, codes: frozenset[str], since: datetime) -> Traffic:
    """Return what passes through these codes.

    Whole groups are counted and then picked: a change may touch tens of thousands of codes, more than a statement can name.
    """
    under_way = connection.execute(
        select(
            delivery.c.id,
            delivery.c.message_id,
            _CODE,
            delivery.c.member_id,
            delivery.c.state,
            message.c.accepted_at,
        )
        .join(message, message.c.id == delivery.c.message_id)
        .where(delivery.c.state.not_in(_FINAL))
        .order_by(delivery.c.id)
    )
    lately = message.c.accepted_at >= since
    sent = connection.execute(
        select(message.c.sender_code, func.count()).where(lately).group_by(message.c.sender_code)
    )
    received = connection.execute(
        select(delivery.c.code, func.count())
        .join(message, message.c.id == delivery.c.message_id)
        .where(lately)
        .group_by(delivery.c.code)
    )
    return Traffic(
        under_way=tuple(
            UnderWay(
                delivery_id=row.id,
                message_id=row.message_id,
                code=row.goes_to,
                member_id=row.member_id,
                state=row.state,
                accepted_at=row.accepted_at,
            )
            for row in under_way
            if row.goes_to in codes
        ),
        sent={code: number for code, number in sent if code in codes},
        received={code: number for code, number in received if code in codes},
    )
