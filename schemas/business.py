"""TraceHeaderList: what is done with the document and the stations it claims to have passed (QCVN 102:2016).

The trace is written by others on the way, sometimes without a code or with the word null; it is read for
people to look at, and no code or time in it refuses a document.
"""

from typing import Final

from lxml import etree

from schemas.codelists import BUSINESS_TYPES
from schemas.document import Business, StaffInfo, TraceHeader
from schemas.errors import BadValue, IgnoredValue, UnsupportedBusinessType
from schemas.header import LONGEST_DOCUMENT_ID, optional_number
from schemas.reading import Findings, Part
from schemas.values import read_number, read_timestamp

_BUSINESS: Final = (
    "DocumentId",
    "BussinessDocType",
    "BussinessDocReason",
    "Paper",
    "StaffInfo",
    # These belong to recalls, updates and replacements, which are refused before anybody needs them.
    "BussinessDocumentInfo",
    "ReplacementInfoList",
)
_STAFF_INFO: Final = ("Department", "DepartmentId", "Staff", "StaffId", "Email", "Mobile")
_BUSINESS_TYPE: Final = {"expected_vi": "0, 1, 2 hoặc 3", "expected_en": "0, 1, 2 or 3"}


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
    """Read Bussiness; only type 0 is taken, and a type that cannot be read is never taken for it."""
    part = Part(element, _BUSINESS, findings)
    text = part.text("BussinessDocType")
    business_type = 0 if text is None else read_number(text)
    if text is not None and business_type not in BUSINESS_TYPES:
        child = part.each("BussinessDocType")[0]
        findings.add(BadValue, child, name="BussinessDocType", value=text, **_BUSINESS_TYPE)
    elif business_type:
        meaning = BUSINESS_TYPES[business_type]
        findings.add(
            UnsupportedBusinessType,
            part.each("BussinessDocType")[0],
            type=business_type,
            meaning_vi=meaning.vi,
            meaning_en=meaning.en,
        )
    business = Business(
        document_id=part.text("DocumentId", longest=LONGEST_DOCUMENT_ID),
        reason=part.text("BussinessDocReason", longest=500),
        paper=optional_number(part, "Paper"),
        staff=read_staff(part),
    )
    return business_type or 0, business


def _read_trace(element: etree._Element, findings: Findings) -> TraceHeader:
    """Read one station as far as it can be read."""
    part = Part(element, ("OrganId", "Timestamp"), findings)
    text = part.text("Timestamp")
    read = read_timestamp(text) if text else None
    if text and read is None:
        findings.add(IgnoredValue, part.each("Timestamp")[0], name="Timestamp", value=text)
    return TraceHeader(organ_id=part.text("OrganId"), timestamp=read.value if read else None)
