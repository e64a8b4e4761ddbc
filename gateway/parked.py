"""Parked documents: what could not be decided yet, because data is missing that may come, and is kept until it can be.

Invariants: a parked document was delivered to nobody; its first receipt is the proof that these bytes existed then; once it is
accepted, refused or withdrawn it stays so, and its bytes are no longer kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.records import Event, IdempotencyKey, Json


class Road(StrEnum):
    """How a parked document came: handed in by a system of ours, or from another gateway over the axis."""

    INTAKE = "intake"
    ARRIVAL = "arrival"


class ParkedState(StrEnum):
    """What became of a parked document."""

    PARKED = "parked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A parked document as its sender may know it.

    `id` is the id of the message that it becomes; for an arrival, that of its delivery. `reason` is the deciding finding of the
    last examination as JSON; of one that was accepted, the last that kept it waiting. `received_at` is the first receipt.
    """

    id: str
    road: Road
    state: ParkedState
    member_id: str
    sender_code: str
    sender_as_sent: str
    document_id: str
    number: str
    subject: str
    sha256: str
    size: int
    received_at: datetime
    keep_until: datetime
    next_at: datetime
    attempts: int
    reason: Mapping[str, Json]
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much one member may have parked at a time, so that nobody fills the disk with what cannot be decided."""

    documents: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """Everything that one commit must hold before a sender may hear 202.

    `body` is the document when it is small enough for a row, or the envelope of an arrival; None: it was set aside in `Payloads`.
    The times in `parked` are the caller's; the store moves all of them by what its own clock differs, so that `received_at` is
    the time of the commit. `queue` is where an arrival came from, `deliver_by` the deadline that its sender named.
    """

    parked: Parked
    credential_id: str | None
    key: str | None
    keys: tuple[IdempotencyKey, ...]
    body: bytes | None
    queue: str | None
    room: Room
    events: tuple[Event, ...]
    deliver_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedItem:
    """A parked document leased to this process for one examination; `fence` voids what comes too late.

    `claimed_at` is the store's time of the lease. The other members are those of `Parking`.
    """

    parked: Parked
    fence: int
    claimed_at: datetime
    credential_id: str | None
    key: str | None
    body: bytes | None
    queue: str | None
    deliver_by: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the time for which it is kept has passed."""
        return self.claimed_at >= self.parked.keep_until


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedBacklog:
    """How much is parked now on one road, and since when."""

    documents: int
    size: int
    oldest: datetime | None
