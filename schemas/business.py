"""TraceHeaderList: what is done with the document and the stations it claims to have passed (QCVN 102:2016).

The trace is written by others on the way, sometimes without a code or with the word null; it is read for
people to look at, and no code or time in it refuses a document. What the kinds of business have to say is
checked in `schemas.business_rules`.
"""

from typing import Final

from lxml import etree

from schemas.codelists import BUSINESS_TYPES, RECALL, REPLACEMENT, UPDATE
from schemas.document import (
    Business,
    BusinessDocumentInfo,
    Receiver,
    ReplacementInfo,
    StaffInfo,
    TraceHeader,
)
from schemas.errors import BadValue, IgnoredValue, MisplacedElement, MissingElement
from schemas.header import LONGEST_DOCUMENT_ID, optional_number, read_document_id
from schemas.names import XML_SPACE
from schemas.reading import Findings, Part, leaf_text
from schemas.values import read_number, read_timestamp

_BUSINESS: Final = (
    "DocumentId",
    "BussinessDocType",
    "BussinessDocReason",
    "Paper",
    "BussinessDocumentInfo",
    "ReplacementInfoList",
    "StaffInfo",
)
_STAFF_INFO: Final = ("Department", "DepartmentId", "Staff", "StaffId", "Email", "Mobile")
_BUSINESS_TYPE: Final = {"expected_vi": "0, 1, 2 hoặc 3", "expected_en": "0, 1, 2 or 3"}
_A_FLAG: Final = {"expected_vi": "0 hoặc 1", "expected_en": "0 or 1"}


def read_trace_list(header: Part) -> tuple[int, Business | None, tuple[TraceHeader, ...]]:
    """Read business type, business details and trace; without them the document is a new one."""
    element = header.maybe("TraceHeaderList")
    if element is None:
        return 0, None, ()
    part = Part(element, ("TraceHeader", "Bussiness"), header.findings)
    trace = tuple(_read_trace(child, part.findings) for child in part.each("TraceHeader"))
    child = part.maybe("Bussiness")
    if child is None:
        return 0, None, trace
    business_type, business = _read_business(child, part.findings)
    return business_type, business, trace


def read_staff(part: Part) -> StaffInfo | None:
    """Read the person to ask."""
    element = part.maybe("StaffInfo")
    if element is None:
        return None
    staff = Part(element, _STAFF_INFO, part.findings)
    return StaffInfo(
        department=staff.text("Department"),
        department_id=staff.text("DepartmentId"),
        staff=staff.text("Staff"),
        staff_id=staff.text("StaffId"),
        email=staff.text("Email", longest=100),
        mobile=staff.text("Mobile", longest=20),
    )


def _read_business(element: etree._Element, findings: Findings) -> tuple[int, Business]:
    """Read Bussiness; a type that cannot be read is never taken for a new document."""
    part = Part(element, _BUSINESS, findings)
    text = part.text("BussinessDocType")
    business_type = 0 if text is None else read_number(text)
    if text is not None and business_type not in BUSINESS_TYPES:
        child = part.each("BussinessDocType")[0]
        findings.add(BadValue, child, name="BussinessDocType", value=text, **_BUSINESS_TYPE)
    info = _of_type(part, "BussinessDocumentInfo", business_type, UPDATE)
    replaced = _of_type(part, "ReplacementInfoList", business_type, REPLACEMENT)
    business = Business(
        document_id=_read_business_id(part, business_type),
        reason=part.text("BussinessDocReason", longest=500),
        paper=optional_number(part, "Paper"),
        document_info=None if info is None else _read_document_info(info, findings),
        replacements=() if replaced is None else _read_replacements(replaced, findings),
        staff=read_staff(part),
    )
    return business_type or 0, business


def _read_business_id(part: Part, business_type: int | None) -> str | None:
    """Read the id of the document that is recalled or updated; there it is a key, so never too long.

    Returns "" for one that cannot be read, so that it is not said to be missing too.
    """
    child = part.maybe("DocumentId")
    if child is None:
        return None
    if business_type not in {RECALL, UPDATE}:
        return leaf_text(child, part.findings, longest=LONGEST_DOCUMENT_ID) or None
    text = leaf_text(child, part.findings, most=LONGEST_DOCUMENT_ID)
    return "" if text is None else text or None


def _of_type(part: Part, name: str, found: int | None, expected: int) -> etree._Element | None:
    """Return a child that belongs to one kind of business; in another it is left out, aloud if it says anything."""
    child = part.maybe(name)
    if child is None or found == expected:
        return child
    if found is not None and "".join(child.itertext(etree.Element)).strip(XML_SPACE):
        part.findings.add(MisplacedElement, child, name=name, type=found, expected=expected)
    return None


def _read_document_info(element: etree._Element, findings: Findings) -> BusinessDocumentInfo:
    """Read what an update changes."""
    part = Part(element, ("DocumentInfo", "DocumentReceiver", "ReceiverList"), findings)
    receivers = part.maybe("ReceiverList")
    listed = [] if receivers is None else Part(receivers, ("Receiver",), findings).each("Receiver")
    return BusinessDocumentInfo(
        document_info=_flag(part, "DocumentInfo", part.text("DocumentInfo")),
        document_receiver=_flag(part, "DocumentReceiver", part.text("DocumentReceiver")),
        receivers=tuple(_read_receiver(child, findings) for child in listed),
    )


def _read_receiver(element: etree._Element, findings: Findings) -> Receiver:
    """Read an agency that is added or removed; without knowing which, nothing could be done."""
    part = Part(element, ("OrganId", "ReceiverType"), findings)
    return Receiver(
        organ_id=part.agency(),
        receiver_type=_flag(part, "ReceiverType", part.required("ReceiverType")) or 0,
    )


def _flag(part: Part, name: str, text: str | None) -> int | None:
    """Return the text of a child as 0 or 1."""
    if text and text not in {"0", "1"}:
        part.findings.add(BadValue, part.each(name)[0], name=name, value=text, **_A_FLAG)
        return None
    return int(text) if text else None


def _read_replacements(element: etree._Element, findings: Findings) -> tuple[ReplacementInfo, ...]:
    """Read the documents that are replaced."""
    children = Part(element, ("ReplacementInfo",), findings).each("ReplacementInfo")
    return tuple(_read_replacement(child, findings) for child in children)


def _read_replacement(element: etree._Element, findings: Findings) -> ReplacementInfo:
    """Read one document that is replaced and the agencies that had got it."""
    part = Part(element, ("DocumentId", "OrganIdList"), findings)
    document_id = read_document_id(part)
    organs = part.one("OrganIdList")
    if organs is None:
        return ReplacementInfo(document_id=document_id, organ_ids=())
    organ_ids = Part(organs, ("OrganId",), findings).agencies()
    if not organ_ids:
        findings.add(MissingElement, organs, name="OrganId")
    return ReplacementInfo(document_id=document_id, organ_ids=organ_ids)


def _read_trace(element: etree._Element, findings: Findings) -> TraceHeader:
    """Read one station as far as it can be read."""
    part = Part(element, ("OrganId", "Timestamp"), findings)
    text = part.text("Timestamp")
    read = read_timestamp(text) if text else None
    if text and read is None:
        findings.add(IgnoredValue, part.each("Timestamp")[0], name="Timestamp", value=text)
    return TraceHeader(organ_id=part.text("OrganId"), timestamp=read.value if read else None)
