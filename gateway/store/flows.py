"""Numbers within flows: each message from one agency to another gets the next one, in the transaction that accepts it.

Whoever numbers holds the row of the flow until its commit, so that of two messages the one with the lower
number is there first, and due no later. Invariants: no number is given twice; none is left out, because what
a batch did not use is given back while its rows are still held; the rows are the first that a transaction
locks (`Writer.write`), always in one order, so that whoever waits for one holds nothing that others wait for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, text, update

from gateway.records import Acceptance, Recipient
from gateway.store.columns import EPOCH
from gateway.store.tables import flow

LONGEST_TURN: Final = timedelta(minutes=1)
"""Longer than anybody waits for a flow; what was due even later came when the clock was wrong, and is not waited for."""

_encode: Final = msgspec.json.Encoder().encode
_GIVE_BACK: Final = (
    update(flow).where(flow.c.id == bindparam("flow_id")).values(last=flow.c.last - bindparam("unused"))
)


# One text of JSON for a whole batch: SQLAlchemy's own upsert of many rows costs more than the rest of an acceptance.
_UPSERT: Final = f"""
    INSERT INTO flow (sender, recipient, last, last_due_at)
    SELECT {{fields}} ORDER BY 1, 2
    ON CONFLICT (sender, recipient) DO UPDATE SET
        last = flow.last + excluded.last,
        last_due_at = CASE
            WHEN flow.last_due_at > excluded.last_due_at
                AND flow.last_due_at <= excluded.last_due_at + {LONGEST_TURN // timedelta(microseconds=1):d}
            THEN flow.last_due_at ELSE excluded.last_due_at
        END
    RETURNING id, sender, recipient, last, last_due_at
"""
_TAKE: Final = {
    "sqlite": text(
        _UPSERT.format(
            fields="json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), :now"
            " FROM json_each(:rows) WHERE true"
        )
    ),
    "postgresql": text(
        _UPSERT.format(
            fields="r ->> 0, r ->> 1, CAST(r ->> 2 AS bigint), CAST(:now AS bigint)"
            " FROM json_array_elements(CAST(:rows AS json)) AS r"
        )
    ),
}


class Place(NamedTuple):
    """The place of one message in its flow: the flow's row, the number, and when it is due, not before those before it."""

    flow: int
    seq: int
    due_at: datetime


@dataclass(slots=True)
class _Numbers:
    flow: int
    next: int
    last: int
    due_at: datetime


class Numbering:
    """The numbers for one batch: as many as it may need are taken at once, and what was not given is handed back."""

    def __init__(self, connection: Connection, now: datetime, items: Sequence[Acceptance]) -> None:
        self._connection = connection
        needed = Counter(_pair(item, recipient) for item in items for recipient in item.recipients)
        self._flows: dict[tuple[str, str], _Numbers] = {}
        if not needed:
            return
        wanted = [(*pair, count) for pair, count in sorted(needed.items())]
        values = {"rows": _encode(wanted).decode(), "now": (now - EPOCH) // timedelta(microseconds=1)}
        for number, sender, recipient, last, due_at in connection.execute(
            _TAKE[connection.dialect.name], values
        ):
            first = last - needed[sender, recipient] + 1
            moment = now if due_at == values["now"] else EPOCH + timedelta(microseconds=due_at)
            self._flows[sender, recipient] = _Numbers(number, first, last, moment)

    def number(self, item: Acceptance) -> dict[str, Place]:
        """Return the places of a message that is accepted now, by the ids of its deliveries."""
        return {recipient.delivery_id: self._place(_pair(item, recipient)) for recipient in item.recipients}

    def give_back(self) -> None:
        """Hand back what was taken for what was not accepted."""
        unused = [
            {"flow_id": each.flow, "unused": each.last - each.next + 1}
            for each in self._flows.values()
            if each.next <= each.last
        ]
        if unused:
            self._connection.execute(_GIVE_BACK, unused)

    def _place(self, pair: tuple[str, str]) -> Place:
        numbers = self._flows[pair]
        place = Place(numbers.flow, numbers.next, numbers.due_at)
        numbers.next += 1
        return place


def _pair(item: Acceptance, recipient: Recipient) -> tuple[str, str]:
    return item.message.sender_code, recipient.code
