"""Which clause each element of edXML comes from, as one table.

The numbers 1.1 to 1.14 and 2.1 to 2.2.8 are those by which programs that implement QCVN 102:2016/BTTTT refer to it; its
official text could not be obtained (`schemas/xsd/SOURCES.md`). Parts that are known from files alone are named by
their place. Invariant: the table holds exactly the elements of `schemas/xsd/edxml-strict.xsd`.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from schemas.names import PREFIX

STANDARD: Final = "QCVN 102:2016/BTTTT"
"""The clause of whatever has no more exact one."""

_CODES: Final = "QĐ 28/2018/QĐ-TTg, Điều 10.2.a; QĐ 20/2020/QĐ-TTg, Điều 4–6"
_DOCUMENT_ID: Final = "QĐ 28/2018/QĐ-TTg, Điều 10.2.b"
_STATES: Final = "QĐ 28/2018/QĐ-TTg, Điều 10.2.h"
_REASON: Final = "QĐ 28/2018/QĐ-TTg, Điều 5.4"
_TIME: Final = "QĐ 28/2018/QĐ-TTg, Điều 14.4"
_FIELDS: Final = "NĐ 30/2020/NĐ-CP, Phụ lục VI"
_TYPES: Final = "NĐ 30/2020/NĐ-CP, Điều 7, Phụ lục VI"
_AUTHORITY: Final = "NĐ 30/2020/NĐ-CP, Phụ lục I"
_REVOKE: Final = "NĐ 30/2020/NĐ-CP, Điều 18"
_EXTRA: Final = "phần mềm của trục thêm vào, ngoài QCVN 102:2016/BTTTT"

_ORGANIZATION: Final = (
    ("OrganId", _CODES),
    *((name, "") for name in ("OrganizationInCharge", "OrganName", "OrganAdd")),
    *((name, "") for name in ("Email", "Telephone", "Fax", "Website")),
)
_STAFF_INFO: Final = tuple(
    (name, "") for name in ("Department", "DepartmentId", "Staff", "StaffId", "Email", "Mobile")
)

# Element, its clause in QCVN 102:2016, and inside it the elements with what else they rest on.
_HEADER: Final = (
    ("From", "mục 1.1", _ORGANIZATION),
    ("To", "mục 1.2", _ORGANIZATION),
    ("Code", "mục 1.3", (("CodeNumber", _FIELDS), ("CodeNotation", _FIELDS))),
    ("PromulgationInfo", "mục 1.4", (("Place", ""), ("PromulgationDate", ""))),
    ("DocumentType", "mục 1.5", (("Type", ""), ("TypeDetail", _EXTRA), ("TypeName", _TYPES))),
    ("Subject", "mục 1.6", (("", _FIELDS),)),
    ("Content", "mục 1.7", ()),
    ("SignerInfo", "mục 1.8", (("Competence", _AUTHORITY), ("Position", ""), ("FullName", _FIELDS))),
    ("DueDate", "mục 1.9", ()),
    ("ToPlaces", "mục 1.10", (("Place", _FIELDS),)),
    (
        "OtherInfo",
        "mục 1.11",
        (
            ("Priority", _FIELDS),
            *((name, "") for name in ("SphereOfPromulgation", "TyperNotation", "PromulgationAmount")),
            ("PageAmount", _FIELDS),
            *((name, _EXTRA) for name in ("ReplyFors", "Direction", "ReferenceCodes")),
            *((name, "") for name in ("Appendixes", "Appendixes/Appendix")),
        ),
    ),
    (
        "ResponseFor",
        "mục 1.12",
        (("OrganId", _CODES), ("Code", ""), ("PromulgationDate", ""), ("DocumentId", _DOCUMENT_ID)),
    ),
    ("SteeringType", "mục 1.13", ()),
    ("DocumentId", "mục 1.14", (("", _DOCUMENT_ID),)),
    ("ResponseForTask", _EXTRA, (("TaskCode", ""),)),
    ("ApplicationType", _EXTRA, ()),
    ("StatusCode", "thông điệp trạng thái", (("", _STATES),)),
    ("Description", "thông điệp trạng thái", (("", _REASON),)),
    ("Timestamp", "thông điệp trạng thái", (("", _TIME),)),
    ("StaffInfo", "thông điệp trạng thái", _STAFF_INFO),
)
_TRACE: Final = (
    ("TraceHeader", "mục 2.1", (("OrganId", ""), ("Timestamp", _TIME))),
    ("Bussiness", "mục 2.2", ()),
    ("Bussiness/BussinessDocType", "mục 2.2.1", (("", _REVOKE),)),
    ("Bussiness/BussinessDocReason", "mục 2.2.2", ()),
    (
        "Bussiness/BussinessDocumentInfo",
        "mục 2.2.3",
        (
            *((name, "") for name in ("DocumentInfo", "DocumentReceiver", "ReceiverList")),
            ("ReceiverList/Receiver", ""),
            ("ReceiverList/Receiver/OrganId", _CODES),
            ("ReceiverList/Receiver/ReceiverType", ""),
        ),
    ),
    ("Bussiness/DocumentId", "mục 2.2.4", (("", _DOCUMENT_ID),)),
    ("Bussiness/StaffInfo", "mục 2.2.5", _STAFF_INFO),
    ("Bussiness/Paper", "mục 2.2.6", ()),
    (
        "Bussiness/ReplacementInfoList",
        "mục 2.2.8",
        (
            ("ReplacementInfo", _REVOKE),
            ("ReplacementInfo/DocumentId", _DOCUMENT_ID),
            ("ReplacementInfo/OrganIdList", ""),
            ("ReplacementInfo/OrganIdList/OrganId", _CODES),
        ),
    ),
)
_REFERENCE: Final = (
    "edXMLManifest/Reference",
    "danh mục tệp đính kèm",
    tuple((name, "") for name in ("ContentId", "ContentType", "Description", "AttachmentName")),
)
_ATTACHMENT: Final = (
    "Attachment",
    "tệp đính kèm",
    (
        *((name, "") for name in ("ContentId", "AttachmentName", "Description")),
        *((name, "") for name in ("FieldName", "MimeType", "ContentType")),
        ("ContentTransferEncoded", "RFC 4648, mục 4"),
    ),
)
_FRAME: Final = (
    ("edXML", ""),
    ("edXML/edXMLEnvelope", ""),
    ("edXML/edXMLEnvelope/edXMLHeader", ""),
    ("edXML/edXMLEnvelope/edXMLHeader/MessageHeader", "mục 1"),
    ("edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList", "mục 2"),
    ("edXML/edXMLEnvelope/edXMLBody", "danh mục tệp đính kèm"),
    ("edXML/edXMLEnvelope/edXMLBody/edXMLManifest", "danh mục tệp đính kèm"),
    ("edXML/AttachmentEncoded", "tệp đính kèm"),
)


def _clause(part: str, name: str, source: str = "") -> str:
    """Put a clause into words."""
    if _EXTRA in {part, source}:
        return f"{name}: {_EXTRA}"
    return "; ".join(filter(None, (f"{STANDARD}, {f'{part} {name}' if part else name}", source)))


def _rows() -> Iterator[tuple[str, str]]:
    """Yield path and clause of every element."""
    yield from ((path, _clause(part, path.rpartition("/")[2])) for path, part in _FRAME)
    groups = (
        ("edXML/edXMLEnvelope/edXMLHeader/MessageHeader", _HEADER),
        ("edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList", _TRACE),
        ("edXML/edXMLEnvelope/edXMLBody", (_REFERENCE,)),
        ("edXML/AttachmentEncoded", (_ATTACHMENT,)),
    )
    for above, group in groups:
        for name, part, inside in group:
            yield f"{above}/{name}", _clause(part, name)
            for below, source in inside:
                inner = f"{name}/{below}".rstrip("/")
                yield f"{above}/{inner}", _clause(part, inner, source)


CLAUSES: Final[Mapping[str, str]] = MappingProxyType(dict(_rows()))
"""Clause by the path of local names from the document element on."""

_STEP: Final = re.compile(rf"(?:{PREFIX}:)?([^/:\[\]*]+)(?:\[[0-9]+\])?")


def element_path(xpath: str) -> str | None:
    """Return the path of local names that an XPath of `schemas.location` goes, or None outside edXML's namespace."""
    steps = [_STEP.fullmatch(step) for step in xpath.strip("/").split("/")]
    return "/".join(step[1] for step in steps if step) if all(steps) else None


def clause_of(xpath: str) -> str:
    """Return the clause of an element by its XPath or its path of local names.

    An element that the standard does not know has the clause of the one it stands in.
    """
    path = xpath.strip("/")
    while path:
        known = element_path(path)
        if known is not None and known in CLAUSES:
            return CLAUSES[known]
        path = path.rpartition("/")[0]
    return STANDARD
