"""Templates of the files in which changes of the registry, and whole lists, are handed in: CSV, workbook and JSON.

Invariant: what a template says is what `routing.changes.parse` and `routing.agency_csv` read; a test reads them all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
from openpyxl import Workbook
from openpyxl.styles import Font

from routing.agency_csv import COLUMNS as LIST_COLUMNS
from routing.changes.parse import COLUMNS

_AT: Final = "2027-01-01T00:00:00+07:00"
_CHANGES: Final[tuple[Mapping[str, str], ...]] = (
    {"op": "open", "code": "H99", "name": "Ủy ban nhân dân tỉnh Mẫu", "kind": "province", "valid_from": _AT},
    {
        "op": "open",
        "code": "H99.1",
        "name": "Sở Nội vụ tỉnh Mẫu",
        "parent": "H99",
        "kind": "department",
        "valid_from": _AT,
        "code_qcvn102": "000.00.01.H99",
    },
    {"op": "close", "code": "H98", "valid_from": _AT, "successors": "H99"},
    {"op": "close", "code": "H98.1", "valid_from": _AT, "successors": "H99.1;H99"},
    {
        "op": "reconstitute",
        "code": "H97",
        "name": "Ủy ban nhân dân tỉnh Mẫu (mới)",
        "kind": "province",
        "valid_from": _AT,
    },
    {"op": "rename", "code": "H97.1", "name": "Sở Tài chính tỉnh Mẫu", "valid_from": _AT},
    {"op": "suspend", "code": "H97.2", "valid_from": _AT},
)
_AGENCIES: Final[tuple[Mapping[str, str], ...]] = (
    {"code": "H99", "name": "Ủy ban nhân dân tỉnh Mẫu", "kind": "province", "code_qcvn102": "000.00.00.H99"},
    {"code": "H99.1", "name": "Sở Nội vụ tỉnh Mẫu", "parent": "H99", "kind": "department"},
)
_LIST: Final = tuple(name for name in LIST_COLUMNS if name != "certificate_sha256")
_HELP: Final = (
    ("op", "open, close, reconstitute, rename, suspend, resume, annul", "việc cần làm"),
    ("code", "H26.1", "mã định danh theo QĐ 20/2020/QĐ-TTg"),
    ("name", "", "tên cơ quan; để trống là giữ nguyên"),
    ("parent", "H26, or - for none", "mã cơ quan cấp trên; - là không có"),
    ("kind", "province, department, commune, …", "loại cơ quan, một từ không dấu"),
    ("valid_from", _AT, "thời điểm có hiệu lực, ISO 8601 có múi giờ; chỉ ghi ngày là 0 giờ Việt Nam"),
    ("successors", "H99;H99.1", "cơ quan kế thừa, cơ quan mặc định đứng đầu"),
    ("code_qcvn102", "000.00.01.H99", "mã cũ theo QCVN 102:2016, cách nhau bằng dấu ;"),
    ("forward_until", "2027-04-01", "đến lúc nào văn bản gửi mã cũ được chuyển sang nơi kế thừa"),
)


def _as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    # With a byte-order mark, so that spreadsheets show Vietnamese.
    return target.getvalue().encode("utf-8-sig")


def _as_xlsx(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "data"
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row.get(name, "") for name in columns])
    notes = book.create_sheet("help")
    notes.append(["column", "example", "cột"])
    for line in _HELP:
        if line[0] in columns:
            notes.append(list(line))
    for each in (sheet, notes):
        for cell in next(each.iter_rows(max_row=1)):
            cell.font = Font(bold=True)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _as_json() -> bytes:
    operations = [
        {name: value.split(";") if name == "successors" else value for name, value in row.items()}
        for row in _CHANGES
    ]
    return msgspec.json.format(msgspec.json.encode({"operations": operations}), indent=2) + b"\n"


TEMPLATES: Final[Mapping[str, Callable[[], bytes]]] = MappingProxyType(
    {
        "changes.csv": lambda: _as_csv(COLUMNS, _CHANGES),
        "changes.xlsx": lambda: _as_xlsx(COLUMNS, _CHANGES),
        "changes.json": _as_json,
        "agencies.csv": lambda: _as_csv(_LIST, _AGENCIES),
        "agencies.xlsx": lambda: _as_xlsx(_LIST, _AGENCIES),
    }
)
"""What makes each template, by its file name."""
