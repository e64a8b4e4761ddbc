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
class Delivery:
    """How far a message is on its way to one recipient."""

    id: str
    code: str
    as_sent: str
    member: str
    state: str
    state_vi: str = ""
    state_en: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A document or status message that the gateway accepted; from here on it is the gateway's to deliver."""

    id: str
    kind: str
    accepted_at: datetime
    sha256: str
    size: int
    document_id: str
    sender: Party
    number: str = ""
    about: str | None = None
    status_code: str | None = None
    verdict: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[dict[str, Any], ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    receipt: dict[str, Any] = field(default_factory=dict)
    replayed: bool = False
    """Whether this is the first answer given again, because the same bytes were accepted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """A message with everything that has happened to it so far."""

    id: str
    kind: str
    accepted_at: datetime
    sha256: str
    size: int
    document_id: str
    sender: Party
    number: str = ""
    about: str | None = None
    status_code: str | None = None
    verdict: dict[str, Any] = field(default_factory=dict)
    deliveries: tuple[Delivery, ...] = ()
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """A message that waits for, or was taken by, the caller's system."""

    id: str
    kind: str
    document: InboxDocument
    recipient: Party
    sender: Party
    arrived_at: datetime
    fetched_at: datetime | None = None
    acknowledged_at: datetime | None = None


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
