"""From a tree to a message, or to every reason why it is none (QCVN 102:2016/BTTTT).

The tree comes from `xml_parser.parse_tree`, or is the signed view that the signature check returns. All
findings are gathered before the message is refused, so that a sender can correct them in one go.
A document that is marked as a state secret is refused before anything of it is read, with that finding alone.
Invariants: a message is returned only without refusing findings; order and prefixes of elements, comments
between them and the Signature element have no influence on it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from lxml import etree

from schemas.attachments import Contents, read_attachments
from schemas.business import read_trace_list
from schemas.business_rules import check_business
from schemas.document import Attachment, Document, StatusMessage
from schemas.errors import Parties, SchemaError, SchemaErrors, WrongNamespace, WrongRoot
from schemas.header import (
    MESSAGE_HEADER,
    read_code,
    read_document_id,
    read_document_type,
    read_due_date,
    read_organization,
    read_other_info,
    read_promulgation,
    read_recipients,
    read_response_for,
    read_signer,
    read_texts,
)
from schemas.names import KNOWN_WRONG, NAMESPACE, UNKNOWN_NAMESPACE, qualified, split
from schemas.reading import Findings, Part
from schemas.secrecy import find_mark
from schemas.status import STATUS_HEADER, read_status
from schemas.values import vietnam_date

# Judged by whoever checks signatures; some software writes it in the namespace of edXML, or renamed.
_SIGNATURES: Final = frozenset({"Signature", "DigitalSignature"})
_NONE: Final[Contents] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A message and what its sender should still be told."""

    message: Document | StatusMessage
    warnings: tuple[SchemaError, ...] = ()


def parse(tree: etree._ElementTree, *, at: datetime, contents: Contents = _NONE) -> Parsed:
    """Read the message in a tree as of an instant; `contents` is what stands for marks in it (`schemas.splice`).

    Raises: SchemaErrors with every refusing finding; ValueError if `at` carries no zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    secret = find_mark(tree)
    if secret is not None:
        raise SchemaErrors((secret,))
    findings = Findings()
    message = _read(tree.getroot(), findings, at, contents)
    if message is None or findings.errors:
        parties = None if message is None else parties_of(message)
        raise SchemaErrors(tuple(findings.errors), tuple(findings.warnings), parties=parties)
    return Parsed(message=message, warnings=tuple(findings.warnings))


def parties_of(message: Document | StatusMessage) -> Parties:
    """Return between whom a message was to go; a status goes to the agency in ResponseFor."""
    receivers = message.recipients if isinstance(message, Document) else (message.response_for,)
    return Parties(
        is_document=isinstance(message, Document),
        sender_code=message.sender.organ_id,
        recipient_codes=tuple(each.organ_id for each in receivers if each.organ_id),
    )


def _read(
    element: etree._Element, findings: Findings, at: datetime, contents: Contents
) -> Document | StatusMessage | None:
    """Find the MessageHeader and read what it announces; None with a finding if there is no way to it."""
    if not _is_edxml(element, findings):
        return None
    root = Part(element, ("edXMLEnvelope", "AttachmentEncoded"), findings)
    envelope_element = root.one("edXMLEnvelope")
    if envelope_element is None:
        return None
    envelope = Part(envelope_element, ("edXMLHeader", "edXMLBody"), findings)
    header_element = envelope.one("edXMLHeader")
    if header_element is None:
        return None
    header = Part(header_element, ("MessageHeader", "TraceHeaderList"), findings, foreign=_SIGNATURES)
    message = header.one("MessageHeader")
    if message is None:
        return None
    if message.find(qualified("StatusCode")) is not None:
        return read_status(Part(message, STATUS_HEADER, findings), at=at)
    attachments = read_attachments(root, envelope, contents)
    document = _read_document(header, Part(message, MESSAGE_HEADER, findings), attachments, vietnam_date(at))
    place = header_element.find(f"{qualified('TraceHeaderList')}/{qualified('Bussiness')}")
    for finding in check_business(document):
        findings.place(finding, message if place is None else place)
    return document


def _is_edxml(root: etree._Element, findings: Findings) -> bool:
    """Tell whether the document element is that of edXML."""
    namespace, name = split(str(root.tag))
    if name == "edXML" and namespace == NAMESPACE:
        return True
    if name == "edXML" or namespace in KNOWN_WRONG.keys() - {""}:
        about_vi, about_en = KNOWN_WRONG.get(namespace, UNKNOWN_NAMESPACE)
        facts = {"name": name, "found": namespace, "about_vi": about_vi, "about_en": about_en}
        findings.add(WrongNamespace, root, **facts)
    else:
        findings.add(WrongRoot, root, found=name)
    return False


def _read_document(header: Part, message: Part, attachments: tuple[Attachment, ...], today: date) -> Document:
    """Read all parts of a document but its attachments."""
    place, promulgation_date = read_promulgation(message, today)
    priority, other_info = read_other_info(message)
    business_type, business, trace = read_trace_list(header)
    answered = (read_response_for(element, message.findings) for element in message.each("ResponseFor"))
    return Document(
        sender=read_organization(message.one("From"), message.findings),
        recipients=read_recipients(message),
        document_id=read_document_id(message),
        code=read_code(message),
        promulgation_place=place,
        promulgation_date=promulgation_date,
        document_type=read_document_type(message),
        subject=message.required("Subject", longest=500),
        content=message.text("Content", longest=500),
        signer=read_signer(message),
        due_date=read_due_date(message),
        priority=priority,
        other_info=other_info,
        response_for=tuple(response for response in answered if response),
        steering_type=message.text("SteeringType"),
        task_codes=read_texts(message, "ResponseForTask", "TaskCode", longest=200),
        application_type=message.text("ApplicationType"),
        to_places=read_texts(message, "ToPlaces", "Place", longest=150),
        business_type=business_type,
        business=business,
        trace=trace,
        attachments=attachments,
    )
