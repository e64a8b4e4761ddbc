"""The two messages of edXML as values: a document and a status (QCVN 102:2016/BTTTT).

Names are those of the standard; `sender` and `recipients` stand for From and To. Texts are as sent, without
the XML white space around them. Invariants: no value depends on prefixes, line breaks between elements or
the order of elements; attachments are described, never carried.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from schemas.attachment_name import safe_name
from schemas.file_type import detected_type
from schemas.measure import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An agency as the message names it; only OrganId is sure to be there."""

    organ_id: str
    in_charge: str | None = None
    name: str | None = None
    address: str | None = None
    email: str | None = None
    telephone: str | None = None
    fax: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Number and notation of a document, such as 7816 and VPCP-TTĐT."""

    number: str
    notation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """The kind of document; the name is what people rely on, the numbers differ between systems."""

    type: int
    type_detail: int | None = None
    type_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerInfo:
    """Who signed, in which position and by which authority (TM., KT., TL. …)."""

    competence: str | None = None
    position: str | None = None
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInfo:
    """What else the header says of the document; Priority is kept in the document itself."""

    sphere_of_promulgation: str | None = None
    typer_notation: str | None = None
    promulgation_amount: int | None = None
    page_amount: int | None = None
    reply_fors: str | None = None
    """Written by some software; nothing says what it means, so it is passed on as it is."""
    direction: str | None = None
    reference_codes: str | None = None
    """Like `reply_fors`."""
    appendixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFor:
    """The document that this message answers."""

    organ_id: str
    code: str | None = None
    promulgation_date: date | None = None
    document_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffInfo:
    """The person to ask."""

    department: str | None = None
    department_id: str | None = None
    staff: str | None = None
    staff_id: str | None = None
    email: str | None = None
    mobile: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """An agency that an update takes off the list of recipients (type 0) or puts on it (type 1)."""

    organ_id: str
    receiver_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDocumentInfo:
    """What an update changes: the content (`document_info` 1), the recipients (`document_receiver` 1), or both."""

    document_info: int | None = None
    document_receiver: int | None = None
    receivers: tuple[Receiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementInfo:
    """A document that is replaced, and the agencies that had got it."""

    document_id: str
    organ_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """What is done with the document (element Bussiness, spelt so in the standard)."""

    document_id: str | None = None
    """The document that is recalled or updated; a new document may carry anything here."""
    reason: str | None = None
    paper: int | None = None
    document_info: BusinessDocumentInfo | None = None
    replacements: tuple[ReplacementInfo, ...] = ()
    staff: StaffInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHeader:
    """A station that the file claims to have passed. Not trustworthy: the axis writes null codes here."""

    organ_id: str | None = None
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An attached file: its place in the message and its content as size in octets and SHA-256 in hex."""

    content_id: str
    """Without the prefix “cid:”."""
    name: str
    content_type: str
    description: str | None = None
    field_name: str | None = None
    mime_type: str | None = None
    detected_type: str | None = None
    """The media type of the content, whatever the sender calls it; None if it is none that we know."""
    size: int
    sha256: str

    @classmethod
    def of(
        cls, content: bytes, *, content_id: str, name: str, content_type: str, description: str | None = None
    ) -> Self:
        """Describe a file that is to be attached."""
        measured = Measurement.of(content)
        return cls(
            content_id=content_id,
            name=name,
            content_type=content_type,
            description=description,
            detected_type=detected_type(measured),
            size=measured.size,
            sha256=measured.sha256,
        )

    @property
    def safe_name(self) -> str:
        """The name as it may be given to a file."""
        return safe_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document on its way from one agency to others (messagetype edoc)."""

    sender: Organization
    recipients: tuple[Organization, ...]
    document_id: str
    """Opaque; four formats are in use, none of them to be taken apart."""
    code: Code
    promulgation_place: str | None = None
    promulgation_date: date
    document_type: DocumentType
    subject: str
    content: str | None = None
    signer: SignerInfo
    due_date: date | None = None
    priority: int | None = None
    other_info: OtherInfo = OtherInfo()
    response_for: tuple[ResponseFor, ...] = ()
    steering_type: str | None = None
    """Passed on, not interpreted: its meaning differs between systems."""
    task_codes: tuple[str, ...] = ()
    application_type: str | None = None
    to_places: tuple[str, ...] = ()
    business_type: int = 0
    """0 new, 1 recall, 2 update, 3 replacement (`codelists.BUSINESS_TYPES`)."""
    business: Business | None = None
    trace: tuple[TraceHeader, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMessage:
    """What became of a document, said by one of its two sides (messagetype status)."""

    sender: Organization
    response_for: ResponseFor
    """Its organ_id is the agency that the status is for."""
    status_code: str
    description: str | None = None
    timestamp: datetime
    """Aware, in UTC, whole seconds."""
    staff: StaffInfo | None = None
