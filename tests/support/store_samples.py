"""What the store tests put in: messages, acceptances, arrivals and receipts with every required fact, and a clock to turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from uuid_utils import uuid7

from gateway.records import (
    Acceptance,
    Arrival,
    Delivery,
    Event,
    IdempotencyKey,
    Message,
    MessageKind,
    ReceiptStep,
    Recipient,
)
from routing.delivery import DeliveryState
from routing.log import Kind
from routing.registrations import Registration

NOON = datetime(2025, 7, 1, 5, 0, 0, 123_000, tzinfo=UTC)
EMPTY_REGISTRY = hashlib.sha256().hexdigest()
A_CERTIFICATE = Registration(certificate_sha256="ce" * 32, valid_from=NOON - timedelta(days=1))

_RECEIPTS = {
    DeliveryState.RECEIVED: Kind.DELIVERED_RECEIPT,
    DeliveryState.ACKNOWLEDGED: Kind.ACKNOWLEDGED_RECEIPT,
    DeliveryState.REFUSED: Kind.REFUSED_RECEIPT,
    DeliveryState.UNDELIVERABLE: Kind.UNDELIVERABLE,
}


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return self.now

    def turn(self, **by: float) -> None:
        """Turn it forward."""
        self.now += timedelta(**by)


def new_id() -> str:
    """Return a new identifier, as the gateway makes them."""
    return str(uuid7())


def sha256(body: bytes) -> str:
    """Return the hash by which a body goes."""
    return hashlib.sha256(body).hexdigest()


def a_message(body: bytes = b"<edXML/>", **facts: Any) -> Message:
    """Return an accepted document over `body`."""
    document = Message(
        id=new_id(),
        kind=MessageKind.EDOC,
        gateway="gw-north",
        member_id="hanoi",
        sender_code="H26.1",
        sender_as_sent="H26.1",
        document_id=new_id(),
        number="12/QĐ-UBND",
        subject="V/v sắp xếp đơn vị hành chính",
        sha256=sha256(body),
        size=len(body),
        accepted_at=NOON - timedelta(days=7),
        registry_version=0,
        verdict={"indication": "total-passed", "chain": ["ab" * 32], "legacy": False},
    )
    return replace(document, **facts)


def a_recipient(code: str = "H53.7", **facts: Any) -> Recipient:
    """Return an addressee served by the system of Tây Ninh."""
    recipient = Recipient(
        delivery_id=new_id(),
        code=code,
        as_sent=f"000.00.07.{code[:3]}",
        member_id="tayninh",
        queue="member.tayninh",
    )
    return replace(recipient, **facts)


def keys_of(message: Message, key: str | None = None) -> tuple[IdempotencyKey, ...]:
    """Return the keys that the intake makes of a document."""
    keys = [
        IdempotencyKey(scope="body", owner=message.member_id, key=message.sha256),
        IdempotencyKey(scope="document-id", owner=message.sender_code, key=message.document_id),
    ]
    if key is not None:
        keys.append(IdempotencyKey(scope="key", owner=message.member_id, key=key))
    return tuple(keys)


def accepted_event(message: Message, recipients: Sequence[Recipient]) -> Event:
    """Return the entry of an acceptance."""
    fields = {
        "sender": message.sender_code,
        "recipients": [recipient.code for recipient in recipients],
        "payload_sha256": message.sha256,
        "payload_size": message.size,
        "registry_version": message.registry_version,
        "registry_sha256": EMPTY_REGISTRY,
        "rule": "registered",
    }
    return Event(kind=Kind.ACCEPTED, document_id=message.id, fields=fields)


def an_acceptance(
    body: bytes = b"<edXML/>",
    *,
    recipients: Sequence[Recipient] | None = None,
    key: str | None = None,
    **facts: Any,
) -> Acceptance:
    """Return everything that accepting a document over `body` must commit."""
    message = a_message(body, **facts)
    to = tuple(recipients) if recipients is not None else (a_recipient(),)
    return Acceptance(
        message=message,
        recipients=to,
        body=body,
        keys=keys_of(message, key),
        events=(accepted_event(message, to),),
    )


def an_arrival(
    message: Message, recipient: Recipient, *, body: bytes | None = b"<edXML/>", refusal: str | None = None
) -> Arrival:
    """Return a message that came from the axis for `recipient`."""
    fields = {
        "recipient": recipient.code,
        "gateway": message.gateway,
        "payload_sha256": message.sha256,
        "payload_size": message.size,
        "registry_version": message.registry_version,
        "registry_sha256": EMPTY_REGISTRY,
        "rule": "registered",
    }
    kind = Kind.ARRIVED
    if refusal is not None:
        kind, fields = Kind.ARRIVAL_REFUSED, {**fields, "reason": refusal}
    return Arrival(
        message=message,
        recipient=recipient,
        body=body,
        refusal=refusal,
        reply_queue="member.hanoi",
        receipt=f"receipt {refusal or 'received'} {recipient.delivery_id}".encode(),
        events=(Event(kind=kind, document_id=message.id, fields=fields),),
    )


def a_step(
    delivery: Delivery | Recipient, message_id: str, state: DeliveryState, reason: str | None = None
) -> ReceiptStep:
    """Return a verified receipt that moves a delivery to `state`."""
    fields: dict[str, Any] = {"recipient": delivery.code, "gateway": "gw-south", "receipt_sha256": "0f" * 32}
    if state in {DeliveryState.REFUSED, DeliveryState.UNDELIVERABLE}:
        fields["reason"] = reason or "registry.code_closed"
    delivery_id = delivery.id if isinstance(delivery, Delivery) else delivery.delivery_id
    return ReceiptStep(
        delivery_id=delivery_id,
        state=state,
        reason=reason,
        event=Event(kind=_RECEIPTS[state], document_id=message_id, fields=fields),
    )
