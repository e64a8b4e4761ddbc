"""The one table with which a run of the faults ends, for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.faults.trial import Outcome, Row

_SHOWN: Final = 8


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the table over all trials, and whatever contradicts an invariant."""
    table = Table(title="Faults", title_justify="left")
    table.add_column("fault")
    table.add_column("what happens")
    for heading in ("times", "documents", "lost", "duplicated", "time to heal"):
        table.add_column(heading, justify="right")
    for row in merged([row for outcome in outcomes for row in outcome.rows]):
        if row.not_run:
            table.add_row(row.fault, row.title, "NOT RUN", style="bold yellow")
            continue
        bad = row.lost or row.duplicated or row.heal_seconds is None
        healed = "never" if row.heal_seconds is None else f"{row.heal_seconds:.1f} s"
        numbers = (row.times, row.documents, row.lost, row.duplicated)
        table.add_row(
            row.fault,
            row.title,
            *(f"{number:,}" for number in numbers),
            healed,
            style="bold red" if bad else None,
        )
    console.print(table)
    for row in (row for outcome in outcomes for row in outcome.rows if row.not_run):
        console.print(f"{row.fault} was not run: {row.not_run}", style="yellow", markup=False)
    console.print(f"sent again on the axis: {sum(outcome.repeats for outcome in outcomes):,}")
    violations = [each for outcome in outcomes for each in outcome.violations]
    console.print(f"violations: {len(violations)}", style="bold red" if violations else "green")
    for name, group in groupby(violations, key=lambda each: each.invariant):
        texts = [each.text for each in group]
        for text in texts[:_SHOWN]:
            console.print(f"{name}: {text}", style="red", markup=False, soft_wrap=True)
        if len(texts) > _SHOWN:
            console.print(f"{name}: {len(texts) - _SHOWN} more", style="red")


def merged(rows: Sequence[Row]) -> list[Row]:
    """Return one row for each fault: sums, and the longest time to heal."""
    found: dict[str, Row] = {}
    for row in rows:
        before = found.get(row.fault)
        if before is None:
            found[row.fault] = row
            continue
        never = row.heal_seconds is None or before.heal_seconds is None
        found[row.fault] = Row(
            fault=row.fault,
            title=row.title,
            times=before.times + row.times,
            documents=before.documents + row.documents,
            lost=before.lost + row.lost,
            duplicated=before.duplicated + row.duplicated,
            heal_seconds=None if never else max(row.heal_seconds or 0.0, before.heal_seconds or 0.0),
            not_run=row.not_run or before.not_run,
        )
    return sorted(found.values(), key=lambda each: int(each.fault.removeprefix("F")))
