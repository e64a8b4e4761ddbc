"""The first sheet of a workbook (ECMA-376, `.xlsx`) as rows of text, read so that a hostile file costs little.

Before openpyxl sees anything, the ZIP is looked through: how many parts, how big unpacked, how much smaller packed, and that no
XML in it declares a document type. openpyxl reads sheets with defusedxml where that is there; it is a dependency for that reason.

Invariants: nothing is evaluated: a formula is its own text, which no column takes; a date is ISO 8601, Vietnam time where it has
a time of day; the size that the sheet claims for itself is not believed, because many writers get it wrong.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final

from openpyxl import load_workbook

from routing.errors_change_sets import WorkbookRefusedError

ROWS: Final = 200_000
COLUMNS: Final = 64
PARTS: Final = 500
UNPACKED: Final = 256 * 2**20
RATIO: Final = 200
"""Real sheets shrink to a twentieth; deflate can do a thousandth, and then on purpose."""

_SMALL: Final = 2**20
_VIETNAM: Final = timezone(timedelta(hours=7))
_CHUNK: Final = 2**16
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")


def rows_of_workbook(content: bytes) -> Iterator[Sequence[str]]:
    """Yield the rows of the first sheet, each cell as text.

    Raises:
        WorkbookRefusedError: it is no workbook, too big, or made to do harm.

    """
    try:
        _look_through(content)
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = workbook.worksheets[0]
        # What the file says of its own size is wrong in many files; without it rows are read to the end.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            row = [_text(cell) for cell in cells]
            _check_size(number, row)
            if number <= ROWS:
                yield row[:COLUMNS]
    except WorkbookRefusedError:
        raise
    except (
        Exception
    ) as error:  # the parsers below raise errors of many kinds, all of which say that it cannot be read
        raise _unreadable(error) from error


def _check_size(number: int, row: Sequence[str]) -> None:
    if number > ROWS and any(row):
        raise _refusal(f"quá {ROWS} dòng", f"more than {ROWS} rows")
    if any(row[COLUMNS:]):
        raise _refusal(f"quá {COLUMNS} cột", f"more than {COLUMNS} columns")


def _look_through(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > PARTS:
            raise _refusal(f"quá {PARTS} phần", f"more than {PARTS} parts")
        if len({part.filename for part in parts}) != len(parts):
            raise _refusal("một phần có hai bản", "a part is there twice")
        left = UNPACKED
        for part in parts:
            left -= _look_at_part(archive, part, left)


def _look_at_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Unpack one part without keeping it, and return its true size; what the directory says of it proves nothing."""
    size, tail = 0, b""
    most = min(left, max(_SMALL, RATIO * part.compress_size))
    is_xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    with archive.open(part) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            if is_xml and not size and chunk.startswith(_WIDE):
                raise _refusal("XML không phải UTF-8", "its XML is not UTF-8")
            size += len(chunk)
            if size > most:
                raise _refusal("quá lớn khi giải nén", "it is too big unpacked")
            if is_xml and (b"<!DOCTYPE" in tail + chunk or b"<!ENTITY" in tail + chunk):
                raise _refusal("XML khai báo DTD", "its XML declares a document type")
            tail = chunk[-16:]
    return size


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a cell holds
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date):
        return _moment(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A formula over several cells, or a kind of cell that no column takes, is told by its kind.
    return str(value) if isinstance(value, str | int | float) else f"={type(value).__name__}"


def _moment(value: date) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    return value.date().isoformat() if value.time() == time() else value.replace(tzinfo=_VIETNAM).isoformat()


def _refusal(vi: str, en: str) -> WorkbookRefusedError:
    return WorkbookRefusedError(reason_vi=vi, reason_en=en)


def _unreadable(error: Exception) -> WorkbookRefusedError:
    shown = f"{type(error).__name__}: {error}"[:60]
    return _refusal(f"không đọc được ({shown})", f"it cannot be read ({shown})")
