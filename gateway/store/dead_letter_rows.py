"""Reading dead letters, their causes and what was ordered about them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from gateway.dead_letters import Act, Cause, CauseGroup, DeadLetter, LetterState, Order
from gateway.store.columns import Json
from gateway.store.tables import dead_letter, resend_order

_letter: Final = dead_letter.c
_COLUMNS: Final = tuple(each for each in dead_letter.columns if each.name != "body")
_LETTERS: Final = select(*_COLUMNS).order_by(_letter.id).limit(bindparam("limit"))
_CAUSES: Final = (
    select(
        _letter.cause,
        func.max(_letter.words, type_=Json()).label("words"),
        func.count().label("letters"),
        func.sum(_letter.times).label("deaths"),
        func.min(_letter.first_seen).label("first_seen"),
        func.max(_letter.last_seen).label("last_seen"),
    )
    .where(_letter.state == LetterState.WAITING.value)
    .group_by(_letter.cause)
    .order_by(func.count().desc(), _letter.cause)
)
_ORDERS: Final = select(resend_order).order_by(resend_order.c.id.desc()).limit(bindparam("limit"))


def causes(connection: Connection) -> tuple[CauseGroup, ...]:
    """Return the causes of the letters that wait."""
    return tuple(
        CauseGroup(
            cause=Cause(code=row.cause, words=row.words),
            letters=row.letters,
            deaths=int(row.deaths),
            first_seen=row.first_seen,
            last_seen=row.last_seen,
        )
        for row in connection.execute(_CAUSES)
    )


def find(connection: Connection, *, letter_id: str) -> tuple[DeadLetter, bytes | None] | None:
    """Return a letter with its body."""
    row = connection.execute(select(dead_letter).where(_letter.id == letter_id)).one_or_none()
    return None if row is None else (_letter_of(row), row.body)


def letters(
    connection: Connection, *, state: LetterState, cause: str | None, after: str | None, limit: int
) -> tuple[DeadLetter, ...]:
    """Return letters in one state, and of one cause, by keyset on id."""
    query = _LETTERS.where(_letter.state == state.value, _letter.id > (after or ""))
    query = query if cause is None else query.where(_letter.cause == cause)
    return tuple(map(_letter_of, connection.execute(query, {"limit": limit})))


def orders(connection: Connection, *, limit: int) -> tuple[Order, ...]:
    """Return orders, the newest first."""
    return tuple(map(_order_of, connection.execute(_ORDERS, {"limit": limit})))


def _letter_of(row: Any) -> DeadLetter:  # noqa: ANN401 - a row of dead_letter
    return DeadLetter(
        id=row.id,
        queue=row.queue,
        sha256=row.sha256,
        size=row.size,
        attempt=row.attempt.rpartition(" ")[2],
        cause=Cause(code=row.cause, words=row.words),
        times=row.times,
        state=LetterState(row.state),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        decided_at=row.decided_at,
        order_id=row.order_id,
    )


def _order_of(row: Any) -> Order:  # noqa: ANN401 - a row of resend_order
    facts = {name: getattr(row, name) for name in Order.__slots__ if name != "act"}
    return Order(act=Act(row.act), **facts)
