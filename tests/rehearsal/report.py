"""The table that a rehearsal ends with, for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.table import Table

from routing.log import Kind
from tests.rehearsal.checker import Report, fates, longest_silence
from tests.rehearsal.ledger import Ledger

MUST_BE_NONE: Final = (
    "lost",
    "duplicated",
    "misrouted",
    "undecided",
    "not replayable",
    "wrongly accepted",
    "wrongly refused",
    "broken promise",
)
_SHOWN: Final = 20
_AROUND: Final = timedelta(seconds=10)


def show(console: Console, ledger: Ledger, report: Report) -> None:
    """Print what was counted, and whatever is wrong."""
    table = Table(title="1 July 2025, 00:00 Hà Nội", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    for label, value in _rows(ledger, report):
        table.add_row(label, value)
    table.add_section()
    for label in MUST_BE_NONE:
        count = report.counts[label]
        table.add_row(label, str(count), style="bold red" if count else "green")
    console.print(table)
    for fault in report.faults[:_SHOWN]:
        console.print(fault, style="red", markup=False)


def _rows(ledger: Ledger, report: Report) -> Iterator[tuple[str, str]]:
    yield "documents sent", f"{len(ledger.sent):,}"
    for fate, count in sorted(fates(ledger).items()):
        yield f"  to codes of which the fate is: {fate}", f"{count:,}"
    for label in sorted(set(report.counts) - set(MUST_BE_NONE)):
        yield label, f"{report.counts[label]:,}"
    yield "accepted before, asked again since, same answer", f"{ledger.answered_again:,}"
    for kind in (Kind.REROUTED, Kind.HELD, Kind.RELEASED, Kind.UNDELIVERABLE):
        yield f"log entries “{kind}”", f"{report.entries[kind]:,}"
    yield "log entries replayed", f"{report.entries.total():,}"
    yield "longest time near the instant without any answer", f"{longest_silence(ledger, _AROUND):.3f} s"
