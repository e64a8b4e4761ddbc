"""The MessageHeader of a document, block by block (QCVN 102:2016/BTTTT; NĐ 30/2020 Phụ lục VI)."""

from datetime import date
from typing import Final

from lxml import etree

from schemas.codelists import PRIORITIES
from schemas.document import (
    Code,
    DocumentType,
    Organization,
    OtherInfo,
    ResponseFor,
    SignerInfo,
)
from schemas.errors import (
    BadValue,
    DateInFuture,
    DuplicateRecipient,
    EmptyElement,
    IgnoredValue,
    IncompleteReference,
    InvisibleCharacter,
    LettersInCodeNumber,
    UnknownPriority,
    UnusualDate,
)
from schemas.invisible import INVISIBLE
from schemas.names import XML_SPACE, split
from schemas.reading import Findings, Part, leaf_text
from schemas.values import DATE_FORM, read_date, read_number

MESSAGE_HEADER: Final = (
    "From",
    "To",
    "DocumentId",
    "Code",
    "PromulgationInfo",
    "DocumentType",
    "Subject",
    "Content",
    "SignerInfo",
    "DueDate",
    "OtherInfo",
    "ResponseFor",
    "SteeringType",
    "ResponseForTask",
    "ApplicationType",
    "ToPlaces",
)
LONGEST_DOCUMENT_ID: Final = 200

_ORGANIZATION: Final = (
    "OrganId",
    "OrganizationInCharge",
    "OrganName",
    "OrganAdd",
    "Email",
    "Telephone",
    "Fax",
    "Website",
)
_OTHER_INFO: Final = (
    "Priority",
    "SphereOfPromulgation",
    "TyperNotation",
    "PromulgationAmount",
    "PageAmount",
    "Direction",
    "Appendixes",
    "ReplyFors",
    "ReferenceCodes",
)
_RESPONSE_FOR: Final = ("OrganId", "Code", "PromulgationDate", "DocumentId")
_A_DATE: Final = {
    "expected_vi": f"ngày có thật, dạng {DATE_FORM}",
    "expected_en": f"an existing date {DATE_FORM}",
}
_A_NUMBER: Final = {"expected_vi": "số nguyên không âm", "expected_en": "a whole number, not negative"}


def read_organization(element: etree._Element | None, findings: Findings) -> Organization:
    """Read From or one To."""
    if element is None:
        return Organization(organ_id="")
    part = Part(element, _ORGANIZATION, findings)
    name = part.text("OrganName", longest=200)
    unseen = INVISIBLE.findall(name or "")
    if unseen:
        shown = f"U+{ord(unseen[0]):04X}"
        facts = {"name": "OrganName", "character": shown, "count": len(unseen)}
        findings.add(InvisibleCharacter, part.each("OrganName")[0], **facts)
    return Organization(
        organ_id=part.agency(),
        in_charge=part.text("OrganizationInCharge", longest=500),
        name=name,
        address=part.text("OrganAdd", longest=500),
        email=part.text("Email", longest=100),
        telephone=part.text("Telephone", longest=20),
        fax=part.text("Fax", longest=20),
        website=part.text("Website", longest=100),
    )


def read_recipients(message: Part) -> tuple[Organization, ...]:
    """Read every To; a code may stand there once."""
    elements = message.each("To")
    if not elements:
        message.one("To")
    recipients = tuple(read_organization(element, message.findings) for element in elements)
    seen: set[str] = set()
    for element, recipient in zip(elements, recipients, strict=True):
        if recipient.organ_id in seen:
            message.findings.add(DuplicateRecipient, element, organ_id=recipient.organ_id)
        if recipient.organ_id:
            seen.add(recipient.organ_id)
    return recipients


def read_code(message: Part) -> Code:
    """Read number and notation."""
    element = message.one("Code")
    if element is None:
        return Code(number="", notation="")
    part = Part(element, ("CodeNumber", "CodeNotation"), message.findings)
    number = part.required("CodeNumber", longest=11)
    if number and not (number.isascii() and number.isdigit()):
        message.findings.add(LettersInCodeNumber, part.each("CodeNumber")[0], value=number)
    return Code(number=number, notation=part.required("CodeNotation", longest=30))


def read_promulgation(message: Part, today: date) -> tuple[str | None, date]:
    """Read place and date of issue; the date cannot lie after today in Vietnam."""
    element = message.one("PromulgationInfo")
    if element is None:
        return None, date.min
    part = Part(element, ("Place", "PromulgationDate"), message.findings)
    place = part.text("Place", longest=50)
    child = part.one("PromulgationDate")
    day = None if child is None else _date(child, message.findings, is_required=True)
    if child is not None and day is not None and day > today:
        message.findings.add(DateInFuture, child, name="PromulgationDate", value=day, today=today)
    return place, day or date.min


