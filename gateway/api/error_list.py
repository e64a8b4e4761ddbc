"""The list of errors for people: `docs/errors.md` for readers of the project, and the page `/errors` that every problem links to.

`gateway/api/errors_page.py` prints the Markdown; a test holds `docs/errors.md` against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from http import HTTPStatus
from typing import Final

from gateway.api.catalogue import Entry, entries

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~#])")
_GROUPS: Final = {
    "request": "The request · Yêu cầu",
    "access": "Access · Quyền truy cập",
    "peer": "Other gateways · Cổng khác",
    "intake": "Contradictions · Trái với nội dung đã tiếp nhận",
    "status": "Status messages · Thông điệp trạng thái",
    "correspondence": "Recalls, updates, replacements · Thu hồi, cập nhật, thay thế",
    "schema": "The edXML file · Tệp edXML",
    "certs": "Signatures and certificates · Chữ ký số và chứng thư số",
    "trust": "The trust store · Kho tin cậy",
    "registry": "Agency codes and the registry · Mã định danh và danh mục",
    "routing": "Routes · Định tuyến",
    "log": "The routing log · Nhật ký định tuyến",
    "receipt": "Receipts · Biên nhận",
    "keys": "The gateway's own keys · Khóa của cổng",
    "verify": "Verifying one file · Kiểm tra một tệp",
    "axis": "Between gateways · Giữa các cổng",
    "pressure": "Limits · Giới hạn",
    "store": "The database · Cơ sở dữ liệu",
    "service": "The service · Dịch vụ",
}
_NO_CLAUSE: Final = frozenset({"schema.too_large", "schema.too_complex", "schema.unexpected_message"})
"""Findings about the file that rest on the gateway's own limits."""

_HEAD: Final = """\
# Errors

Every refusal names one of these codes. Codes are stable: software may rely on them; texts may improve.
Over HTTP a refusal is a problem document (RFC 9457) with `code`, both languages, what to do next, the place in
the file, the clause it departs from, and in `errors` every finding. In the texts below, ‹name› stands for a fact.

*Refused* is final for these bytes. *Undecided* means that the gateway could not tell: the same request may
succeed later. Status 500 marks codes that do not travel over HTTP; a caller sees `service.internal_error` instead.

<!-- Written by `python -m gateway.api.errors_page > docs/errors.md`. -->
"""
_PAGE: Final = """\
<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Vanthu · Mã lỗi / Errors</title><link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/page.css"></head>
<body class="errors"><h1>Mã lỗi <small lang="en">Errors</small></h1>
{groups}
</body></html>
"""


def markdown() -> str:
    """Return the whole list as Markdown."""
    parts = [_HEAD]
    for title, group in _grouped():
        parts.append(f"\n## {title}\n")
        parts.extend(_section(entry) for entry in group)
    return "".join(parts)


@cache
def page() -> bytes:
    """Return the whole list as one HTML page."""
    groups = "\n".join(
        f"<h2>{escape(title)}</h2>\n" + "\n".join(map(_article, group)) for title, group in _grouped()
    )
    return _PAGE.format(groups=groups).encode()


def _grouped() -> Iterable[tuple[str, list[Entry]]]:
    for prefix, title in _GROUPS.items():
        yield title, [entry for entry in entries() if entry.code.partition(".")[0] == prefix]


def _outcome(entry: Entry) -> str:
    if entry.status == HTTPStatus.CREATED:
        return "warning: the message is taken"
    return "undecided" if entry.retry else "refused"


def _clause(entry: Entry) -> tuple[str, str]:
    """Say in Vietnamese and in English which clause counts, or nothing where the format has none."""
    if entry.clause:
        return entry.clause, entry.clause
    if entry.code.startswith("schema.") and entry.code not in _NO_CLAUSE:
        return "điều khoản của phần tử được nêu", "that of the element"
    return "", ""


def _section(entry: Entry) -> str:
    rows = (("Tiếng Việt", entry.vi, entry.fix_vi), ("English", entry.en, entry.fix_en))
    _, clause = _clause(entry)
    table = "".join(f"| {name} | {_plain(text)} | {_plain(fix)} |\n" for name, text, fix in rows)
    return (
        f'\n### <a id="{entry.code}"></a>`{entry.code}`\n\n'
        f"HTTP {entry.status}, {_outcome(entry)}. {_plain(entry.about)}"
        f"{f' Clause: {_plain(clause)}.' if clause else ''}\n\n"
        f"| | Message | What to do |\n|---|---|---|\n{table}"
    )


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _article(entry: Entry) -> str:
    clause, _ = _clause(entry)
    return (
        f'<article id="{escape(entry.code)}"><h3><code>{escape(entry.code)}</code>'
        f" <small>HTTP {entry.status}, {_outcome(entry)}</small></h3>"
        f"<p>{escape(entry.vi)}<br><b>→</b> {escape(entry.fix_vi)}"
        f"{f'<br><b>§</b> {escape(clause)}' if clause else ''}</p>"
        f'<p lang="en">{escape(entry.en)}<br><b>→</b> {escape(entry.fix_en)}</p></article>'
    )
