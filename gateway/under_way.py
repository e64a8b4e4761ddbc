"""What becomes of deliveries under way when an addressee's code ends: what is told to senders, and what waits for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a sender is told about one delivery."""

    HELD = "held"
    RELEASED = "released"
    REROUTED = "rerouted"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    LATE_RECEIPT = "late_receipt"

    @property
    def vi(self) -> str:
        """The Vietnamese words, for display."""
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        """The English words, for display."""
        return _WORDS[self][1]


_WORDS = {
    NoticeKind.HELD: ("tạm giữ", "held"),
    NoticeKind.RELEASED: ("được gửi tiếp", "goes on"),
    NoticeKind.REROUTED: ("chuyển sang nơi kế thừa", "goes to the successor"),
    NoticeKind.UNDELIVERABLE: ("không gửi được", "undeliverable"),
    NoticeKind.EXPIRED: ("quá hạn gửi", "expired"),
    NoticeKind.LATE_RECEIPT: ("biên nhận đến sau hạn gửi", "a receipt came after the deadline"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that a sender is told; `entry` is the log entry that says so, from which its receipt is made."""

    id: str
    member_id: str
    message_id: str
    document_id: str
    sha256: str
    delivery_id: str
    code: str
    resolved_code: str | None
    kind: NoticeKind
    reason: str
    explanation: str | None
    at: datetime
    entry: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCode:
    """Deliveries to one code that wait for a decision: why, how many, since when the oldest, and when the first was accepted."""

    code: str
    reason: str
    deliveries: int
    since: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How far a pass over the deliveries, or the inbox, came: go on after `last`; None at the end. `at` is its time."""

    last: str | None
    changed: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the code administrators decide for the held deliveries to a code: send them `to` another, or give them back."""

    code: str
    to: str | None
    actor: str
    explanation: str
