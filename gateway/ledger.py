"""What the loss ledger says: deliveries by day and by term, what is owed by the rows, and where the sides differ.

`routing.ledger` has the equation and every kind of gap; here are its numbers as they come from a store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from routing.ledger import Gap, GapKind, Term

Counts = Mapping[Term, int]
"""How many deliveries stand at each term; a term that is not there has none."""

NO_COUNTS: Counts = dict.fromkeys(Term, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The equation in numbers. `gap` is what is missing on the right side; less than 0 means that there is too much."""

    accepted: int
    delivered: int
    pending: int
    held: int
    refused: int
    expired: int

    @property
    def gap(self) -> int:
        """What was accepted and is nowhere."""
        return self.accepted - self.delivered - self.pending - self.held - self.refused - self.expired

    def by_term(self) -> dict[str, int]:
        """Return the terms by their names, what was accepted first."""
        return {
            "accepted": self.accepted,
            "delivered": self.delivered,
            "pending": self.pending,
            "held": self.held,
            "refused": self.refused,
            "expired": self.expired,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDay:
    """The deliveries accepted on one day in Vietnam, by the word of the log."""

    day: date
    counts: Counts

    @property
    def totals(self) -> Totals:
        """The numbers of this day."""
        return totals_of(self.counts, owed=self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The log's sums and the rows' at one moment: promises and ends from the log, `owed` (pending and held) from the rows."""

    at: datetime
    days: tuple[LedgerDay, ...]
    owed: Counts

    @property
    def totals(self) -> Totals:
        """The equation over all days, its two sides from two sources."""
        return totals_of(self.logged, owed=self.owed)

    @property
    def logged(self) -> Counts:
        """The sums of all days, by the word of the log."""
        return added(*(each.counts for each in self.days))

    @property
    def differs(self) -> bool:
        """Whether what is owed by the rows is not what is owed by the log."""
        logged = self.logged
        return any(logged[term] != self.owed[term] for term in Term if term.is_under_way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Documents that were held against the log: how many, the gaps, the receipts that are overdue, and where to go on."""

    documents: int
    gaps: tuple[Gap, ...] = ()
    overdue: tuple[str, ...] = ()
    counts: Mapping[date | None, Counts] = field(default_factory=dict)
    """What the log says of these documents, by day; None where it does not say when they were accepted."""

    bodies: Mapping[str, str] = field(default_factory=dict)
    """The hashes of bodies that are in no row, by document; without a payload either, they are gaps."""

    last: str | None = None
    """The last id; None at the end."""

    def settled(self, has_payload: Callable[[str], bool]) -> Page:
        """Take back the gaps of those bodies that are payloads."""
        there = {name for name, sha256 in self.bodies.items() if has_payload(sha256)}
        left = (
            gap for gap in self.gaps if gap.kind is not GapKind.BODY_MISSING or gap.document_id not in there
        )
        return replace(self, gaps=tuple(left), bodies={})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPage:
    """Some rows of the outbox: how many, the bytes of their bodies, and where to go on."""

    rows: int
    size: int
    last: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCount:
    """The gaps of one kind: how many, and the first of them."""

    kind: GapKind
    count: int
    first: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is known of the ledger right now."""

    balance: Balance | None = None
    """The equation; None while the sums are too far behind the log."""

    gaps: tuple[GapCount, ...] = ()
    overdue: int = 0
    overdue_first: tuple[str, ...] = ()
    owed_at: datetime | None = None
    """When all that is owed was checked last."""

    recounted_at: datetime | None = None
    """When everything was counted last."""

    recounting: int | None = None
    """How many documents a count of everything has come to; None if none is under way."""

    healed: int = 0

    @property
    def found(self) -> int:
        """How many gaps there are."""
        return sum(each.count for each in self.gaps)

    @property
    def outcome(self) -> str:
        """`balanced`, `gap`, or `undecided` as long as something was not looked at yet."""
        if self.gaps:
            return "gap"
        known = self.balance is not None and self.owed_at is not None and self.recounted_at is not None
        return "balanced" if known else "undecided"


def totals_of(logged: Counts, *, owed: Counts) -> Totals:
    """Make the equation: everything from the log but what is owed."""
    return Totals(
        accepted=sum(logged.values()),
        delivered=logged[Term.DELIVERED],
        pending=owed[Term.PENDING],
        held=owed[Term.HELD],
        refused=logged[Term.REFUSED],
        expired=logged[Term.EXPIRED],
    )


def added(*counts: Counts) -> Counts:
    """Add up counts."""
    return {term: sum(each[term] for each in counts) for term in Term}


def gaps_by_kind(gaps: Mapping[Gap, object] | tuple[Gap, ...], *, shown: int) -> tuple[GapCount, ...]:
    """Group gaps, and keep the first few of each kind."""
    groups: dict[GapKind, list[Gap]] = {}
    for gap in gaps:
        groups.setdefault(gap.kind, []).append(gap)
    return tuple(
        GapCount(kind=kind, count=len(groups[kind]), first=tuple(groups[kind][:shown]))
        for kind in GapKind
        if kind in groups
    )


WORDS: Mapping[GapKind, tuple[str, str]] = MappingProxyType(
    {
        GapKind.SUM: ("tổng không khớp", "the sum does not come out"),
        GapKind.DELIVERY_MISSING: (
            "mất lượt gửi đã ghi trong nhật ký",
            "promised in the log, its row is gone",
        ),
        GapKind.DELIVERY_UNPROMISED: ("lượt gửi không có trong nhật ký", "a row that the log never promised"),
        GapKind.MESSAGE_MISSING: ("mất văn bản đã tiếp nhận", "accepted, and the message is gone"),
        GapKind.STATE_UNFOUNDED: ("trạng thái trái với nhật ký", "its state has no ground in the log"),
        GapKind.STATE_UNKNOWN: ("trạng thái không xác định", "a state that nobody knows"),
        GapKind.NOT_IN_OUTBOX: (
            "chưa giao nhưng không còn trong hàng chờ gửi",
            "owed, and not in the outbox",
        ),
        GapKind.STILL_IN_OUTBOX: ("đã xong nhưng còn trong hàng chờ gửi", "over, and still in the outbox"),
        GapKind.BODY_MISSING: ("mất nội dung văn bản chưa giao", "not delivered, and its bytes are gone"),
        GapKind.ARRIVAL_MISSING: ("mất văn bản đến", "arrived, and in no inbox"),
        GapKind.ARRIVAL_UNLOGGED: ("văn bản đến không có trong nhật ký", "in an inbox, and not in the log"),
        GapKind.ENTRY_UNREADABLE: ("bản ghi nhật ký không đọc được", "an entry of the log cannot be read"),
    }
)
"""What each kind of gap is called, in Vietnamese and English."""
