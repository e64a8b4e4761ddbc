"""What an acceptance owes: a delivery for each recipient, numbered, and its row in the outbox, due in its turn.

Here every acceptance passes, a hundred in one transaction: records are made directly, since `replace` costs more than the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from gateway.records import Acceptance, Event, Json, Message, Recipient
from gateway.store.bulk import insert_rows
from gateway.store.columns import EPOCH
from gateway.store.flows import Place
from gateway.store.rows import MESSAGE_FIELDS
from gateway.store.tables import delivery, outbox
from routing.delivery import DeliveryState
from routing.log import Kind

_MILLISECOND: Final = timedelta(milliseconds=1)


class Numbered(NamedTuple):
    """An acceptance as it is written: with its time, its deadline and its numbers, which its entries tell, too."""

    message: Message
    recipients: tuple[Recipient, ...]
    events: tuple[Event, ...]
    places: Mapping[str, Place]


def numbered(item: Acceptance, now: datetime, places: Mapping[str, Place]) -> Numbered:
    """Return what is written of an acceptance at this time, and in these places of its flows."""
    deadline = item.deliver_by
    if deadline is None and item.deliver_within is not None:
        deadline = now + item.deliver_within
    if deadline is not None:
        # As the log entry can say it.
        deadline = deadline.replace(microsecond=deadline.microsecond // 1000 * 1000)
    facts = {name: getattr(item.message, name) for name in MESSAGE_FIELDS}
    facts |= {"accepted_at": now, "deliver_by": deadline}
    recipients = tuple(_numbered(each, places[each.delivery_id].seq) for each in item.recipients)
    events = tuple(_telling(event, places, deadline) for event in item.events)
    return Numbered(Message(**facts), recipients, events, places)


def _numbered(source: Recipient, seq: int) -> Recipient:
    return Recipient(
        delivery_id=source.delivery_id,
        code=source.code,
        as_sent=source.as_sent,
        member_id=source.member_id,
        queue=source.queue,
        resolved_code=source.resolved_code,
        resolved_version=source.resolved_version,
        chosen_at=source.chosen_at,
        flow_seq=seq,
    )


def _telling(event: Event, places: Mapping[str, Place], deadline: datetime | None) -> Event:
    """Return an entry with the numbers of its routes, and with the deadline."""
    fields: dict[str, Json] = {**event.fields}
    if "routes" in fields:
        fields["routes"] = [
            {**route, "flow_seq": places[route["delivery"]].seq} for route in fields["routes"]
        ]
    if deadline is not None and event.kind is Kind.ACCEPTED:
        fields["deliver_by_t"] = (deadline - EPOCH) // _MILLISECOND
    return Event(kind=event.kind, document_id=event.document_id, fields=fields)


def insert_deliveries(connection: Connection, now: datetime, accepted: Iterable[Numbered]) -> None:
    """Insert the deliveries of messages that are accepted; each is due no earlier than those before it in its flow."""
    deliveries: list[dict[str, Any]] = []
    due: list[dict[str, Any]] = []
    for each in accepted:
        for position, recipient in enumerate(each.recipients):
            deliveries.append(_delivery(each.message, recipient, position, now))
            due.append(_due(each.message, recipient, each.places[recipient.delivery_id]))
    insert_rows(connection, delivery, deliveries)
    insert_rows(connection, outbox, due)


def _delivery(about: Message, recipient: Recipient, position: int, now: datetime) -> dict[str, Any]:
    return {
        "id": recipient.delivery_id,
        "message_id": about.id,
        "position": position,
        "code": recipient.code,
        "as_sent": recipient.as_sent,
        "member_id": recipient.member_id,
        "queue": recipient.queue,
        "resolved_code": recipient.resolved_code,
        "resolved_version": recipient.resolved_version,
        "state": DeliveryState.QUEUED.value,
        "attempts": 0,
        "updated_at": now,
        "flow_seq": recipient.flow_seq,
    }


def _due(about: Message, recipient: Recipient, place: Place) -> dict[str, Any]:
    return {
        "id": recipient.delivery_id,
        "kind": "delivery",
        "queue": recipient.queue,
        "delivery_id": recipient.delivery_id,
        "message_id": about.id,
        "next_at": place.due_at,
        "fence": 0,
        "attempts": 0,
        "priority": about.priority,
        "flow": place.flow,
        "flow_seq": place.seq,
        "deliver_by": about.deliver_by,
    }
