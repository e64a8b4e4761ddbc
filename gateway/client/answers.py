"""What a gateway answers, as plain frozen records (docs/api.md describes each member).

Invariants: a member that is not known here is passed over, and one that only newer gateways send has a default; times are aware;
hashes are SHA-256 in lowercase hex.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A sender or recipient: its code in canonical form, and as the message wrote it."""

    code: str
    as_sent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRecipient(Party):
    """The addressee of an inbox item; `resolved_code` is that of whoever took over from it, if anybody did."""

    resolved_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a document is at one recipient: the furthest status, and where a request to give it back stands."""

    status_code: str | None = None
    vi: str | None = None
    en: str | None = None
    reached_at: datetime | None = None
    closed: bool = False
    take_back: str = "none"
    asked_at: datetime | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status message about a document; words and person are there only for its two sides."""

    id: str
    status_code: str
    sender: str
    recipient: str
    stated_at: datetime
    noted_at: datetime
    effect: str
    vi: str | None = None
    en: str | None = None
    description: str | None = None
    staff: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A document that speaks of another one, or of which another one speaks."""

    relation: str
    id: str | None
    """None for a document that is not known to the gateway."""
    document_id: str
    number: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How far a message is on its way to one recipient, and at it."""

    id: str
    code: str
    as_sent: str
    member: str
    state: str
    state_vi: str = ""
    state_en: str = ""
    reason: str | None = None
    resolved_code: str | None = None
    flow_seq: int | None = None
    held_since: datetime | None = None
    arrived_late: str | None = None
    progress: Progress = Progress()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A document or status message that the gateway has: accepted and its to deliver, or (`outcome` parked) kept to be decided.

    Of a parked one `accepted_at` is None, and `reason`, `next_at` and `keep_until` say why, when it is examined again, and how
    long it is kept.
    """

    id: str
    kind: str
    sha256: str
    size: int
    document_id: str
    sender: Party
    outcome: str = "accepted"
    accepted_at: datetime | None = None
    received_at: datetime | None = None
    next_at: datetime | None = None
    keep_until: datetime | None = None
    reason: dict[str, Any] | None = None
    number: str = ""
    about: str | None = None
    status_code: str | None = None
    verdict: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[dict[str, Any], ...] = ()
    urgency: int = 0
    deliver_by: datetime | None = None
    deliveries: tuple[Delivery, ...] = ()
    receipt: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False
    """Whether this is the first answer given again, because the same bytes were accepted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What sending a message would have come to; `findings` are all of them, `code` is that of the one that decided."""

    outcome: str
    at: datetime
    sha256: str
    size: int
    code: str | None = None
    kind: str | None = None
    document: dict[str, Any] | None = None
    sender: dict[str, Any] | None = None
    recipients: tuple[dict[str, Any], ...] = ()
    verdict: dict[str, Any] = field(default_factory=dict)
    binding: dict[str, Any] | None = None
    deliveries: tuple[dict[str, Any], ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    registry_version: int = 0
    trust_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """A message with everything that has happened to it so far; one that is parked, or was refused then, has no `accepted_at`."""

    id: str
    kind: str
    sha256: str
    size: int
    document_id: str
    sender: Party
    outcome: str = "accepted"
    accepted_at: datetime | None = None
    reason: dict[str, Any] | None = None
    number: str = ""
    about: str | None = None
    status_code: str | None = None
    business_type: int | None = None
    stated_at: datetime | None = None
    verdict: dict[str, Any] = field(default_factory=dict)
    urgency: int = 0
    deliver_by: datetime | None = None
    deliveries: tuple[Delivery, ...] = ()
    statuses: tuple[Status, ...] = ()
    references: tuple[Reference, ...] = ()
    referred_by: tuple[Reference, ...] = ()
    timeline: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDocument:
    """The message behind an inbox item."""

    id: str
    sha256: str
    size: int
    document_id: str
    number: str = ""
    subject: str = ""
    about: str | None = None
    status_code: str | None = None
    business_type: int | None = None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """A message that waits for, or was taken by, the caller's system."""

    id: str
    kind: str
    document: InboxDocument
    recipient: InboxRecipient
    sender: Party
    arrived_at: datetime
    urgency: int = 0
    """0 normal to 4 express at a fixed time."""
    flow_seq: int | None = None
    """Its number among all from this sender's code to this addressee's; what is missing before it may still come."""
    fetched_at: datetime | None = None
    acknowledged_at: datetime | None = None
    progress: Progress | None = None
    referred_by: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """Items not yet acknowledged, oldest first; `next` continues after the last one."""

    items: tuple[InboxItem, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """An item taken over by its addressee; `already` if that had been said before."""

    id: str
    acknowledged_at: datetime
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryVersion:
    """The registry after a load; `changed` is False when the same content was in force already."""

    version: int
    sha256: str
    agencies: int
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token, shown this once and never again."""

    token: str
    credential_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry of the routing log: its place, its hash, what it says, and its exact bytes in base64."""

    index: int
    leaf_sha256: str
    leaf: dict[str, Any]
    leaf_base64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Entries by index; `next` is the index to go on with, None at the end."""

    entries: tuple[LogEntry, ...]
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A document that could not be decided when it came; `outcome` is parked, accepted, refused or withdrawn."""

    id: str
    outcome: str
    document_id: str
    sender: Party
    received_at: datetime
    keep_until: datetime
    reason: dict[str, Any]
    number: str = ""
    subject: str = ""
    sha256: str = ""
    size: int = 0
    next_at: datetime | None = None
    attempts: int = 0
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedPage:
    """Documents that are or were parked, oldest first; `next` continues the list."""

    items: tuple[Parked, ...]
    next: str | None = None
