"""A change set as it comes: CSV, JSON, or the rows of a workbook's sheet.

The columns are ``op``, ``code``, ``name``, ``parent``, ``kind``, ``valid_from``, ``successors``, ``code_qcvn102``
(older forms) and ``forward_until``, in any order; ``op``, ``code`` and ``valid_from`` are required. Several values in
a cell are separated by ``;`` or spaces. Times are ISO 8601 with a zone; a day alone begins at midnight in Vietnam.
A cell ``-`` under ``parent`` or ``code_qcvn102`` says that there is to be none. JSON is ``{"operations": [{…}]}``
with the same names, several values as a list, and null or nothing for an empty cell.

Invariants: what cannot be read in a row, or in the header, is kept as such, so that all faults are told together;
names are kept in Unicode form NFC; only a file in which no row could be read is refused here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from unicodedata import normalize

from routing.changes.operation import Op, Operation, Unread
from routing.errors import FileFault, RegistryFault, RegistryFileErrors
from routing.errors_change import ChangeFault, ChangeReason, ChangeRefused
from routing.table_file import SPACE, Record, check_header, csv_records, moment_of, sheet_records

REQUIRED = ("op", "code", "valid_from")
COLUMNS = (
    "op",
    "code",
    "name",
    "parent",
    "kind",
    "valid_from",
    "successors",
    "code_qcvn102",
    "forward_until",
)
_SEVERAL = ("successors", "code_qcvn102")
_SEPARATORS = re.compile(r"[; \t\r\n]+")
_OPS = frozenset(Op)
NONE = "-"
"""What stands in a cell to say that there is to be no parent, or no older form."""


class Media(StrEnum):
    """The forms in which a change set comes as one file of text."""

    CSV = "csv"
    JSON = "json"


def parse_change(content: bytes, media: Media) -> tuple[Operation, ...]:
    """Return the operations of a file, in its order, each with what could not be read in its row.

    Raises:
        ChangeRefused: the file as a whole cannot be read.

    """
    if media is Media.JSON:
        return tuple(_of_json(content))
    return _of_records(csv_records(content))


def operations_from_rows(rows: Iterable[Sequence[str]]) -> tuple[Operation, ...]:
    """Return the operations of a sheet, whose first row that is not blank is the header.

    Raises:
        ChangeRefused: there is no header, or no row under it.

    """
    return _of_records(sheet_records(rows))


def _of_records(records: Iterator[Record]) -> tuple[Operation, ...]:
    faults: list[FileFault] = []
    try:
        _, header = next(records, (0, []))
        check_header(header, columns=COLUMNS, required=REQUIRED, faults=faults)
        operations = tuple(_of_cells(number, cells, header) for number, cells in records)
    except RegistryFileErrors as error:
        raise _refusal(error.faults) from error
    if not operations:
        raise _refusal(faults) if faults else ChangeRefused((ChangeFault(ChangeReason.NO_OPERATIONS),))
    if faults:
        unknown = (Unread(column=str(each.facts["column"]), value="", reason=each.fault) for each in faults)
        return (_unreadable(faults[0].row, *unknown), *operations)
    return operations


def _refusal(faults: Iterable[FileFault]) -> ChangeRefused:
    """Return the refusal of a file for what `routing.table_file` found."""
    return ChangeRefused(
        tuple(
            ChangeFault(
                ChangeReason.NO_OPERATIONS if each.fault is RegistryFault.EMPTY else each.fault,
                row=each.row,
                column=str(each.facts["column"]),
                value=str(each.facts["value"]),
            )
            for each in faults
        )
    )


def _of_cells(number: int, cells: list[str], header: list[str]) -> Operation:
    if len(cells) != len(header):
        shown = f"{len(cells)} ≠ {len(header)}"
        return _unreadable(number, Unread(column="–", value=shown, reason=RegistryFault.FIELD_COUNT))
    return _operation(number, dict(zip(header, cells, strict=True)), [])


def _unreadable(number: int, *unread: Unread) -> Operation:
    """Return what is left of a row of which nothing can be said but why."""
    return Operation(row=number, op=None, code="", valid_from=None, unread=unread)


def _operation(number: int, cells: Mapping[str, str], unread: list[Unread]) -> Operation:
    """Return what a row says; `unread` holds what was wrong with it before."""
    op = cells.get("op", "")
    if op not in _OPS and not any(each.column == "op" for each in unread):
        unread.append(Unread(column="op", value=op, reason=ChangeReason.UNKNOWN_OPERATION))
    valid_from = _moment("valid_from", cells, unread)
    parent, aliases = cells.get("parent", ""), cells.get("code_qcvn102", "")
    forward_until = _moment("forward_until", cells, unread)
    return Operation(
        row=number,
        op=Op(op) if op in _OPS else None,
        code=cells.get("code", ""),
        name=normalize("NFC", cells.get("name", "")) or None,
        parent="" if parent == NONE else parent or None,
        kind=cells.get("kind") or None,
        valid_from=valid_from,
        successors=_several(cells.get("successors", "")),
        aliases=() if aliases == NONE else _several(aliases) or None,
        forward_until=forward_until,
        unread=tuple(unread),
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(each for each in _SEPARATORS.split(text) if each) if text else ()


def _moment(column: str, cells: Mapping[str, str], unread: list[Unread]) -> datetime | None:
    text = cells.get(column, "")
    try:
        return moment_of(text)
    except (ValueError, OverflowError):
        unread.append(Unread(column=column, value=text, reason=RegistryFault.BAD_DATE))
        return None


def _of_json(content: bytes) -> Iterator[Operation]:
    try:
        rows = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)["operations"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ChangeRefused((ChangeFault(ChangeReason.NOT_JSON, value=_shown(error)),)) from error
    if not isinstance(rows, list):
        raise ChangeRefused((ChangeFault(ChangeReason.NOT_JSON, column="operations"),))
    if not rows:
        raise ChangeRefused((ChangeFault(ChangeReason.NO_OPERATIONS),))
    for number, row in enumerate(rows, start=1):
        yield _of_object(number, row)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON in which no name stands twice, because readers differ in which one counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _shown(error: Exception) -> str:
    return "" if isinstance(error, KeyError | TypeError | RecursionError) else str(error)


def _of_object(number: int, row: object) -> Operation:
    if not isinstance(row, dict):
        return _unreadable(number, Unread(column="–", value=str(row), reason=ChangeReason.BAD_VALUE))
    unread: list[Unread] = []
    cells: dict[str, str] = {}
    for name, value in row.items():
        if name not in COLUMNS:
            unread.append(Unread(column=name, value=str(value), reason=RegistryFault.UNKNOWN_COLUMN))
            continue
        text = _text(name, value)
        if text is None:
            unread.append(Unread(column=name, value=str(value), reason=ChangeReason.BAD_VALUE))
        else:
            cells[name] = text.strip(SPACE)
    return _operation(number, cells, unread)


def _text(name: str, value: object) -> str | None:
    """Return the cell that a value of JSON would be, None for one that could be none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if name in _SEVERAL and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ";".join(value) if value or name == "successors" else NONE
    return None