def read_document_type(message: Part) -> DocumentType:
    """Read the kind of document."""
    element = message.one("DocumentType")
    if element is None:
        return DocumentType(type=0, type_name="")
    part = Part(element, ("Type", "TypeDetail", "TypeName"), message.findings)
    text = part.required("Type")
    number = read_number(text)
    if text and number is None:
        message.findings.add(BadValue, part.each("Type")[0], name="Type", value=text, **_A_NUMBER)
    return DocumentType(
        type=number or 0,
        type_detail=optional_number(part, "TypeDetail"),
        type_name=part.required("TypeName", longest=100),
    )


def read_signer(message: Part) -> SignerInfo:
    """Read who signed."""
    element = message.one("SignerInfo")
    if element is None:
        return SignerInfo(full_name="")
    part = Part(element, ("Competence", "Position", "FullName"), message.findings)
    return SignerInfo(
        competence=part.text("Competence", longest=100),
        position=part.text("Position", longest=100),
        full_name=part.required("FullName", longest=50),
    )


def read_due_date(message: Part) -> date | None:
    """Read the day by which an answer is due."""
    element = message.maybe("DueDate")
    return None if element is None else _date(element, message.findings)


def read_other_info(message: Part) -> tuple[int | None, OtherInfo]:
    """Read the priority and what else is said of the document."""
    element = message.maybe("OtherInfo")
    if element is None:
        return None, OtherInfo()
    part = Part(element, _OTHER_INFO, message.findings)
    text = part.text("Priority")
    priority = None if text is None else read_number(text)
    if text is not None and priority not in PRIORITIES:
        message.findings.add(UnknownPriority, part.each("Priority")[0], value=text)
    appendixes = part.maybe("Appendixes")
    titles = () if appendixes is None else Part(appendixes, ("Appendix",), part.findings).texts("Appendix")
    info = OtherInfo(
        sphere_of_promulgation=part.text("SphereOfPromulgation", longest=100),
        typer_notation=part.text("TyperNotation", longest=10),
        promulgation_amount=optional_number(part, "PromulgationAmount", longest=3),
        page_amount=optional_number(part, "PageAmount", longest=3),
        reply_fors=_passed_on(part, "ReplyFors"),
        direction=part.text("Direction"),
        reference_codes=_passed_on(part, "ReferenceCodes"),
        appendixes=titles,
    )
    return priority, info


def read_response_for(element: etree._Element, findings: Findings) -> ResponseFor | None:
    """Read the document answered; None for an element without any content, which some software writes."""
    if not "".join(element.itertext(etree.Element)).strip(XML_SPACE):
        return None
    part = Part(element, _RESPONSE_FOR, findings)
    code = part.text("Code", longest=42)
    day = part.maybe("PromulgationDate")
    promulgation_date = None if day is None else _date(day, findings)
    for name, value in (("Code", code), ("PromulgationDate", promulgation_date)):
        if value is None:
            findings.add(IncompleteReference, element, name=name)
    return ResponseFor(
        organ_id=part.agency(),
        code=code,
        promulgation_date=promulgation_date,
        document_id=read_document_id(part),
    )


def read_document_id(part: Part) -> str:
    """Read a required DocumentId; it is a key, so beyond its length it is refused, not cut."""
    return part.required("DocumentId", most=LONGEST_DOCUMENT_ID)


def read_texts(message: Part, outer: str, inner: str, *, longest: int) -> tuple[str, ...]:
    """Read a list such as ToPlaces/Place."""
    return tuple(
        text
        for element in message.each(outer)
        for text in Part(element, (inner,), message.findings).texts(inner, longest=longest)
    )


def optional_number(part: Part, name: str, *, longest: int = 9) -> int | None:
    """Read a number that the document can do without; what is no number is left out with a warning."""
    text = part.text(name, longest=longest)
    number = None if text is None else read_number(text)
    if text is not None and number is None:
        part.findings.add(IgnoredValue, part.each(name)[0], name=name, value=text)
    return number


def _passed_on(part: Part, name: str) -> str | None:
    """Read a text that nothing explains; some software may write elements there, and they are left out."""
    child = part.maybe(name)
    if child is not None and len(child):
        inside = split(str(child[0].tag))[1] if isinstance(child[0].tag, str) else "!--"
        part.findings.add(IgnoredValue, child, name=name, value=f"<{inside}>")
        return None
    return part.text(name)


def _date(element: etree._Element, findings: Findings, *, is_required: bool = False) -> date | None:
    """Read a date; None where there is none, with a finding where there should be one."""
    name = etree.QName(element).localname
    text = leaf_text(element, findings)
    if not text:
        if text == "" and is_required:
            findings.add(EmptyElement, element, name=name)
        return None
    read = read_date(text)
    if read is None:
        findings.add(BadValue, element, name=name, value=text, **_A_DATE)
        return None
    if not read.is_standard:
        findings.add(UnusualDate, element, name=name, value=text, form=DATE_FORM)
    return read.value
