"""Code lists of edXML with their Vietnamese and English names (QCVN 102:2016/BTTTT, QĐ 28/2018/QĐ-TTg, NĐ 30/2020/NĐ-CP).

The lists are the CSV files in `schemas/lists`, whose origin and standing are told there. SteeringType and DocumentType/Type are
not offered as mappings on purpose: systems differ in their meaning, so nothing may be decided by them.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Name:
    """What a code means, in both languages."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTypeName(Name):
    """One of the kinds of administrative document, with its abbreviation in notations if it has one."""

    abbreviation: str | None


def _rows(name: str) -> tuple[dict[str, str], ...]:
    """Read a list."""
    text = files("schemas").joinpath("lists", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _named(rows: tuple[dict[str, str], ...]) -> Mapping[int, Name]:
    """Return the names of a list under its numbers."""
    return MappingProxyType({int(row["code"]): Name(row["vi"], row["en"]) for row in rows})


_STATUSES: Final = _rows("status-codes")

STATUS_CODES: Final[Mapping[str, Name]] = MappingProxyType(
    {row["code"]: Name(row["vi"], row["en"]) for row in _STATUSES}
)

SENT_BY_SENDER: Final = frozenset(row["code"] for row in _STATUSES if row["sent_by"] == "sender")
"""Statuses that come from the agency that sent the document; all others come from a receiver."""

REASON_EXPECTED: Final = frozenset(row["code"] for row in _STATUSES if row["reason_expected"] == "yes")
"""Statuses that mean little without a reason in Description (QĐ 28/2018 Điều 5.4)."""

PRIORITIES: Final[Mapping[int, Name]] = _named(_rows("priorities"))

RECALL: Final = 1
UPDATE: Final = 2
REPLACEMENT: Final = 3
BUSINESS_TYPES: Final[Mapping[int, Name]] = _named(_rows("business-types"))

RECEIVER_TYPES: Final[Mapping[int, Name]] = _named(_rows("receiver-types"))
"""What an update does with a recipient."""

DOCUMENT_TYPES: Final[Mapping[int, DocumentTypeName]] = MappingProxyType(
    {
        int(row["code"]): DocumentTypeName(
            vi=row["vi"], en=row["en"], abbreviation=row["abbreviation"] or None
        )
        for row in _rows("document-types")
    }
)
"""The 29 kinds of administrative document in the order of NĐ 30/2020 Điều 7; not the numbers of DocumentType/Type."""


def may_send(status_code: str, *, is_sender: bool) -> bool:
    """Tell whether a status may come from the agency that sent the document, or else from a receiver."""
    return status_code in STATUS_CODES and (status_code in SENT_BY_SENDER) == is_sender
