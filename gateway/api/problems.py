"""Every refusal as a problem document (RFC 9457): one shape, two languages; its status stands in `gateway.api.problem_status`.

A problem says what is wrong (`code` is stable, texts are in Vietnamese and English), where, and what to do next; `errors` holds
every finding. What broke inside is never described to the caller: `service.internal_error` carries only a reference.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, cast

import msgspec
from aiohttp import hdrs, web

from gateway.api.context import REQUEST_ID
from gateway.api.problem_status import STATUS
from gateway.flow.examination import Examination
from gateway.flow.findings import Fault, Finding, Level

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "5"
_PRESSURE: Final = "pressure."
_SPREAD: Final = (10, 40)
"""Seconds after which to come back under pressure, so that not everybody does at once."""


_TITLES_VI: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "Yêu cầu không hợp lệ",
        401: "Chưa xác thực",
        403: "Không có quyền",
        404: "Không tìm thấy",
        405: "Phương thức không được phép",
        408: "Không nhận đủ nội dung",
        409: "Trái với nội dung đã tiếp nhận",
        410: "Không còn hiệu lực",
        411: "Thiếu độ dài nội dung",
        413: "Nội dung quá lớn",
        429: "Gửi quá nhanh",
        415: "Kiểu nội dung không được hỗ trợ",
        422: "Nội dung bị từ chối",
        500: "Lỗi nội bộ",
        503: "Chưa xử lý được",
    }
)


class ProblemError(Exception):
    """A fault answered with another status than the table's, because the question was another one."""

    def __init__(self, fault: Fault, *, status: int) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.status = status


def as_fault(error: Exception) -> Fault | None:
    """Return an error that may be shown to the caller: one in the table that does not mean a defect of ours."""
    status = STATUS.get(str(getattr(error, "code", "")), HTTPStatus.INTERNAL_SERVER_ERROR)
    return None if status == HTTPStatus.INTERNAL_SERVER_ERROR else cast("Fault", error)


def of_fault(
    request: web.Request, fault: Fault, *, status: int | None = None, parts: Sequence[Fault] = ()
) -> web.Response:
    """Answer with one fault, or with one that sums up its `parts`."""
    finding = Finding.of(fault)
    errors = [Finding.of(part) for part in parts] or [finding]
    return _answer(request, finding, errors, status=status or STATUS[finding.code])


def of_examination(request: web.Request, examination: Examination, *, receipt: object = None) -> web.Response:
    """Answer with the findings of an examination that did not accept, the decisive one gives the status, and its receipt."""
    decisive = examination.decisive
    if decisive is None:
        raise AssertionError("an examination that did not accept has a decisive finding")
    more = {} if receipt is None else {"receipt": receipt}
    return _answer(request, decisive, examination.findings, status=STATUS[decisive.code], more=more)


def language(request: web.Request) -> str:
    """Return the language in which the caller wants to read: `en` where that is preferred, else `vi` (RFC 9110 §12.5.4)."""
    best, chosen = 0.0, "vi"
    for part in request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(","):
        tag, _, weight = part.partition(";")
        name = tag.strip().partition("-")[0].lower()
        quality = _quality(weight.strip())
        if name in {"vi", "en"} and quality > best:
            best, chosen = quality, name
    return chosen


def _quality(weight: str) -> float:
    name, _, value = weight.partition("=")
    if name.strip() != "q":
        return 1.0
    value = value.strip()
    return float(value) if value.replace(".", "", 1).isdecimal() and value.isascii() else 0.0


def _answer(
    request: web.Request,
    decisive: Finding,
    errors: Sequence[Finding],
    *,
    status: int,
    more: Mapping[str, object] = MappingProxyType({}),
) -> web.Response:
    chosen = language(request)
    english = HTTPStatus(status).phrase
    stated = decisive.as_json()
    body: dict[str, object] = {
        "type": f"/errors#{decisive.code}",
        "title": english if chosen == "en" else _TITLES_VI.get(status, english),
        "status": status,
        "code": decisive.code,
        "detail": stated[chosen],
        **{name: stated[name] for name in ("vi", "en", "fix_vi", "fix_en")},
        "outcome": "undecided" if decisive.level is Level.UNDECIDED else "refused",
        "errors": [finding.as_json() for finding in errors],
        "instance": f"urn:uuid:{request[REQUEST_ID]}",
        **more,
    }
    body.update({name: stated[name] for name in ("clause", "where") if name in stated})
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type=MEDIA_TYPE,
        headers=_headers(decisive, status=status, language=chosen),
    )


def _retry_after(code: str, status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "1"
    # No secret depends on it.
    return str(random.randint(*_SPREAD)) if code.startswith(_PRESSURE) else RETRY_AFTER  # noqa: S311


def _headers(decisive: Finding, *, status: int, language: str) -> dict[str, str]:
    headers: dict[str, str] = {
        hdrs.CONTENT_LANGUAGE: language,
        hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
        hdrs.CACHE_CONTROL: "no-store",
    }
    if status == HTTPStatus.UNAUTHORIZED:
        headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="vanthu"'
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers[hdrs.RETRY_AFTER] = _retry_after(decisive.code, status)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers[hdrs.ALLOW] = str(decisive.facts["allowed"])
    return headers
