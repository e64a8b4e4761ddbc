"""The work behind `vanthu ledger`: over a gateway's API, or on a database at rest; shown alike."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from gateway.api.wire_ledger import report as as_json_value
from gateway.cli.auditing import folder_of
from gateway.cli.exits import Exit
from gateway.cli.output import count, local, make_console, print_json, show_facts, show_table, show_verdict
from gateway.cli.remote import Result, Work
from gateway.client import Client
from gateway.client.ledger import Day, Gaps, Ledger, Totals
from gateway.clock import utc_now
from gateway.payloads import has_payload
from gateway.store import open_audit, recounted

POLL: Final = 0.5
SHOWN: Final = 100
PRINTED: Final = 10
EXITS: Final = {"balanced": Exit.OK, "gap": Exit.REFUSED, "undecided": Exit.UNDECIDED}
_WORDS: Final = {
    "balanced": (True, "KHỚP: không mất văn bản nào", "balanced: nothing is lost"),
    "gap": (False, "KHÔNG KHỚP", "there are gaps"),
    "undecided": (None, "CHƯA ĐỐI CHIẾU XONG", "not everything was looked at yet"),
}
_TERMS: Final = (
    ("accepted", "tiếp nhận"),
    ("delivered", "đã giao"),
    ("pending", "chờ"),
    ("held", "tạm giữ"),
    ("refused", "từ chối"),
    ("expired", "hết hạn"),
    ("gap", "thiếu"),
)


def online(*, days: int, recount: bool) -> Work:
    """Ask a gateway; with `recount`, once it has counted everything."""

    async def work(client: Client) -> Result:
        found = await (_recounted(client, days) if recount else client.ledger.report(days=days))
        return Result(
            value=found,
            show=lambda console: _show(console, found),
            exit=EXITS.get(found.outcome, Exit.UNDECIDED),
        )

    return work


async def _recounted(client: Client, days: int) -> Ledger:
    before = await client.ledger.recount()
    while True:
        found = await client.ledger.report(days=days)
        if found.recounted_at is not None and found.recounted_at != before.recounted_at:
            return found
        await asyncio.sleep(POLL)


def offline(database: str, *, payloads: Path | None, days: int, as_json: bool) -> Exit:
    """Count everything in a database, and print what was found.

    Raises:
        StoreError: it is no database of a gateway, or cannot be read.

    """
    folder = payloads or folder_of(database) / "payloads"
    with open_audit(database) as audit:
        report = recounted(
            audit, has_payload=lambda sha256: has_payload(folder, sha256), at=utc_now(), shown=SHOWN
        )
    value = as_json_value(report, days=days)
    if as_json:
        print_json(value)
    else:
        _show(make_console(), msgspec.convert(value, Ledger))
    return EXITS[report.outcome]


def _show(console: Console, found: Ledger) -> None:
    good, vi, en = _WORDS.get(found.outcome, _WORDS["undecided"])
    show_verdict(console, good=good, vi=vi, en=en)
    if found.totals is not None:
        numbers = zip(_TERMS, _numbers(found.totals), strict=True)
        show_facts(console, [(f"{vi} · {en}", number) for (en, vi), number in numbers])
        rows = [(each.day.strftime("%d/%m/%Y"), *_numbers(each)) for each in found.days]
        if rows:
            show_table(console, ("ngày · day", *(vi for _, vi in _TERMS)), rows)
    for gaps in found.gaps:
        _show_gaps(console, gaps)
    show_facts(
        console,
        [
            ("lúc · as of", _when(found.as_of)),
            ("đếm lại lúc · recounted", _when(found.recounted_at)),
            ("đang đếm · counting", None if found.recounting is None else count(found.recounting)),
            ("quá hạn biên nhận · overdue", _overdue(found)),
            ("đã tự khắc phục · healed", count(found.healed) if found.healed else None),
        ],
        label_width=28,
    )


def _numbers(each: Totals | Day) -> tuple[str, ...]:
    return tuple(count(getattr(each, name)) for name, _ in _TERMS)


def _show_gaps(console: Console, gaps: Gaps) -> None:
    show_verdict(console, good=False, vi=f"{gaps.kind}  {count(gaps.count)}  {gaps.vi}", en=gaps.en)
    printed = gaps.first[:PRINTED]
    show_table(
        console, ("mã · id", "văn bản · document", ""), [(g.id, g.document, g.detail) for g in printed]
    )
    if gaps.count > len(printed) and printed:
        console.print(f"… và {count(gaps.count - len(printed))} nữa · more (--json)")


def _overdue(found: Ledger) -> str | None:
    if not found.overdue.count:
        return None
    first = ", ".join(found.overdue.ids[:PRINTED])
    return f"{count(found.overdue.count)}: {first}"


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else f"{local(moment)} (+07)"
