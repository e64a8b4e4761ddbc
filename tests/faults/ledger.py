"""The ledger of a trial: what clients and receivers saw with their own eyes, in files that only grow and are flushed to disk.

A client writes before it sends and after it was answered, a receiver before it acknowledges, an observer whatever checkpoint it
was shown. So whatever dies, what had been said is known: an attempt without an answer is one whose outcome is unknown.

Invariant: a record is on the disk when `write` returns; nothing is ever changed. A line that was cut short is the last one of a
writer that died, and counts as not written.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

ACCEPT: Final = "accept"
REJECT: Final = "reject:"
"""What a client expects of an attempt: `accept`, or `reject:` and the code of the refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A client is about to send; the same `key` and `sha256` again is a retry."""

    attempt: str
    document_id: str
    key: str
    sha256: str
    sender: str
    recipients: tuple[str, ...]
    gateway: str
    process: int
    expect: str
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A client was answered; `status` 0 means that no answer came. `leaf` is the log entry that the receipt names."""

    attempt: str
    status: int
    seconds: float
    t: float
    message_id: str | None = None
    code: str | None = None
    leaf: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A receiver has read an inbox item and holds the bytes; `applied` unless it held that document already."""

    member: str
    recipient: str
    item_id: str
    message_id: str
    sha256: str
    applied: bool
    t: float
    flow_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An observer was shown a checkpoint by a gateway."""

    gateway: str
    note: str
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one gateway process used of its host."""

    process: str
    resident: int
    descriptors: int
    t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A fault `began`, was `healed`, or everything has `settled` since."""

    fault: str
    what: str
    t: float


WARM_UP: Final = "warm-up"
"""The phase in which everything is used for the first time, before any fault."""

CALM: Final = "calm"
"""The phase in which nothing goes wrong, before any fault."""

Record = Attempt | Answer | Taken | Shown | Sample | Phase
_R = TypeVar("_R", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything that was written, in the order of each file."""

    attempts: tuple[Attempt, ...] = ()
    answers: tuple[Answer, ...] = ()
    taken: tuple[Taken, ...] = ()
    shown: tuple[Shown, ...] = ()
    samples: tuple[Sample, ...] = ()
    phases: tuple[Phase, ...] = ()


_FILES: Final[dict[str, type[Any]]] = {
    "attempts": Attempt,
    "answers": Answer,
    "taken": Taken,
    "shown": Shown,
    "samples": Sample,
    "phases": Phase,
}
_NAMES: Final = {kind: name for name, kind in _FILES.items()}


class Books:
    """The open files of a ledger, one for each kind of record, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._files = {kind: os.open(folder / f"{name}.jsonl", flags, 0o600) for kind, name in _NAMES.items()}

    async def write(self, *records: Record) -> None:
        """Append records of one kind and return when they are on the disk."""
        if records:
            await asyncio.to_thread(self._write, records)

    def _write(self, records: Sequence[Record]) -> None:
        (file,) = {self._files[type(record)] for record in records}
        # One write, so that no two records mix.
        os.write(file, b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        os.fdatasync(file)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            os.close(file)


def read(folder: Path) -> Ledger:
    """Read a ledger back."""
    return Ledger(**{name: tuple(_records(folder / f"{name}.jsonl", kind)) for name, kind in _FILES.items()})


def _records(file: Path, kind: type[_R]) -> Iterator[_R]:
    if not file.exists():
        return
    for line in file.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield msgspec.json.decode(line, type=kind)


def now() -> float:
    """Return the time of the host that all records of a trial share; it is never set while a trial runs."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


if {field.name for field in fields(Ledger)} != set(_FILES):
    raise AssertionError("every kind of record has a file")
