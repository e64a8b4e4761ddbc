"""How the command line shows things: facts, findings and tables for people, JSON for machines.

Invariants: text that came from outside is printed without control characters and without being read as markup, so that a file
cannot rewrite the reader's terminal; without a terminal, and under NO_COLOR, the same words come without colour.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.moments import VIETNAM
from gateway.client.errors import Fault

WIDTH = 100
"""Columns that no output exceeds, and that a pipe gets."""

_MARKS = {"refuse": ("✗", "bold red"), "undecided": ("?", "bold yellow"), "warning": ("!", "yellow")}


class UnreadableFileError(Exception):
    """A file that the command line names cannot be used; says in both languages which and why."""

    def __init__(self, *, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


def read_file(path: Path) -> bytes:
    """Read a file that the command line names.

    Raises:
        UnreadableFileError: it is not there or may not be read.

    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def measure_file(path: Path) -> tuple[int, str]:
    """Return size and SHA-256 (hex) of a file that the command line names, without holding it in memory.

    Raises:
        UnreadableFileError: it is not there or may not be read.

    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), sha256
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> UnreadableFileError:
    """Say why a file cannot be read."""
    reason = error.strerror or str(error)
    return UnreadableFileError(vi=f"Không đọc được {path}", en=f"cannot read {path}: {reason}")


def make_console(*, error: bool = False) -> Console:
    """Return a console on standard output, or on standard error."""
    console = Console(stderr=error, highlight=False)
    if not console.is_terminal or console.width > WIDTH:
        console.width = WIDTH
    return console


def plain(value: object) -> str:
    """Write a value that came from outside so that a terminal shows it and does nothing else."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))


def local(moment: datetime) -> str:
    """Write a moment as Vietnam time, to the second."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


def count(number: int) -> str:
    """Write a number the Vietnamese way, with dots between thousands."""
    return f"{number:,}".replace(",", ".")


def print_json(value: object) -> None:
    """Print a JSON document."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def show_facts(console: Console, rows: Iterable[tuple[str, object]], *, label_width: int = 24) -> None:
    """Print labels with values beside them; a value may be `Text` with its own styles, and None leaves the row out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=label_width, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        if value is not None:
            grid.add_row(label, value if isinstance(value, Text) else Text(plain(value)))
    console.print(grid)


def show_verdict(console: Console, *, good: bool | None, vi: str, en: str) -> None:
    """Print the one line that matters: yes, no, or not decided (None)."""
    mark, style = {True: ("✓", "bold green"), False: _MARKS["refuse"], None: _MARKS["undecided"]}[good]
    console.print(Text.assemble((f"{mark} {plain(vi)}", style), (f" · {plain(en)}", "dim")))


def show_fault(console: Console, fault: Fault) -> None:
    """Print one finding: code and place, what is wrong and what to do, in both languages, and the clause."""
    mark, style = _MARKS.get(fault.level, _MARKS["refuse"])
    title = Text.assemble((f"{mark} {plain(fault.code)}", style))
    if fault.where:
        title.append(f"   {plain(fault.where)}", style="dim")
    console.print(title)
    body = Table.grid(padding=(0, 1))
    body.add_column(width=3)
    body.add_column(overflow="fold")
    texts = (
        (" ", fault.vi, ""),
        (" ", fault.en, "dim"),
        (" →", fault.fix_vi, "cyan"),
        (" ", fault.fix_en, "dim"),
        (" §", fault.clause, "dim"),
    )
    for mark_before, text, text_style in texts:
        if text:
            body.add_row(mark_before, Text(plain(text), style=text_style))
    console.print(body)


def show_table(console: Console, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else plain(cell)) for cell in row))
    console.print(table)
