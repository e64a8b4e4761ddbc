"""How the demo speaks: numbered steps with their time, facts beside labels, at most 100 columns, readable without colour.

Headings and labels are in Vietnamese and English; what comes from the gateway is shown as it came.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta, timezone
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH = 100
LABEL = 24
INDENT = 4

VIETNAM = timezone(timedelta(hours=7))

GOOD = "bold green"
BAD = "bold red"
QUIET = "dim"
MARKED = "cyan"


class Step:
    """One step: collects what there is to say and prints it when the step is over, under its heading and time."""

    def __init__(self) -> None:
        self._parts: list[Table | Text] = []
        self._grid: Table | None = None

    def fact(self, label: str, *pieces: str | tuple[str, str]) -> None:
        """Say one fact; a piece may come with its style."""
        if self._grid is None:
            self._grid = Table.grid(padding=(0, 1))
            self._grid.add_column(width=LABEL, style=QUIET, no_wrap=True)
            self._grid.add_column(overflow="fold")
            self._parts.append(self._grid)
        self._grid.add_row(label, Text.assemble(*pieces))

    def table(self, rows: Sequence[Sequence[str | Text]], *, styles: Sequence[str]) -> None:
        """Show rows of cells, each column in its style."""
        grid = Table.grid(padding=(0, 2))
        for style in styles:
            grid.add_column(style=style, overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self._add(grid)

    def lines(self, text: str, *, style: str = "") -> None:
        """Show text line by line as it is, cut at the width."""
        for line in text.splitlines():
            self._add(Text(shorten(line, WIDTH - 2 * INDENT), style=style))

    def _add(self, part: Table | Text) -> None:
        self._parts.append(part)
        self._grid = None

    def print(self, console: Console) -> None:
        """Print what was collected."""
        for part in self._parts:
            console.print(Padding(part, (0, 0, 0, INDENT), expand=False))


class Narrator:
    """Tells the steps one after another, counting them."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=False)
        if not self.console.is_terminal or self.console.width > WIDTH:
            self.console.width = WIDTH
        self._number = 0

    def title(self, vi: str, en: str) -> None:
        """Open the story."""
        self.console.print()
        self.console.print(Text.assemble((f"  {vi}", "bold"), (f"   {en}", QUIET)))

    @contextmanager
    def step(self, vi: str, en: str) -> Iterator[Step]:
        """Tell one step; it is printed when it is over, with the time it took."""
        self._number += 1
        begun = time.perf_counter()
        step = Step()
        yield step
        taken = time.perf_counter() - begun
        heading = Table.grid(expand=True)
        heading.add_column(ratio=1)
        heading.add_column(width=10, justify="right", style=QUIET)
        number = (f"{self._number:>2}", "bold cyan")
        heading.add_row(
            Text.assemble(number, "  ", (vi, "bold"), (f"  {en}", QUIET)), f"{taken * 1000:.0f} ms"
        )
        self.console.print()
        self.console.print(heading)
        step.print(self.console)

    @contextmanager
    def aside(self, vi: str, en: str) -> Iterator[Step]:
        """Tell something that is no step."""
        step = Step()
        yield step
        self.console.print()
        self.console.print(Text.assemble("    ", (vi, "bold"), (f"  {en}", QUIET)))
        step.print(self.console)

    def closing(self, vi: str, en: str) -> None:
        """Say one last line."""
        self.console.print()
        self.console.print(Text.assemble((f"    {vi}", "bold"), (f"  {en}", QUIET)))


def shorten(text: str, width: int) -> str:
    """Cut a text that is too long for a line, leaving its beginning and its end."""
    if len(text) <= width:
        return text
    head = (width - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def program() -> str:
    """Return how this program was called, so that a command that is shown can be typed as it stands."""
    return sys.argv[0] if Path(sys.argv[0]).name == "vanthu" else "vanthu"


def count(number: int) -> str:
    """Write a number the Vietnamese way, with dots between thousands."""
    return f"{number:,}".replace(",", ".")
