"""Traps in the header of a document: codes, dates, ids, orders."""

from typing import Final

from schemas.document import Organization, ResponseFor
from tests.support.documents import a_document, edxml
from tests.vectors.trap import DOCUMENT, Trap, swap

_CODE: Final = "<edXML:CodeNumber>7816<"
_DATE: Final = "<edXML:PromulgationDate>2025/06/30<"
_SENDER: Final = "<edXML:OrganId>G22<"
_NAME: Final = "Văn phòng Chính phủ"
_TRACE: Final = "<edXML:TraceHeader>\n          <edXML:OrganId>G22</edXML:OrganId>"
# The order in which the standard numbers the elements, where it differs from that of the axis's software.
_NUMBERED: Final = (
    *("From", "To", "Code", "PromulgationInfo", "DocumentType", "Subject", "Content", "SignerInfo"),
    *("DueDate", "ToPlaces", "OtherInfo", "SteeringType", "DocumentId"),
)


def _sent_by(code: str) -> bytes:
    """Give the document from another sender, as written."""
    return swap(DOCUMENT, (_SENDER, f"<edXML:OrganId>{code}<"))


def _in_numbered_order() -> bytes:
    """Give the document with its header in the order of the standard's numbers."""
    head, rest = DOCUMENT.split(b"<edXML:MessageHeader>", 1)
    body, tail = rest.split(b"</edXML:MessageHeader>", 1)
    blocks: dict[str, bytes] = {}
    name, inside = "", b""
    for line in body.splitlines(keepends=True):
        stripped = line.strip()
        if line.startswith(b"        <edXML:"):
            name = stripped[len("<edXML:") :].split(b">")[0].decode()
            inside = b""
        inside += line
        if name and b"</edXML:%b>" % name.encode() in line:
            blocks[name] = blocks.get(name, b"") + inside
            name = ""
    assert set(blocks) == set(_NUMBERED)
    ordered = b"".join(blocks[name] for name in _NUMBERED)
    return head + b"<edXML:MessageHeader>\n" + ordered + b"      </edXML:MessageHeader>" + tail


