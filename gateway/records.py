"""The facts that travel between the flow and the ports: plain, frozen records.

Invariants: identifiers are UUIDv7 strings made by the gateway; every `datetime` is aware and UTC; every hash is SHA-256 in
lowercase hex; `fields` and `verdict` hold JSON values without floats or nulls, because they end up in log leaves (RFC 8785).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from gateway.interval import ALWAYS, Interval
from gateway.sighting import CertificateUse
from routing.delivery import DeliveryState
from routing.log import Kind
from schemas.references import Relation

Json: TypeAlias = Any
"""A JSON value. `Any`, because a recursive alias buys no safety at the places where it is used."""


class MessageKind(StrEnum):
    """What an edXML message is: a document, or a status message about one (QCVN 102, messagetype)."""

    EDOC = "edoc"
    STATUS = "status"

    @property
    def vi(self) -> str:
        """The Vietnamese name, for display."""
        return "văn bản" if self is MessageKind.EDOC else "thông điệp trạng thái"

    @property
    def en(self) -> str:
        """The English name, for display."""
        return "a document" if self is MessageKind.EDOC else "a status message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A log entry before it is chained: the store adds time, sequence number and the hash of the previous entry."""

    kind: Kind
    document_id: str | None = None
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A promise that `key` stands for one body within `scope`: a retry gets the first answer, other bytes get a conflict.

    Scopes: `key` (the caller's Idempotency-Key), `body` (the same bytes again), `document-id` (From/OrganId + DocumentId).
    `owner` is the member or, for `document-id`, the agency code.
    """

    scope: str
    owner: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An accepted edXML message, document or status, as the gateway keeps it beside the untouched bytes.

    `about` is the id of the document that a status message speaks of; `stated_at` and `staff` are the time and the person that it
    claims. `business_type` is that of a document (0 new, 1 recall, 2 update, 3 replacement), `reason` the one that it gives,
    `refers_to` what it says of other documents. What people read (`subject`, `number`, `reason`, `staff`) never enters the
    routing log. `gateway` is the name of the gateway that accepted the message from its sender.
    """

    id: str
    kind: MessageKind
    about: str | None = None
    gateway: str
    member_id: str
    sender_code: str
    sender_as_sent: str
    document_id: str
    number: str
    subject: str
    status_code: str | None = None
    business_type: int | None = None
    reason: str | None = None
    refers_to: tuple[Mapping[str, str], ...] = ()
    promulgation_date: date | None = None
    stated_at: datetime | None = None
    staff: Mapping[str, Json] | None = None
    sha256: str
    size: int
    accepted_at: datetime
    registry_version: int
    verdict: Mapping[str, Json]
    priority: int = 0
    """How urgent the document says that it is: 0 normal to 4 at a fixed time (edXML Priority)."""
    deliver_by: datetime | None = None
    """When its deliveries expire; known to the gateway that accepted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One addressee of a message and the delivery that serves it.

    `code` is what the document names; `resolved_code` the one that took over since, by version `resolved_version` of the registry
    or by choice of the code administrators at `chosen_at`.
    """

    delivery_id: str
    code: str
    as_sent: str
    member_id: str
    queue: str
    resolved_code: str | None = None
    resolved_version: int | None = None
    chosen_at: datetime | None = None
    flow_seq: int | None = None
    """Its number among all that this sender's code sent to this code; None for what came before there were numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That a message speaks of the document `about`; `event` is the entry which says so in that document's history.

    A link is stored once and its entry written once, however often and by whichever road the message comes.
    """

    about: str
    relation: Relation
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Everything that one commit must hold before a sender may hear 201.

    `body` is the document itself when it is small enough for a row, else None: then it is already durable in `Payloads`.
    `events` are log entries of this message: `accepted` first, then `routed` ones where the recipients do not fit into one.
    `links` are the documents that it speaks of. `signed_with` is the certificate that signed it, which is thereby seen.
    `evidence` is what was found in it, if any. `parked` is the fence of what was parked until now, under `message.id`.
    `steady` is when the decision holds: the transaction's time must lie within. Its deliveries expire at `deliver_by`, else
    `deliver_within` after the transaction's time, else never.
    """

    message: Message
    recipients: tuple[Recipient, ...]
    body: bytes | None
    keys: tuple[IdempotencyKey, ...]
    events: tuple[Event, ...]
    links: tuple[Link, ...] = ()
    evidence: Mapping[str, Json] | None = None
    signed_with: CertificateUse | None = None
    parked: int | None = None
    steady: Interval = ALWAYS
    deliver_by: datetime | None = None
    deliver_within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What was committed, now or by an earlier attempt (replayed): with its `accepted` log entry and the hash of that."""

    message: Message
    recipients: tuple[Recipient, ...]
    leaf_sha256: str
    entry: bytes
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far one message got on its way to one addressee; `former_members` are the systems that it was going to before.

    `late_state` is how far it came after all, by a receipt that came when it had expired.
    """

    id: str
    message_id: str
    code: str
    as_sent: str
    member_id: str
    state: DeliveryState
    attempts: int
    reason: str | None
    updated_at: datetime
    resolved_code: str | None = None
    held_since: datetime | None = None
    former_members: tuple[str, ...] = ()
    flow_seq: int | None = None
    late_state: DeliveryState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A message to be put on the axis, leased to this process until its lease ends; `fence` voids late answers.

    `message` and `recipient` are set for documents and status messages, `body` for receipts, which are sent as they are.
    """

    id: str
    fence: int
    attempt: int
    queue: str
    message: Message | None
    recipient: Recipient | None
    body: bytes | None


class SendResult(StrEnum):
    """What the axis said of one send. `UNKNOWN` may still have been delivered: the receiver drops duplicates."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """The result of one send, with the axis's own words where it failed."""

    result: SendResult
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisMessage:
    """What goes on the axis: a sealed envelope for one queue. `id` is unique for each attempt (see docs/adr)."""

    id: str
    queue: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message taken from the axis and not yet acknowledged; `tag` belongs to the link that delivered it.

    `id` is that of the attempt to send it, as far as whoever sent it says so. `redelivered`: it was handed out before and never
    settled. `died_of` is the axis's own word for why a dead letter is one.
    """

    queue: str
    body: bytes
    tag: object
    id: str = ""
    redelivered: bool = False
    died_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that passed its second examination or (`refusal`) did not; `receipt` is the answer for `reply_queue`."""

    message: Message
    recipient: Recipient
    body: bytes | None
    refusal: str | None
    reply_queue: str
    receipt: bytes
    events: tuple[Event, ...]
    links: tuple[Link, ...] = ()
    evidence: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptStep:
    """A verified receipt from the receiving side: the delivery's new state and the log entry that records it."""

    delivery_id: str
    state: DeliveryState
    reason: str | None
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """A message waiting for, or taken by, the member that serves its addressee."""

    id: str
    message: Message
    recipient: Recipient
    reply_queue: str
    arrived_at: datetime
    fetched_at: datetime | None
    acknowledged_at: datetime | None
