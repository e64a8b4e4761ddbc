"""The loss ledger as JSON, for the API and for `vanthu ledger --json`."""

from __future__ import annotations

from gateway.api.wire import moment
from gateway.ledger import WORDS, GapCount, LedgerDay, Report, Totals
from gateway.records import Json


def report(found: Report, *, days: int) -> dict[str, Json]:
    """Show a report with its last `days` days."""
    balance = found.balance
    shown = balance.days[-days:] if balance is not None and days else ()
    return {
        "outcome": found.outcome,
        "as_of": None if balance is None else moment(balance.at),
        "totals": None if balance is None else _totals(balance.totals),
        "days": [_day(each) for each in shown],
        "gaps": [_gap(each) for each in found.gaps],
        "overdue": {"count": found.overdue, "ids": list(found.overdue_first)},
        "owed_checked_at": None if found.owed_at is None else moment(found.owed_at),
        "recounted_at": None if found.recounted_at is None else moment(found.recounted_at),
        "recounting": found.recounting,
        "healed": found.healed,
    }


def _totals(totals: Totals) -> dict[str, Json]:
    return {**totals.by_term(), "gap": totals.gap}


def _day(each: LedgerDay) -> dict[str, Json]:
    return {"day": each.day.isoformat(), **_totals(each.totals)}


def _gap(each: GapCount) -> dict[str, Json]:
    vi, en = WORDS[each.kind]
    first: list[Json] = [
        {"id": gap.subject, "document": gap.document_id, "detail": gap.detail} for gap in each.first
    ]
    return {"kind": each.kind.value, "count": each.count, "vi": vi, "en": en, "first": first}
