"""Who speaks of whom: links between messages, each with its entry in the history of the document spoken of.

A message can become known twice, on the side that accepted it and on the side where it arrived, and one
gateway may be both; of several addressees each brings it once more. Invariant: a link is inserted once, and
the transaction that inserts it writes its entry, so rows and entries stand for each other one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, exists, or_, select, union

from gateway.mentions import Addressee, Mention, Sought
from gateway.records import Event, Link, Message
from gateway.store.dialects import insert_or_skip
from gateway.store.rows import MESSAGE_COLUMNS, message_of
from gateway.store.staging import Staging
from gateway.store.tables import arrival, delivery, message, reference
from schemas.lifecycle import ASKED_BACK_STATUS
from schemas.references import Relation

_KEY: Final = (reference.c.message_id, reference.c.about_id, reference.c.relation)
_INSERT: Final = insert_or_skip(reference, *_KEY)

_MOST_UNLINKED: Final = 50
"""What never finds its document (it was refused here) must not be looked at for ever."""

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_RECIPIENTS: Final[BindParameter[Any]] = bindparam("recipients", expanding=True)
_PASSED_TO: Final = or_(
    exists().where(delivery.c.message_id == message.c.id, delivery.c.code.in_(_RECIPIENTS)),
    exists().where(
        arrival.c.message_id == message.c.id,
        arrival.c.code.in_(_RECIPIENTS),
        arrival.c.refusal.is_(None),
    ),
)
_OF_SENDER: Final = (
    select(*MESSAGE_COLUMNS)
    .where(message.c.kind == "edoc", message.c.sender_code.in_(bindparam("senders", expanding=True)))
    .order_by(message.c.id)
    .limit(1)
)
_BY_ID: Final = _OF_SENDER.where(message.c.document_id == bindparam("document"))
_BY_NUMBER: Final = _OF_SENDER.where(
    message.c.number == bindparam("number"),
    message.c.promulgation_date == bindparam("day", type_=message.c.promulgation_date.type),
)
_MENTIONS: Final = (
    select(*MESSAGE_COLUMNS, reference.c.about_id, reference.c.relation, reference.c.noted_at)
    .join(reference, reference.c.message_id == message.c.id)
    .where(reference.c.about_id.in_(_IDS))
    .order_by(reference.c.noted_at, reference.c.message_id, reference.c.relation)
)
_MENTIONS_BY: Final = _MENTIONS.where(
    or_(
        message.c.kind == "edoc",
        message.c.status_code == ASKED_BACK_STATUS,
        message.c.sender_code.in_(bindparam("speakers", expanding=True)),
    )
)
_SPOKEN_OF: Final = (
    select(*MESSAGE_COLUMNS, reference.c.relation)
    .join(reference, reference.c.about_id == message.c.id)
    .where(reference.c.message_id == bindparam("id"))
    .order_by(message.c.id, reference.c.relation)
)
_UNLINKED: Final = (
    select(*MESSAGE_COLUMNS)
    .where(
        message.c.business_type > 0,
        message.c.sender_code.in_(bindparam("senders", expanding=True)),
        ~exists().where(
            reference.c.message_id == message.c.id, reference.c.relation != Relation.ANSWERS.value
        ),
    )
    .order_by(message.c.id.desc())
    .limit(_MOST_UNLINKED)
)
_ADDRESSEES: Final = union(
    select(delivery.c.message_id, delivery.c.code, delivery.c.member_id).where(
        delivery.c.message_id.in_(_IDS)
    ),
    select(arrival.c.message_id, arrival.c.code, arrival.c.member_id).where(
        arrival.c.message_id.in_(_IDS), arrival.c.refusal.is_(None)
    ),
).order_by("message_id", "code")


class Links:
    """The operation behind `Mentions.link`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def link(
        self, connection: Connection, now: datetime, items: Sequence[tuple[Message, Sequence[Link]]]
    ) -> list[None]:
        """Link messages that are stored already."""
        self._staging.stage(connection, now, insert_links(connection, now, items))
        return [None] * len(items)


def insert_links(
    connection: Connection, now: datetime, linked: Iterable[tuple[Message, Sequence[Link]]]
) -> list[Event]:
    """Store the links that are new, and return their entries for staging in the order given."""
    events = {
        (source.id, each.about, each.relation.value): each.event for source, links in linked for each in links
    }
    if not events:
        return []
    rows = [
        {"message_id": source, "about_id": about, "relation": relation, "noted_at": now}
        for source, about, relation in sorted(events)
    ]
    new = {tuple(row) for row in connection.execute(_INSERT[connection.dialect.name], rows)}
    return [event for key, event in events.items() if key in new]


def find_document(connection: Connection, sought: Sought) -> Message | None:
    """Return the document sought; number and date count only where the sender used no such id."""
    named = {"senders": sought.senders, "document": sought.document_id}
    found = _first(connection, _BY_ID, named, sought.recipients)
    if found is not None or sought.number is None or sought.promulgation_date is None:
        return found
    if sought.recipients is not None and _first(connection, _BY_ID, named, None) is not None:
        return None  # the id is known, and went to others
    numbered = {"senders": sought.senders, "number": sought.number, "day": sought.promulgation_date}
    return _first(connection, _BY_NUMBER, numbered, sought.recipients)


def find_mentions(
    connection: Connection, *, about: set[str], speakers: set[str] | None
) -> dict[str, tuple[Mention, ...]]:
    """Return what speaks of each document; one of which nothing speaks is left out."""
    if not about:
        return {}
    query: Select[Any] = _MENTIONS
    facts = {"ids": about}
    if speakers is not None:
        query, facts = _MENTIONS_BY, {"ids": about, "speakers": speakers}
    rows = connection.execute(query, facts).all()
    addressees = _addressees(connection, {row.id for row in rows})
    mentions: defaultdict[str, list[Mention]] = defaultdict(list)
    for row in rows:
        mentions[row.about_id].append(_mention(row, addressees.get(row.id, ())))
    return {name: tuple(found) for name, found in mentions.items()}


def find_spoken_of(connection: Connection, *, message_id: str) -> tuple[tuple[Relation, Message], ...]:
    """Return the documents of which a message speaks."""
    rows = connection.execute(_SPOKEN_OF, {"id": message_id})
    return tuple((Relation(row.relation), message_of(row)) for row in rows)


def find_unlinked(connection: Connection, *, senders: set[str]) -> tuple[Message, ...]:
    """Return the newest recalls, updates and replacements of these senders that are linked to nothing."""
    return tuple(map(message_of, connection.execute(_UNLINKED, {"senders": senders}))) if senders else ()


def _first(
    connection: Connection, query: Select[Any], facts: dict[str, Any], recipients: tuple[str, ...] | None
) -> Message | None:
    if recipients is not None:
        query, facts = query.where(_PASSED_TO), {**facts, "recipients": recipients}
    row = connection.execute(query, facts).one_or_none()
    return None if row is None else message_of(row)


def _mention(row: Row[Any], addressees: tuple[Addressee, ...]) -> Mention:
    return Mention(
        message=message_of(row),
        relation=Relation(row.relation),
        noted_at=row.noted_at,
        addressees=addressees,
    )


def _addressees(connection: Connection, ids: set[str]) -> dict[str, tuple[Addressee, ...]]:
    found: defaultdict[str, list[Addressee]] = defaultdict(list)
    if ids:
        for row in connection.execute(_ADDRESSEES, {"ids": ids}):
            found[row.message_id].append(Addressee(code=row.code, member_id=row.member_id))
    return {name: tuple(each) for name, each in found.items()}
