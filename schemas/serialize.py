"""Writing edXML the way the axis's own software writes it (QCVN 102:2016/BTTTT).

Elements stand in the order of that software, and the prefix edXML is used exactly where it uses it: inside
the envelope and on ContentTransferEncoded, but not on the document element or the other attachment elements.
Law: parsing what is written here gives the value that was written.
"""

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import BinaryIO, TypeAlias

from schemas.document import (
    Attachment,
    Business,
    BusinessDocumentInfo,
    Document,
    DocumentType,
    Organization,
    OtherInfo,
    ReplacementInfo,
    ResponseFor,
    SignerInfo,
    StaffInfo,
    StatusMessage,
)
from schemas.names import NAMESPACE, PREFIX
from schemas.values import VIETNAM
from schemas.write import DECLARE, INDENT, Source, encoded, escape

# An element: its tag (name and attributes) and its text, or elements inside, or None to leave it out.
Node: TypeAlias = "tuple[str, str | list[Node] | None]"


def document_xml(document: Document, attachments: Mapping[str, bytes]) -> bytes:
    """Write a document with the content of its attachments, given by ContentId.

    Raises: as `write_document`.
    """
    out = io.BytesIO()
    write_document(document, attachments, out)
    return out.getvalue()


def write_document(document: Document, sources: Mapping[str, Source], out: BinaryIO) -> None:
    """Write a document to a stream; the contents of its attachments, given by ContentId, pass through in pieces.

    Raises: KeyError if content is missing, before anything is written; ValueError if it is not the content
    described, or if a text holds a character that XML cannot carry: what was written is then of no use.
    """
    contents = [(attachment, sources[attachment.content_id]) for attachment in document.attachments]
    references: list[Node] = [("Reference", _reference(attachment)) for attachment in document.attachments]
    trace = _trace_list(document)
    header: list[Node] = [("MessageHeader", _message_header(document)), ("TraceHeaderList", trace or None)]
    body: list[Node] = [('edXMLManifest version="1.0"', references)]
    out.writelines(_envelope([("edXMLHeader", header), ("edXMLBody", body)]))
    if contents:
        out.write(f"{INDENT}<AttachmentEncoded>\n".encode())
        for attachment, source in contents:
            out.writelines(encoded(attachment, source))
        out.write(f"{INDENT}</AttachmentEncoded>\n".encode())
    out.write(b"</edXML>\n")


def status_xml(status: StatusMessage) -> bytes:
    """Write a status message.

    Raises: ValueError if a text holds a character that XML cannot carry.
    """
    header: list[Node] = [
        ("From", _organization(status.sender)),
        ("ResponseFor", _response_for(status.response_for)),
        ("StaffInfo", _staff(status.staff)),
        ("StatusCode", status.status_code),
        ("Description", status.description),
        ("Timestamp", _timestamp(status.timestamp)),
    ]
    return b"".join((*_envelope([("edXMLHeader", [("MessageHeader", header)])]), b"</edXML>\n"))


def _message_header(document: Document) -> list[Node]:
    """Return the children of MessageHeader in the order in which the axis's software writes them."""
    task_codes: list[Node] = [("TaskCode", code) for code in document.task_codes]
    to_places: list[Node] = [("Place", place) for place in document.to_places]
    issued = _date(document.promulgation_date)
    return [
        ("From", _organization(document.sender)),
        *(("To", _organization(recipient)) for recipient in document.recipients),
        ("DocumentId", document.document_id),
        ("Code", [("CodeNumber", document.code.number), ("CodeNotation", document.code.notation)]),
        ("PromulgationInfo", [("Place", document.promulgation_place), ("PromulgationDate", issued)]),
        ("DocumentType", _document_type(document.document_type)),
        ("Subject", document.subject),
        ("Content", document.content),
        ("SignerInfo", _signer(document.signer)),
        ("DueDate", _date(document.due_date)),
        ("OtherInfo", _other_info(document.priority, document.other_info)),
        *(("ResponseFor", _response_for(response)) for response in document.response_for),
        ("SteeringType", document.steering_type),
        ("ResponseForTask", task_codes or None),
        ("ApplicationType", document.application_type),
        ("ToPlaces", to_places or None),
    ]


def _organization(organization: Organization) -> list[Node]:
    """Return the children of From or To."""
    return [
        ("OrganId", organization.organ_id),
        ("OrganizationInCharge", organization.in_charge),
        ("OrganName", organization.name),
        ("OrganAdd", organization.address),
        ("Email", organization.email),
        ("Telephone", organization.telephone),
        ("Fax", organization.fax),
        ("Website", organization.website),
    ]


def _document_type(kind: DocumentType) -> list[Node]:
    """Return the children of DocumentType."""
    return [
        ("Type", _number(kind.type)),
        ("TypeDetail", _number(kind.type_detail)),
        ("TypeName", kind.type_name),
    ]


