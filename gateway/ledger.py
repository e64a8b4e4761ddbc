"""What the loss ledger says: deliveries by day and by term, what is owed by the rows, and where the sides differ.

`routing.ledger` has the equation and every kind of gap; here are its numbers as they come from a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

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

    last: str | None = None
    """The last id; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapCount:
    """The gaps of one kind: how many, and the first of them."""

    kind: GapKind
    count: int
    first: tuple[Gap, ...]


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
