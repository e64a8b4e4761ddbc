"""How the records of the ports become rows and come back; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Column

from gateway.records import Delivery, InboxItem, Message, MessageKind, Recipient
from gateway.store.tables import arrival, delivery, message
from routing.delivery import DeliveryState

MESSAGE_FIELDS: Final = tuple(field.name for field in fields(Message))
MESSAGE_COLUMNS: Final[tuple[Column[Any], ...]] = tuple(message.c[name] for name in MESSAGE_FIELDS)

_RECIPIENT_FIELDS: Final = ("code", "as_sent", "member_id", "queue", "resolved_code", "flow_seq")

_DELIVERY_FIELDS: Final = tuple(field.name for field in fields(Delivery))
DELIVERY_COLUMNS: Final[tuple[Column[Any], ...]] = tuple(delivery.c[name] for name in _DELIVERY_FIELDS)

RECIPIENT_COLUMNS: Final[tuple[Column[Any], ...]] = tuple(
    delivery.c[name] for name in ("id", *_RECIPIENT_FIELDS)
)
INBOX_COLUMNS: Final[tuple[Column[Any], ...]] = (
    *MESSAGE_COLUMNS,
    *(arrival.c[name] for name in ("id", *_RECIPIENT_FIELDS)),
    *(arrival.c[name] for name in ("reply_queue", "arrived_at", "fetched_at", "acknowledged_at")),
)
_AFTER_MESSAGE: Final = len(MESSAGE_COLUMNS)
_AFTER_RECIPIENT: Final = _AFTER_MESSAGE + len(RECIPIENT_COLUMNS)


def message_row(source: Message) -> dict[str, Any]:
    """Return a message as column values, all but the hash of its log entry."""
    row = {name: getattr(source, name) for name in MESSAGE_FIELDS}
    row["kind"] = source.kind.value
    return row


def message_of(values: Sequence[Any]) -> Message:
    """Return the message whose `MESSAGE_COLUMNS` come first in `values`."""
    facts = dict(zip(MESSAGE_FIELDS, values, strict=False))
    facts["kind"] = MessageKind(facts["kind"])
    facts["refers_to"] = tuple(facts["refers_to"] or ())
    return Message(**facts)


def recipient_of(values: Sequence[Any]) -> Recipient:
    """Return the recipient from the values of `RECIPIENT_COLUMNS`, alone or after a message."""
    return Recipient(**dict(zip(("delivery_id", *_RECIPIENT_FIELDS), values, strict=False)))


def routed_message_of(values: Sequence[Any]) -> tuple[Message, Recipient]:
    """Return a message and one recipient from `MESSAGE_COLUMNS` and `RECIPIENT_COLUMNS`, in this order."""
    return message_of(values), recipient_of(values[_AFTER_MESSAGE:])


def delivery_of(values: Sequence[Any]) -> Delivery:
    """Return the delivery from the values of `DELIVERY_COLUMNS`."""
    facts = dict(zip(_DELIVERY_FIELDS, values, strict=True))
    facts["state"] = DeliveryState(facts["state"])
    facts["former_members"] = tuple(facts["former_members"])
    facts["late_state"] = DeliveryState(facts["late_state"]) if facts["late_state"] else None
    return Delivery(**facts)


def inbox_item_of(values: Sequence[Any]) -> InboxItem:
    """Return the inbox item from the values of `INBOX_COLUMNS`."""
    about, recipient = routed_message_of(values)
    reply_queue, arrived_at, fetched_at, acknowledged_at = values[_AFTER_RECIPIENT:]
    return InboxItem(
        id=recipient.delivery_id,
        message=about,
        recipient=recipient,
        reply_queue=reply_queue,
        arrived_at=arrived_at,
        fetched_at=fetched_at,
        acknowledged_at=acknowledged_at,
    )
