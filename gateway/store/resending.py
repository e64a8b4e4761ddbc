"""Working off what people ordered about dead letters: one letter at a time, at the rate that they asked for.

A letter is leased before it is looked at, and counted. Invariants: an answer counts only under the fence of its claim; a letter
that ends the process which looks at it is not tried for ever: it waits again; an order is over when none of its letters is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select, update

from gateway.dead_letters import Act, Cause, Death, LetterItem, LetterState
from gateway.store import stuck
from gateway.store.staging import Staging
from gateway.store.tables import dead_letter, resend_order

TRIES: Final = 2
"""So often may a letter's lease end without a word."""

SECOND: Final = timedelta(seconds=1)

_letter: Final = dead_letter.c
_order: Final = resend_order.c
_ORDER: Final = (
    select(resend_order)
    .where(_order.finished_at.is_(None), _order.next_at <= bindparam("now"))
    .order_by(_order.next_at, _order.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_IS_OURS: Final = (_letter.order_id == bindparam("order"), _letter.state == LetterState.RESENDING.value)
_NEXT: Final = (
    select(_letter.id, _letter.queue, _letter.body, _letter.fence, _letter.tries)
    .where(*_IS_OURS, or_(_letter.lease_until.is_(None), _letter.lease_until <= bindparam("now")))
    .order_by(_letter.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LEFT: Final = select(func.count()).select_from(dead_letter).where(*_IS_OURS)
_HELD: Final = (
    _letter.id == bindparam("row_id"),
    _letter.fence == bindparam("held"),
    _letter.state == LetterState.RESENDING.value,
)
_TAKEN: Final = (
    update(dead_letter)
    .where(*_HELD)
    .values(state=LetterState.RESENT.value, body=None, decided_at=bindparam("now"), lease_until=None)
)
_AGAIN: Final = {"state": LetterState.WAITING.value, "lease_until": None}
_DONE: Final = update(resend_order).where(_order.id == bindparam("order")).values(done=_order.done + 1)
_FAILED: Final = update(resend_order).where(_order.id == bindparam("order")).values(failed=_order.failed + 1)


class Claim(NamedTuple):
    """For how long to lease a letter, and what to say of one that ends the process."""

    lease: timedelta
    crashed: Cause


class Failure(NamedTuple):
    """A letter that was looked at and not taken."""

    item: LetterItem
    death: Death | None


class Resending:
    """The operations behind `DeadLetters.claim`, `taken` and `failed`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def claim(self, connection: Connection, now: datetime, items: Sequence[Claim]) -> list[LetterItem | None]:
        """Lease the next letter of whatever order is due."""
        return [self._claim(connection, now, item) for item in items]

    def _claim(self, connection: Connection, now: datetime, claim: Claim) -> LetterItem | None:
        while (order := connection.execute(_ORDER, {"now": now}).one_or_none()) is not None:
            if order.act == Act.RETRY.value:
                _urge(connection, now, order)
            elif (item := _lease(connection, now, order, claim)) is not None:
                return item
        return None

    def taken(self, connection: Connection, now: datetime, items: Sequence[LetterItem]) -> list[None]:
        """Record that letters were taken."""
        for item in sorted(items, key=lambda each: each.id):
            facts = {"row_id": item.id, "held": item.fence, "now": now}
            if connection.execute(_TAKEN, facts).rowcount:
                connection.execute(_DONE, {"order": item.order_id})
        return [None] * len(items)

    def failed(self, connection: Connection, now: datetime, items: Sequence[Failure]) -> list[None]:
        """Record that letters died again, or could not be judged."""
        for item, death in sorted(items, key=lambda each: each.item.id):
            changes: dict[str, Any] = dict(_AGAIN)
            if death is not None:
                changes |= {"cause": death.cause.code, "words": dict(death.cause.words), "last_seen": now}
                changes |= {"times": _letter.times + 1, "attempt": death.attempt}
            facts = {"row_id": item.id, "held": item.fence}
            if connection.execute(update(dead_letter).where(*_HELD).values(**changes), facts).rowcount:
                connection.execute(_FAILED, {"order": item.order_id})
                self._staging.stage(connection, now, [] if death is None else [death.event])
        return [None] * len(items)


def next_due(connection: Connection) -> datetime | None:
    """Return when the next order is due."""
    query = select(func.min(_order.next_at, type_=_order.next_at.type)).where(_order.finished_at.is_(None))
    due: datetime | None = connection.execute(query).scalar_one()
    return due


def _lease(connection: Connection, now: datetime, order: Any, claim: Claim) -> LetterItem | None:  # noqa: ANN401 - a row of _ORDER
    """Lease an order's next letter, or move the order on: finished, or due again when another process may have let go."""
    row = connection.execute(_NEXT, {"order": order.id, "now": now}).one_or_none()
    if row is None:
        is_left = connection.execute(_LEFT, {"order": order.id}).scalar_one() > 0
        _move(connection, order, **({"next_at": now + SECOND} if is_left else {"finished_at": now}))
        return None
    this = update(dead_letter).where(_letter.id == row.id)
    if row.tries >= TRIES:
        crashed = {"cause": claim.crashed.code, "words": dict(claim.crashed.words), "last_seen": now}
        connection.execute(this.values(**crashed, **_AGAIN, times=_letter.times + 1))
        connection.execute(_FAILED, {"order": order.id})
        return None
    connection.execute(this.values(fence=row.fence + 1, tries=row.tries + 1, lease_until=now + claim.lease))
    # At most a second's worth is made up for after a pause.
    _move(connection, order, next_at=max(order.next_at, now - SECOND) + SECOND / order.rate)
    return LetterItem(id=row.id, order_id=order.id, queue=row.queue, body=row.body, fence=row.fence + 1)


def _urge(connection: Connection, now: datetime, order: Any) -> None:  # noqa: ANN401 - a row of _ORDER
    number, last = stuck.urge(connection, now, reason=order.cause, after=order.last_id, limit=order.rate)
    ended = {"finished_at": now} if last is None else {"next_at": now + SECOND, "last_id": last}
    _move(connection, order, done=order.done + number, **ended)


def _move(connection: Connection, order: Any, **changes: Any) -> None:  # noqa: ANN401 - a row of _ORDER, and its columns
    connection.execute(update(resend_order).where(_order.id == order.id).values(**changes))