HEADER_TRAPS: Final = (
    Trap(
        name="date-day-first",
        about="The date of issue is written dd/MM/yyyy.",
        file=swap(DOCUMENT, (_DATE, "<edXML:PromulgationDate>30/10/2020<")),
        warnings=("schema.unusual_date",),
        reads={"promulgation_date": "2020-10-30"},
    ),
    Trap(
        name="date-two-digit-year",
        about="A lenient reader would put this date into the year 34.",
        file=swap(DOCUMENT, (_DATE, "<edXML:PromulgationDate>28/09/18<")),
        refused="schema.bad_value",
    ),
    Trap(
        name="date-year-34",
        about="What a lenient reader made of a date, sent on.",
        file=swap(DOCUMENT, (_DATE, "<edXML:PromulgationDate>0034/03/12<")),
        refused="schema.bad_value",
    ),
    Trap(
        name="date-that-is-none",
        about="30 February as the date of issue.",
        file=swap(DOCUMENT, (_DATE, "<edXML:PromulgationDate>2014/02/30<")),
        refused="schema.bad_value",
    ),
    Trap(
        name="date-in-future",
        about="Issued after the day on which it is sent.",
        file=swap(DOCUMENT, (_DATE, "<edXML:PromulgationDate>2025/07/01<")),
        refused="schema.date_in_future",
    ),
    Trap(
        name="code-number-with-letters",
        about="The number of the document is not a number.",
        file=swap(DOCUMENT, (_CODE, "<edXML:CodeNumber>74fass22<")),
        warnings=("schema.code_number_letters",),
        reads={"code.number": "74fass22"},
    ),
    Trap(
        name="three-group-code",
        about="A three-group code, older than QCVN 102:2016.",
        file=_sent_by("28.22.H17"),
        reads={"sender.organ_id": "28.22.H17"},
    ),
    Trap(
        name="two-digit-first-group",
        about="A four-group code whose first group has two digits.",
        file=_sent_by("99.99.99.G21"),
        warnings=("schema.unusual_agency_code",),
        reads={"sender.organ_id": "99.99.99.G21"},
    ),
    Trap(
        name="long-code",
        about="A code of more than 13 characters is in order since QĐ 20/2020.",
        file=_sent_by("H26.21.1.123456789.ABCDEFGHIJ"),
        reads={"sender.organ_id": "H26.21.1.123456789.ABCDEFGHIJ"},
    ),
    Trap(
        name="code-is-the-word-null",
        about="The sending software wrote the word null for a code it did not have.",
        file=_sent_by("null"),
        refused="schema.agency_code_null",
    ),
    Trap(
        name="zero-width-character-in-code",
        about="A character that nobody sees makes another code of it.",
        file=_sent_by("G22\u200b"),
        refused="schema.agency_code_character",
    ),
    Trap(
        name="malformed-code",
        about="A group lost its dot.",
        file=_sent_by("000.1137.H53"),
        refused="schema.malformed_agency_code",
    ),
    Trap(
        name="zero-width-character-in-name",
        about="A character that nobody sees in the name of an agency; the name is kept as it is.",
        file=swap(DOCUMENT, (_NAME, f"\u200b{_NAME}")),
        warnings=("schema.invisible_character",),
        reads={"sender.name": f"\u200b{_NAME}"},
    ),
    Trap(
        name="only-code-of-sender",
        about="The axis dropped everything but the code of the sender.",
        file=edxml(sender=Organization(organ_id="G22")),
        reads={"sender.name": "None"},
    ),
    Trap(
        name="recipient-twice",
        about="The same agency is addressed twice.",
        file=swap(DOCUMENT, ("<edXML:OrganId>H26.21.1<", "<edXML:OrganId>H60.1<")),
        refused="schema.duplicate_recipient",
    ),
    Trap(
        name="numbered-order",
        about="The elements stand in the order in which the standard numbers them.",
        file=_in_numbered_order(),
        reads={"document_id": a_document().document_id, "to_places.1": "Lưu: VT"},
    ),
    *(
        Trap(
            name=f"document-id-{name}",
            about=f"A DocumentId of the form {form}.",
            file=edxml(document_id=document_id),
            reads={"document_id": document_id},
        )
        for name, form, document_id in (
            ("official", "code,date,number/notation", "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT"),
            ("uuid", "UUID", "874e0f18-90dc-45fb-989a-65401470ba84"),
            ("year-and-number", "code,year,number", "000.00.00.G22,2015,7816"),
            ("dashes", "code-year-number/notation", "000.00.00.G22-2015-7816/VPCP-TTĐT"),
            ("impossible-date", "code,date,number/notation with 30 February", "G22,2014/02/30,7806/VPCP"),
        )
    ),
    Trap(
        name="document-id-too-long",
        about="An id beyond 200 characters is refused, not cut: it is a key.",
        file=edxml(document_id="x" * 201),
        refused="schema.bad_value",
    ),
    Trap(
        name="empty-response",
        about="Some software writes ResponseFor with nothing in it.",
        file=swap(
            DOCUMENT,
            (
                "<edXML:SteeringType>",
                "<edXML:ResponseFor><edXML:OrganId/></edXML:ResponseFor><edXML:SteeringType>",
            ),
        ),
        reads={"response_for": "()"},
    ),
    Trap(
        name="response-by-id-alone",
        about="ResponseFor without Code and date.",
        file=edxml(response_for=(ResponseFor(organ_id="H60.1", document_id="x"),)),
        warnings=("schema.incomplete_reference",) * 2,
        reads={"response_for.0.document_id": "x"},
    ),
    Trap(
        name="answers-itself",
        about="ResponseFor names the document itself.",
        file=edxml(
            response_for=(ResponseFor(organ_id="G22", code="1", document_id=a_document().document_id),)
        ),
        warnings=("schema.incomplete_reference",),
        reads={"response_for.0.organ_id": "G22"},
    ),
    Trap(
        name="priority-5",
        about="One system writes 5 for normal.",
        file=swap(DOCUMENT, ("<edXML:Priority>1<", "<edXML:Priority>5<")),
        warnings=("schema.unknown_priority",),
        reads={"priority": "5"},
    ),
    Trap(
        name="document-type-18",
        about="One system numbers document types by the list of NĐ 30/2020.",
        file=swap(DOCUMENT, ("<edXML:Type>1<", "<edXML:Type>18<")),
        reads={"document_type.type": "18", "document_type.type_name": "Công văn"},
    ),
    Trap(
        name="elements-in-reply-fors",
        about="ReplyFors holds elements that nothing explains.",
        file=swap(
            DOCUMENT,
            (
                "</edXML:OtherInfo>",
                "<edXML:ReplyFors><edXML:ReplyFor>1</edXML:ReplyFor></edXML:ReplyFors></edXML:OtherInfo>",
            ),
        ),
        warnings=("schema.ignored_value",),
        reads={"other_info.reply_fors": "None"},
    ),
    Trap(
        name="reply-fors-as-text",
        about="ReplyFors and ReferenceCodes as texts are passed on.",
        file=swap(
            DOCUMENT,
            (
                "</edXML:OtherInfo>",
                "<edXML:ReplyFors>12/UBND</edXML:ReplyFors><edXML:ReferenceCodes>3</edXML:ReferenceCodes></edXML:OtherInfo>",
            ),
        ),
        reads={"other_info.reply_fors": "12/UBND", "other_info.reference_codes": "3"},
    ),
    Trap(
        name="trace-without-code",
        about="The axis added a station without a code and one with the word null.",
        file=swap(
            DOCUMENT,
            (_TRACE, "<edXML:TraceHeader/><edXML:TraceHeader><edXML:OrganId>null</edXML:OrganId>"),
        ),
        reads={"trace.0.organ_id": "None", "trace.1.organ_id": "null"},
    ),
    Trap(
        name="trace-of-the-axis",
        about="The code of the axis itself in the trace.",
        file=swap(DOCUMENT, (_TRACE, _TRACE.replace("G22", "001.00.20.TT2"))),
        reads={"trace.0.organ_id": "001.00.20.TT2"},
    ),
    Trap(
        name="trace-list-with-attributes",
        about="Attributes of TraceHeaderList are of no account.",
        file=swap(
            DOCUMENT,
            (
                "<edXML:TraceHeaderList>",
                '<edXML:TraceHeaderList id="1" version="1.0" mustUnderstand="1" actor="x">',
            ),
        ),
    ),
    Trap(
        name="misspelt-bussiness",
        about="Whoever corrects the spelling of the standard is told that it is not read.",
        file=swap(
            DOCUMENT,
            ("<edXML:Bussiness>", "<edXML:Business>"),
            ("</edXML:Bussiness>", "</edXML:Business>"),
        ),
        warnings=("schema.unknown_element",),
        reads={"business": "None"},
    ),
    Trap(
        name="dummy-signature",
        about="A Signature in the namespace of edXML with dummy values is left to the check of signatures.",
        file=swap(
            DOCUMENT,
            (
                "</edXML:edXMLHeader>",
                "<Signature><SignatureValue>GbVb8</SignatureValue></Signature></edXML:edXMLHeader>",
            ),
        ),
    ),
    Trap(
        name="digital-signature-empty",
        about="A .NET sender writes an empty DigitalSignature.",
        file=swap(DOCUMENT, ("</edXML:edXMLHeader>", "<edXML:DigitalSignature/></edXML:edXMLHeader>")),
    ),
)