def _signer(signer: SignerInfo) -> list[Node]:
    """Return the children of SignerInfo."""
    return [
        ("Competence", signer.competence),
        ("Position", signer.position),
        ("FullName", signer.full_name),
    ]


def _other_info(priority: int | None, info: OtherInfo) -> list[Node] | None:
    """Return the children of OtherInfo, or None where there is nothing to say."""
    if priority is None and info == OtherInfo():
        return None
    appendixes: list[Node] = [("Appendix", title) for title in info.appendixes]
    return [
        ("Priority", _number(priority)),
        ("SphereOfPromulgation", info.sphere_of_promulgation),
        ("TyperNotation", info.typer_notation),
        ("PromulgationAmount", _number(info.promulgation_amount)),
        ("PageAmount", _number(info.page_amount)),
        ("ReplyFors", info.reply_fors),
        ("Direction", info.direction),
        ("ReferenceCodes", info.reference_codes),
        ("Appendixes", appendixes or None),
    ]


def _response_for(response: ResponseFor) -> list[Node]:
    """Return the children of ResponseFor."""
    return [
        ("OrganId", response.organ_id),
        ("Code", response.code),
        ("PromulgationDate", _date(response.promulgation_date)),
        ("DocumentId", response.document_id),
    ]


def _staff(staff: StaffInfo | None) -> list[Node] | None:
    """Return the children of StaffInfo."""
    if staff is None:
        return None
    return [
        ("Department", staff.department),
        ("DepartmentId", staff.department_id),
        ("Staff", staff.staff),
        ("StaffId", staff.staff_id),
        ("Email", staff.email),
        ("Mobile", staff.mobile),
    ]


def _trace_list(document: Document) -> list[Node]:
    """Return the children of TraceHeaderList."""
    nodes: list[Node] = []
    if document.business is not None or document.business_type:
        nodes.append(("Bussiness", _business(document.business_type, document.business or Business())))
    for station in document.trace:
        when = None if station.timestamp is None else _timestamp(station.timestamp)
        nodes.append(("TraceHeader", [("OrganId", station.organ_id), ("Timestamp", when)]))
    return nodes


def _business(business_type: int, business: Business) -> list[Node]:
    """Return the children of Bussiness."""
    return [
        ("DocumentId", business.document_id),
        ("BussinessDocType", _number(business_type)),
        ("BussinessDocReason", business.reason),
        ("Paper", _number(business.paper)),
        ("BussinessDocumentInfo", _document_info(business.document_info)),
        ("ReplacementInfoList", _replacements(business.replacements)),
        ("StaffInfo", _staff(business.staff)),
    ]


def _document_info(info: BusinessDocumentInfo | None) -> list[Node] | None:
    """Return the children of BussinessDocumentInfo."""
    if info is None:
        return None
    receivers: list[Node] = [
        ("Receiver", [("OrganId", receiver.organ_id), ("ReceiverType", str(receiver.receiver_type))])
        for receiver in info.receivers
    ]
    return [
        ("DocumentInfo", _number(info.document_info)),
        ("DocumentReceiver", _number(info.document_receiver)),
        ("ReceiverList", receivers or None),
    ]


def _replacements(replacements: tuple[ReplacementInfo, ...]) -> list[Node] | None:
    """Return the children of ReplacementInfoList."""
    return [
        (
            "ReplacementInfo",
            [
                ("DocumentId", replacement.document_id),
                ("OrganIdList", [("OrganId", code) for code in replacement.organ_ids]),
            ],
        )
        for replacement in replacements
    ] or None


def _reference(attachment: Attachment) -> list[Node]:
    """Return the children of one entry of the manifest."""
    return [
        ("ContentId", f"cid:{attachment.content_id}"),
        ("ContentType", attachment.content_type),
        ("Description", attachment.description),
        ("AttachmentName", attachment.name),
    ]


def _envelope(nodes: list[Node]) -> Iterator[bytes]:
    """Yield the file up to the end of the envelope."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<edXML xmlns="{NAMESPACE}">\n'.encode()
    yield "".join(_lines([(f"edXMLEnvelope{DECLARE}", nodes)], INDENT)).encode()


def _lines(nodes: list[Node], indent: str) -> Iterator[str]:
    """Yield elements line by line, all with the prefix."""
    for tag, content in nodes:
        name = tag.partition(" ")[0]
        if isinstance(content, str):
            yield f"{indent}<{PREFIX}:{tag}>{escape(content)}</{PREFIX}:{name}>\n"
        elif content is not None:
            yield f"{indent}<{PREFIX}:{tag}>\n"
            yield from _lines(content, indent + INDENT)
            yield f"{indent}</{PREFIX}:{name}>\n"


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _date(value: date | None) -> str | None:
    return None if value is None else f"{value:%Y/%m/%d}"


def _timestamp(value: datetime) -> str:
    return f"{value.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
