"""A message in the words of a clerk: labels in Vietnamese first, values as the message has them (QĐ 28/2018 Điều 10.2).

Rows are pairs of label and value for `output.show_facts`; what the message leaves out has no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, TypeAlias

from gateway.cli.output import local
from schemas.codelists import BUSINESS_TYPES, PRIORITIES, SENT_BY_SENDER, STATUS_CODES, Name
from schemas.document import (
    Business,
    Document,
    Organization,
    ReplacementInfo,
    ResponseFor,
    SignerInfo,
    StaffInfo,
    StatusMessage,
)

Row: TypeAlias = tuple[str, object]

_UNKNOWN: Final = Name("không có trong danh mục", "not in the list")
_RECEIVER: Final = {0: Name("bỏ", "removed"), 1: Name("thêm", "added")}
_PAPER: Final = {
    0: Name("không có bản giấy", "no paper copy"),
    1: Name("có bản giấy", "a paper copy follows"),
}


def title(message: Document | StatusMessage) -> Name:
    """Name the kind of message."""
    if isinstance(message, Document):
        return BUSINESS_TYPES.get(message.business_type, _UNKNOWN)
    return Name("thông điệp trạng thái", "status message")


def rows_of(message: Document | StatusMessage) -> list[Row]:
    """Return everything that a clerk asks of a message, in the order of a printed letter."""
    return list(_document(message) if isinstance(message, Document) else _status(message))


def day(value: date | None) -> str | None:
    """Write a date the Vietnamese way."""
    return None if value is None else f"{value:%d/%m/%Y}"


def _document(document: Document) -> Iterator[Row]:
    yield "Số, ký hiệu · number", f"{document.code.number}/{document.code.notation}"
    place = f"{document.promulgation_place}, " if document.promulgation_place else ""
    yield "Ngày ban hành · issued", f"{place}{day(document.promulgation_date)}"
    yield "Loại văn bản · kind", document.document_type.type_name
    yield "Trích yếu · subject", document.subject
    yield "Tóm tắt · summary", document.content
    if document.priority is not None:
        yield "Độ khẩn · urgency", _coded(document.priority, PRIORITIES.get(document.priority, _UNKNOWN))
    yield "Hạn trả lời · answer due", day(document.due_date)
    yield "Nơi gửi · from", _party(document.sender)
    yield from _listed("Nơi nhận · to", (_party(each) for each in document.recipients))
    yield "Nơi nhận ghi ở cuối · copies", "; ".join(document.to_places) or None
    yield "Người ký · signed by", _signer(document.signer)
    yield from _listed(
        "Trả lời cho · answers", (_answered(each, each.organ_id) for each in document.response_for)
    )
    yield from _business(document.business_type, document.business)
    yield from _further(document)
    yield "Mã văn bản · document id", document.document_id


def _status(status: StatusMessage) -> Iterator[Row]:
    code = status.status_code
    yield "Trạng thái · status", _coded(code, STATUS_CODES.get(code, _UNKNOWN))
    yield "Nội dung · description", status.description
    yield "Lúc · at", f"{local(status.timestamp)} (+07)"
    yield "Nơi gửi · from", _party(status.sender)
    yield "Gửi tới · to", status.response_for.organ_id
    # Whoever asks for a document back has issued it; ResponseFor then names the agency that is asked.
    asks = status.status_code in SENT_BY_SENDER
    issuer = status.sender.organ_id if asks else status.response_for.organ_id
    yield "Về văn bản · about", _answered(status.response_for, issuer)
    yield "Mã văn bản · document id", status.response_for.document_id
    yield "Người xử lý · staff", _staff(status.staff)


def _business(kind: int, business: Business | None) -> Iterator[Row]:
    """Tell what is done with another document; a new one is nothing to speak of, but for its reason."""
    if kind:
        yield "Nghiệp vụ · business", _coded(kind, BUSINESS_TYPES.get(kind, _UNKNOWN))
    if business is None:
        return
    if kind:
        yield "Văn bản liên quan · concerns", business.document_id
    yield "Lý do · reason", business.reason
    if business.paper is not None:
        yield "Bản giấy · paper", _coded(business.paper, _PAPER.get(business.paper, _UNKNOWN))
    if (info := business.document_info) is not None:
        parts = (
            (info.document_info, "nội dung · content"),
            (info.document_receiver, "nơi nhận · recipients"),
        )
        yield "Cập nhật · updated", ", ".join(words for flag, words in parts if flag) or None
        changed = (
            f"{each.organ_id}  {_RECEIVER.get(each.receiver_type, _UNKNOWN).vi}" for each in info.receivers
        )
        yield from _listed("Thay đổi nơi nhận · changed", changed)
    yield from _listed("Thay cho · replaces", (_replaced(each) for each in business.replacements))
    yield "Người liên hệ · contact", _staff(business.staff)


def _further(document: Document) -> Iterator[Row]:
    info = document.other_info
    yield "Phạm vi lưu hành · sphere", info.sphere_of_promulgation
    yield "Người soạn · typed by", info.typer_notation
    yield "Số bản · copies issued", info.promulgation_amount
    yield "Số trang · pages", info.page_amount
    yield from _listed("Phụ lục · appendix", info.appendixes)
    yield from _listed("Nhiệm vụ · task", document.task_codes)


def _listed(label: str, values: Iterator[str] | tuple[str, ...]) -> Iterator[Row]:
    """Label the first of several values."""
    for place, value in enumerate(values):
        yield ("" if place else label), value


def _coded(code: int | str, name: Name) -> str:
    return f"{name.vi} · {name.en} ({code})"


def _party(organization: Organization) -> str:
    return "  ".join(filter(None, (organization.organ_id, organization.name, organization.in_charge)))


def _signer(signer: SignerInfo) -> str:
    return ", ".join(filter(None, (signer.competence, signer.position, signer.full_name)))


def _answered(response: ResponseFor, issuer: str) -> str:
    issued = f"ngày {day(response.promulgation_date)}" if response.promulgation_date else None
    of = f"của {issuer}" if issuer else None
    return " ".join(filter(None, (response.code or response.document_id, issued, of)))


def _replaced(replaced: ReplacementInfo) -> str:
    had_it = f"  ({', '.join(replaced.organ_ids)})" if replaced.organ_ids else ""
    return f"{replaced.document_id}{had_it}"


def _staff(staff: StaffInfo | None) -> str | None:
    if staff is None:
        return None
    known = (staff.staff, staff.department, staff.email, staff.mobile)
    return ", ".join(filter(None, known)) or None
