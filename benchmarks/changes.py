"""What it costs to examine a change set as large as that of 1 July 2025, as the registry grows to all codes of the country.

    python -m benchmarks.changes

For each number of codes, on one core, the processor time to read the file, to validate it, to make of it a change of versions
(`apply`), to tell and hash that (`diff`), and to take it back (`undo`). A change set closes one code in ten and opens one in
thirty, as on that night, when of 111,339 codes 11,160 ended and 3,321 began; `faulty` is the time to validate it when every row
is at fault, and `night` the change set of that night itself over the agencies in `gateway/demo`. Bar, for 111,339 codes: `bar`,
which is validate + diff, ≤ 5 s.
"""

import csv
import io
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from rich.console import Console
from rich.table import Table

import gateway.demo
from routing.agencies import Directory
from routing.agency import Agency, entity_id
from routing.agency_csv import parse_agencies
from routing.changes.apply import applied
from routing.changes.diff import counts, diff, diff_sha256
from routing.changes.parse import COLUMNS, Media, parse_change
from routing.changes.undo import rollback
from routing.changes.validate import validate

SIZES: Final = (1_000, 10_000, 100_000, 111_339)
INSTANT: Final = datetime(2025, 6, 30, 17, tzinfo=UTC)
BEFORE: Final = INSTANT - timedelta(days=1)
PROVINCES: Final = 60
ENDED: Final = 11_160 / 111_339
BEGUN: Final = 3_321 / 111_339
BAR: Final = 5.0
DEMO: Final = Path(gateway.demo.__file__).parent

T = TypeVar("T")


def country(count: int) -> list[Agency]:
    """Return provinces with units in them, each of which has units of its own."""
    made = [_agency(f"H{number:02}", None) for number in range(1, PROVINCES + 1)]
    for number in range(count - PROVINCES):
        above = made[number // 20]
        made.append(_agency(f"{above.code}.{number % 20 + 1}", above.code))
    return made


def _agency(code: str, parent: str | None) -> Agency:
    alias = ".".join(("000", *reversed(f"{code}.0.0".split(".")[1:3]), code[:3]))
    return Agency(
        code=code,
        entity_id=entity_id(code, None),
        name=f"Ủy ban nhân dân {code}",
        parent=parent,
        kind="unit",
        aliases=(alias,) if parent is None else (),
    )


def change_set(agencies: list[Agency]) -> bytes:
    """Return a file that closes the last codes in favour of new ones, one in twenty-five of them in favour of two."""
    ended = agencies[len(agencies) - round(len(agencies) * ENDED) :]
    begun = [
        f"H{number % PROVINCES + 1:02}.N{number}" for number in range(max(2, round(len(agencies) * BEGUN)))
    ]
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    at = INSTANT.isoformat()
    for number, code in enumerate(begun):
        writer.writerow(("open", code, f"Ủy ban nhân dân xã {number}", code[:3], "commune", at, "", "", ""))
    for number, agency in enumerate(ended):
        successors = begun[number % len(begun) :][: 2 if number % 25 == 0 else 1]
        writer.writerow(("close", agency.code, "", "", "", at, ";".join(successors), "", ""))
    return target.getvalue().encode()


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the processor time that some work takes, and what comes of it."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def measured(agencies: Iterable[Agency], content: bytes) -> list[str]:
    """Return the figures of one change set over one registry."""
    directory = Directory(1, "", agencies, ())
    reading, operations = timed(lambda: parse_change(content, Media.CSV))
    validating, faults = timed(lambda: validate(operations, directory, now=BEFORE))
    if faults:
        raise SystemExit(f"the change set has faults: {faults[0]}")
    wrong = [replace(each, code=f"{each.code}.0", successors=("Y99",)) for each in operations]
    failing, faults = timed(lambda: validate(wrong, directory, now=INSTANT + timedelta(days=1)))
    if len({fault.row for fault in faults}) != len(operations):
        raise SystemExit("a faulty row was not found")
    applying, change = timed(lambda: applied(operations, directory))
    telling, _ = timed(lambda: (counts(diff(change, directory)), diff_sha256(change)))
    after = directory.after(change, version=2, sha256="")
    undoing, _ = timed(lambda: rollback(change, after, now=INSTANT + timedelta(days=1)))
    times = (reading, validating, applying, telling, undoing, failing, validating + telling)
    if times[-1] > BAR:
        raise SystemExit(f"validate + diff took {times[-1]:.2f} s, more than {BAR} s")
    return [f"{len(directory):,}", f"{len(operations):,}", *(f"{each:.2f}" for each in times)]


def main() -> None:
    """Measure and print."""
    steps = ("parse", "validate", "apply", "diff", "undo", "faulty", "bar")
    table = Table("", "codes", "rows", *steps, title="seconds of processor time")
    for size in SIZES:
        agencies = country(size)
        table.add_row("", *measured(agencies, change_set(agencies)))
    evening = parse_agencies((DEMO / "agencies-2025-06-30.csv").read_bytes())
    table.add_row("night", *measured(evening, (DEMO / "cutover-2025-07-01.csv").read_bytes()))
    Console().print(table)


if __name__ == "__main__":
    main()
