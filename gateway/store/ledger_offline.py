"""The loss ledger of a database at rest: everything counted in one snapshot, without changing a thing."""

from __future__ import annotations

from datetime import date, datetime

from gateway.ledger import NO_COUNTS, Balance, Counts, LedgerDay, Report, added, gaps_by_kind
from gateway.ports.ledger import HasPayload
from gateway.store.audit import Audit, sound
from gateway.store.ledger import every_page, owed_by_rows
from routing.ledger import Gap

_PORTION = 500


def recounted(audit: Audit, *, has_payload: HasPayload, at: datetime, shown: int) -> Report:
    """Count everything.

    Raises:
        DamagedDatabaseError: it cannot be read.

    """
    gaps: list[Gap] = []
    sums: dict[date, Counts] = {}
    after: str | None = None
    with sound():
        while True:
            page = every_page(audit.connection, after=after, limit=_PORTION).settled(has_payload)
            gaps += page.gaps
            for day, counts in page.counts.items():
                if day is not None:
                    sums[day] = added(sums.get(day, NO_COUNTS), counts)
            after = page.last
            if after is None:
                break
        owed = owed_by_rows(audit.connection)
    days = tuple(LedgerDay(day=day, counts=sums[day]) for day in sorted(sums))
    return Report(
        balance=Balance(at=at, days=days, owed=owed),
        gaps=gaps_by_kind(tuple(gaps), shown=shown),
        owed_at=at,
        recounted_at=at,
    )
