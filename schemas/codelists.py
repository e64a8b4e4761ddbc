"""Code lists of edXML with their Vietnamese and English names (QCVN 102:2016/BTTTT, QĐ 28/2018/QĐ-TTg).

Lists whose meaning differs between systems (SteeringType, DocumentType/Type) are left out on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Name:
    """What a code means, in both languages."""

    vi: str
    en: str


STATUS_CODES: Final[Mapping[str, Name]] = MappingProxyType(
    {
        "01": Name("Đã đến", "arrived"),
        "02": Name("Từ chối tiếp nhận", "refused"),
        "03": Name("Đã tiếp nhận", "accepted and registered"),
        "04": Name("Phân công xử lý", "assigned"),
        "05": Name("Đang xử lý", "in progress"),
        "06": Name("Hoàn thành xử lý", "completed"),
        "13": Name("Yêu cầu lấy lại", "take-back requested"),
        "15": Name("Đồng ý cập nhật, lấy lại", "update or take-back agreed"),
        "16": Name("Từ chối cập nhật, lấy lại", "update or take-back refused"),
    }
)

SENT_BY_SENDER: Final = frozenset({"13"})
"""Statuses that come from the agency that sent the document; all others come from a receiver."""

REASON_EXPECTED: Final = frozenset({"02", "13", "16"})
"""Statuses that mean little without a reason in Description (QĐ 28/2018 Điều 5.4)."""

PRIORITIES: Final[Mapping[int, Name]] = MappingProxyType(
    {
        0: Name("Thường", "normal"),
        1: Name("Khẩn", "urgent"),
        2: Name("Thượng khẩn", "very urgent"),
        3: Name("Hỏa tốc", "express"),
        4: Name("Hỏa tốc hẹn giờ", "timed express"),
    }
)

RECALL: Final = 1
UPDATE: Final = 2
REPLACEMENT: Final = 3
BUSINESS_TYPES: Final[Mapping[int, Name]] = MappingProxyType(
    {
        0: Name("văn bản mới", "new document"),
        RECALL: Name("thu hồi", "recall"),
        UPDATE: Name("cập nhật", "update"),
        REPLACEMENT: Name("thay thế", "replacement"),
    }
)


def may_send(status_code: str, *, is_sender: bool) -> bool:
    """Tell whether a status may come from the agency that sent the document, or else from a receiver."""
    return status_code in STATUS_CODES and (status_code in SENT_BY_SENDER) == is_sender
