"""Every refusal as a problem document (RFC 9457): one table from code to HTTP status, one shape, two languages.

A problem says what is wrong (`code` is stable, texts are in Vietnamese and English), where, and what to do next; `errors` holds
every finding. What broke inside is never described to the caller: `service.internal_error` carries only a reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, cast

import msgspec
from aiohttp import hdrs, web

from gateway.api.context import REQUEST_ID
from gateway.flow.examination import Examination
from gateway.flow.findings import Fault, Finding, Level

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "5"

_LOG_DEFECTS: Final = (  # noqa: SIM905 - thirty lines otherwise
    "not_canonical entry_too_large entry_malformed entry_version_unknown entry_kind_unknown not_included "
    "not_consistent verifier_key_malformed note_malformed note_signature_invalid note_key_unknown "
    "checkpoint_malformed checkpoint_origin statement_malformed statement_signature_invalid statement_key_unknown "
    "receipt_mismatch entry_altered entry_unreadable entry_out_of_place history_gap history_broken history_illegal "
    "node_altered checkpoint_unreadable checkpoint_contradicted truncated unsigned"
).split()
"""Codes of the routing log that only an auditor or another gateway ever meets."""

STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        # the request
        "request.body_too_large": 413,
        "request.length_missing": 411,
        "request.body_incomplete": 408,
        "request.unsupported_media_type": 415,
        "request.bad_parameter": 400,
        "request.not_found": 404,
        "request.method_not_allowed": 405,
        # access
        "access.token_missing": 401,
        "access.token_invalid": 401,
        "access.token_expired": 401,
        "access.role_missing": 403,
        "access.sender_not_bound": 403,
        "access.signer_not_bound": 403,
        # contradictions with what was accepted before
        "intake.key_reused": 409,
        "intake.document_id_reused": 409,
        "intake.signed_view_differs": 422,
        "intake.registry_busy": 503,
        "status.unknown_document": 422,
        "status.nothing_to_answer": 422,
        "status.out_of_order": 201,
        "correspondence.unknown_document": 422,
        "correspondence.not_its_sender": 422,
        "correspondence.never_sent_to": 422,
        "correspondence.recall_of_recall": 422,
        # the file is not what edXML files are
        "schema.not_xml": 400,
        "schema.unbound_prefix": 400,
        "schema.bytes_before_xml": 400,
        "schema.doctype_forbidden": 400,
        "schema.processing_instruction": 400,
        "schema.not_utf8": 400,
        "schema.too_large": 413,
        "schema.too_complex": 400,
        # it is edXML, but its content is refused
        "schema.wrong_namespace": 422,
        "schema.wrong_root": 422,
        "schema.missing_element": 422,
        "schema.repeated_element": 422,
        "schema.empty_element": 422,
        "schema.bad_value": 422,
        "schema.date_in_future": 422,
        "schema.bad_base64": 422,
        "schema.attachment_missing": 422,
        "schema.duplicate_content_id": 422,
        "schema.attachment_executable": 422,
        "schema.archive_refused": 422,
        "schema.duplicate_recipient": 422,
        "schema.recall_of_nothing": 422,
        "schema.update_of_nothing": 422,
        "schema.update_without_change": 422,
        "schema.receiver_twice": 422,
        "schema.replacement_of_nothing": 422,
        "schema.replaced_twice": 422,
        "schema.refers_to_itself": 422,
        "schema.state_secret": 422,
        "schema.unknown_status_code": 422,
        "schema.malformed_agency_code": 422,
        "schema.agency_code_character": 422,
        "schema.agency_code_null": 422,
        "schema.unexpected_message": 422,
        # remarks: the message is taken, with warnings
        "schema.unusual_date": 201,
        "schema.too_long": 201,
        "schema.code_number_letters": 201,
        "schema.unknown_priority": 201,
        "schema.unknown_element": 201,
        "schema.unlisted_attachment": 201,
        "schema.attachment_corrupted": 201,
        "schema.attachment_type_differs": 201,
        "schema.attachment_name_unsafe": 201,
        "schema.incomplete_reference": 201,
        "schema.ignored_value": 201,
        "schema.unusual_agency_code": 201,
        "schema.reason_missing": 201,
        "schema.misplaced_element": 201,
        "schema.invisible_character": 201,
        "schema.timestamp_before_document": 201,
        "schema.timestamp_in_future": 201,
        # where a file departs from an XML Schema; only said when asked for
        "schema.xsd_element_unexpected": 201,
        "schema.xsd_element_missing": 201,
        "schema.xsd_value": 201,
        "schema.xsd_too_long": 201,
        "schema.xsd_attribute": 201,
        "schema.xsd_reference": 201,
        # signatures and certificates
        "certs.no_signature": 422,
        "certs.legacy_signature": 422,
        "certs.signature_shape": 422,
        "certs.several_signatures": 422,
        "certs.signature_misplaced": 422,
        "certs.canonicalization_failed": 422,
        "certs.not_covered": 422,
        "certs.digest_mismatch": 422,
        "certs.signature_wrong": 422,
        "certs.transform_forbidden": 422,
        "certs.algorithm_forbidden": 422,
        "certs.key_too_weak": 422,
        "certs.no_certificate": 422,
        "certs.malformed_certificate": 422,
        "certs.untrusted_certificate": 422,
        "certs.no_trust_anchors": 503,
        "certs.certificate_expired": 422,
        "certs.certificate_not_yet_valid": 422,
        "certs.key_usage": 422,
        "certs.bad_trust_bundle": 500,
        "certs.cannot_sign": 500,
        # codes and routes; looked up at /v1/agencies the first four are 404 or 410
        "registry.malformed_code": 422,
        "registry.unknown_code": 422,
        "registry.code_closed": 422,
        "registry.code_not_yet_valid": 422,
        "registry.empty": 503,
        "registry.inconsistent": 422,
        "registry.bad_file": 422,
        "registry.bad_row": 422,
        "registry.file_refused": 422,
        "routing.recipient_not_connected": 422,
        # the routing log: only an index outside the tree is the caller's fault
        "log.proof_range": 404,
        **dict.fromkeys((f"log.{name}" for name in _LOG_DEFECTS), 500),
        # between gateways: these travel in receipts, not over HTTP
        "axis.bad_envelope": 500,
        "axis.payload_missing": 503,
        "axis.payload_differs": 500,
        "axis.not_addressed": 500,
        # the service itself
        "store.unsupported_database": 500,
        "store.unsafe_database": 500,
        "store.unknown_schema": 500,
        "store.outcome_unknown": 503,
        "store.closed": 503,
        "store.log_fork": 500,
        "store.damaged_database": 500,
        "service.overloaded": 503,
        "service.internal_error": 500,
        "service.data_in_use": 500,
    }
)
"""The HTTP status of every error code of the four packages; codes that never reach HTTP stand there as 500."""

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


def of_examination(request: web.Request, examination: Examination) -> web.Response:
    """Answer with the findings of an examination that did not accept; the decisive one gives the status."""
    decisive = examination.decisive
    if decisive is None:
        raise AssertionError("an examination that did not accept has a decisive finding")
    return _answer(request, decisive, examination.findings, status=STATUS[decisive.code])


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
    request: web.Request, decisive: Finding, errors: Sequence[Finding], *, status: int
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
    }
    body.update({name: stated[name] for name in ("clause", "where") if name in stated})
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type=MEDIA_TYPE,
        headers=_headers(decisive, status=status, language=chosen),
    )


def _headers(decisive: Finding, *, status: int, language: str) -> dict[str, str]:
    headers: dict[str, str] = {
        hdrs.CONTENT_LANGUAGE: language,
        hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
        hdrs.CACHE_CONTROL: "no-store",
    }
    if status == HTTPStatus.UNAUTHORIZED:
        headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="vanthu"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers[hdrs.RETRY_AFTER] = RETRY_AFTER
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers[hdrs.ALLOW] = str(decisive.facts["allowed"])
    return headers
