"""What the files of code administrators have in common: rows of cells under a header, as CSV (RFC 4180) or a workbook.

Invariants: a row keeps the number that a spreadsheet shows for it; white space around a cell means nothing, and
inside a cell nothing is repaired; columns are known by their names, in any order.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

from routing.errors import BadFile, FileFault, RegistryFault, RegistryFileErrors
from schemas.codes import AgencyCode, Scheme
from schemas.errors import BadAgencyCode
from schemas.invisible import INVISIBLE

CANONICAL = frozenset({Scheme.QD20, Scheme.ENTERPRISE, Scheme.IDENTIFIER})
"""The schemes of codes that name agencies; the others are older forms."""

KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
VIETNAM = timezone(timedelta(hours=7))
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SPACE = " \t\r\n"

Record = tuple[int, list[str]]
"""The number of a row and its trimmed cells."""


def refused(reason: RegistryFault, *, row: int = 0, value: str = "") -> RegistryFileErrors:
    """Return the refusal of a file that cannot be read at all."""
    return RegistryFileErrors((BadFile(reason, row=row, value=value),))


def csv_records(content: bytes) -> Iterator[Record]:
    """Yield every row of a CSV file in UTF-8 that is not blank; the first is the header.

    Raises:
        RegistryFileErrors: it is not UTF-8, a workbook, or its quotation marks do not match.

    """
    if content.startswith(b"PK\x03\x04"):
        raise refused(RegistryFault.WORKBOOK)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(RegistryFault.NOT_UTF8, row=content.count(b"\n", 0, error.start) + 1) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            yield from _unless_blank(number, cells)
    except csv.Error as error:
        raise refused(RegistryFault.QUOTES, row=number + 1, value=str(error)) from error


def sheet_records(rows: Iterable[Sequence[str]]) -> Iterator[Record]:
    """Yield every row of a sheet that is not blank; the first is the header."""
    for number, cells in enumerate(rows, start=1):
        yield from _unless_blank(number, cells)


def _unless_blank(number: int, cells: Iterable[str]) -> Iterator[Record]:
    trimmed = [cell.strip(SPACE) for cell in cells]
    if any(trimmed):
        yield number, trimmed


def check_header(
    header: list[str], *, columns: Collection[str], required: Iterable[str], faults: list[FileFault]
) -> None:
    """Add unknown columns to `faults`, and raise what makes the rows unreadable.

    Raises:
        RegistryFileErrors: there is no header, a required column is missing, or one appears twice.

    """
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise refused(RegistryFault.DELIMITER, row=1, value=header[0])
    if not header:
        raise refused(RegistryFault.EMPTY)
    faults += [
        BadFile(RegistryFault.UNKNOWN_COLUMN, row=1, column=name) for name in header if name not in columns
    ]
    missing = [
        BadFile(RegistryFault.MISSING_COLUMN, row=1, column=name) for name in required if name not in header
    ]
    repeated = [
        BadFile(RegistryFault.REPEATED_COLUMN, row=1, column=name)
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    if missing or repeated:
        raise RegistryFileErrors((*faults, *missing, *repeated))


def is_visible(text: str) -> bool:
    """Tell whether every character of a text can be seen: no controls, no zero-width ones, no fillers, plain spaces only."""
    return text.isprintable() and not INVISIBLE.search(text)


def spelled_out(text: str) -> str:
    """Return a text with each character that cannot be seen, and yet counts as printable, written as its code point."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def scheme_of(text: str) -> Scheme | None:
    """Return the scheme of a code that is written exactly as the grammar has it."""
    try:
        code = AgencyCode.parse(text)
    except BadAgencyCode:
        return None
    return code.scheme if code.value == text else None


def moment_of(text: str) -> datetime | None:
    """Return the UTC moment that a cell names, None for an empty one; a day alone begins at midnight in Vietnam.

    Raises:
        ValueError: it is no time of ISO 8601 with a zone.
        OverflowError: it lies outside of the calendar.

    """
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if _DAY.fullmatch(text):
        moment = moment.replace(tzinfo=VIETNAM)
    if moment.tzinfo is None:
        raise ValueError("a time of day without a zone")
    return moment.astimezone(UTC)
