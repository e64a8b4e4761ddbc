"""Traps in business, statuses and attachments, and the mark of secrecy."""

import base64
from typing import Final

from schemas.document import Attachment, Business, BusinessDocumentInfo, ReplacementInfo, ResponseFor
from tests.support.documents import PDF, a_document, edxml
from tests.vectors.trap import DOCUMENT, STATUS, Trap, swap

_TYPE: Final = "<edXML:BussinessDocType>0<"
_ID: Final = "<edXML:ContentId>cid:van-ban-1<"
_REFERENCE: Final = "<edXML:Reference>\n          <edXML:ContentId>cid:van-ban-1</edXML:ContentId>"
_LINK: Final = 'xlink:href="cid:van-ban-1" xlink:role="XLinkRole" xlink:type="simple"'
_XLINK: Final = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
_CONTENT: Final = base64.b64encode(PDF).decode()
_TEXT: Final = "Báo cáo kết quả thực hiện nhiệm vụ. ".encode()
_REPLACED: Final = ReplacementInfo(document_id="G22,2025,1", organ_ids=("H60.1",))


def _named(name: str) -> bytes:
    """Give the document with another name for its attachment."""
    attached = Attachment.of(PDF, content_id="van-ban-1", name=name, content_type="application/pdf")
    return edxml(attachments=(attached,))


BUSINESS_TRAPS: Final = (
    Trap(
        name="no-bussiness",
        about="Without Bussiness the document is a new one.",
        file=edxml(business=None, trace=()),
        reads={"business_type": "0"},
    ),
    Trap(
        name="bussiness-with-another-id",
        about="A new document whose Bussiness names another id: that of the header counts.",
        file=edxml(business=Business(document_id="000.00.00.G22,2014/02/30,7806/VPCP-TTĐT", paper=0)),
        reads={"document_id": a_document().document_id},
    ),
    Trap(
        name="bussiness-after-trace",
        about="The official samples put the trace first.",
        file=swap(
            swap(DOCUMENT, ("      </edXML:TraceHeaderList>", "<edXML:Bussiness/></edXML:TraceHeaderList>")),
            (
                DOCUMENT[
                    DOCUMENT.index(b"<edXML:Bussiness>") : DOCUMENT.index(b"<edXML:TraceHeader>")
                ].decode(),
                "",
            ),
        ),
        reads={"business_type": "0", "trace.0.organ_id": "G22"},
    ),
    Trap(
        name="unknown-business-type",
        about="A type that nobody knows is not taken for a new document.",
        file=swap(DOCUMENT, (_TYPE, "<edXML:BussinessDocType>4<")),
        refused="schema.bad_value",
    ),
    Trap(
        name="recall-by-response",
        about="The official sample names what it recalls in ResponseFor alone.",
        file=edxml(
            business_type=1,
            business=Business(reason="Gửi nhầm nơi nhận"),
            response_for=(
                ResponseFor(
                    organ_id="G22",
                    code="1/VPCP",
                    promulgation_date=a_document().promulgation_date,
                    document_id="G22,2025,1",
                ),
            ),
        ),
        reads={"business_type": "1", "response_for.0.document_id": "G22,2025,1"},
    ),
    Trap(
        name="recall-of-nothing",
        about="A recall that does not say what it recalls.",
        file=edxml(business_type=1),
        refused="schema.recall_of_nothing",
    ),
    Trap(
        name="update-of-nothing",
        about="An update that does not say what it updates.",
        file=edxml(business_type=2, business=Business(document_info=BusinessDocumentInfo(document_info=1))),
        refused="schema.update_of_nothing",
    ),
    Trap(
        name="update-without-change",
        about="An update that says that nothing changed.",
        file=edxml(
            business_type=2,
            business=Business(
                document_id="G22,2025,1",
                document_info=BusinessDocumentInfo(document_info=0, document_receiver=0),
            ),
        ),
        refused="schema.update_without_change",
    ),
    Trap(
        name="replacement-of-nothing",
        about="A replacement that does not say what it replaces.",
        file=edxml(business_type=3),
        refused="schema.replacement_of_nothing",
    ),
    Trap(
        name="replaced-twice",
        about="The same document stands twice among those replaced.",
        file=edxml(business_type=3, business=Business(replacements=(_REPLACED, _REPLACED))),
        refused="schema.replaced_twice",
    ),
    Trap(
        name="recalls-itself",
        about="The id in Bussiness is that of the recall itself.",
        file=edxml(business_type=1, business=Business(document_id=a_document().document_id)),
        refused="schema.refers_to_itself",
    ),
    Trap(
        name="marked-secret",
        about="A document that is marked as a state secret; made up, as all of these.",
        file=edxml(subject="TỐI MẬT - Văn bản thử nghiệm, không có thật"),
        refused="schema.state_secret",
    ),
    Trap(
        name="speaks-about-secrecy",
        about="A document about the rules for state secrets is none.",
        file=edxml(subject="Tập huấn quy định về bảo vệ bí mật nhà nước độ Tối mật"),
    ),
)
STATUS_TRAPS: Final = (
    Trap(
        name="status-before-document",
        about="The status claims a time before its document was issued.",
        file=swap(STATUS, ("<edXML:Timestamp>2025/06/30", "<edXML:Timestamp>2025/06/28")),
        warnings=("schema.timestamp_before_document",),
        reads={"timestamp": "2025-06-28 11:30:00+00:00"},
    ),
    Trap(
        name="status-from-the-future",
        about="The clock of the sending system is a month ahead.",
        file=swap(STATUS, ("<edXML:Timestamp>2025/06/30", "<edXML:Timestamp>2025/07/30")),
        warnings=("schema.timestamp_in_future",),
    ),
    Trap(
        name="status-iso-time",
        about="The time is written as in ISO 8601.",
        file=swap(STATUS, (">2025/06/30 18:30:00<", ">2025-06-30T11:30:00Z<")),
        warnings=("schema.unusual_date",),
        reads={"timestamp": "2025-06-30 11:30:00+00:00"},
    ),
    Trap(
        name="status-of-transport",
        about="A state of the transport layer where a processing status belongs.",
        file=swap(STATUS, ("<edXML:StatusCode>03<", "<edXML:StatusCode>done<")),
        refused="schema.unknown_status_code",
    ),
    Trap(
        name="status-refusal-without-reason",
        about="A refusal that does not say why.",
        file=swap(
            STATUS,
            ("<edXML:StatusCode>03<", "<edXML:StatusCode>02<"),
            ("Đã tiếp nhận, vào sổ văn bản đến", ""),
        ),
        warnings=("schema.reason_missing",),
    ),
    Trap(
        name="status-for-nothing",
        about="A status that does not say which document it is about.",
        file=swap(STATUS, ("<edXML:DocumentId>G22,2025/06/30,7816/VPCP-TTĐT</edXML:DocumentId>", "")),
        refused="schema.missing_element",
    ),
)
ATTACHMENT_TRAPS: Final = (
    Trap(
        name="net-manifest",
        about="A .NET manifest names its attachments by xlink:href alone.",
        file=swap(DOCUMENT, (_REFERENCE, f"<edXML:Reference {_XLINK} {_LINK}>")),
        reads={"attachments.0.content_id": "van-ban-1"},
    ),
    Trap(
        name="net-manifest-with-id",
        about="A .NET manifest names its attachments by xlink:href and ContentId.",
        file=swap(DOCUMENT, (_REFERENCE, f"{_REFERENCE[:16]} {_XLINK} {_LINK}{_REFERENCE[16:]}")),
        reads={"attachments.0.content_id": "van-ban-1"},
    ),
    Trap(
        name="cid-on-one-side",
        about="Only one side of the join writes cid: before the ContentId.",
        file=swap(DOCUMENT, (_ID, "<edXML:ContentId>van-ban-1<")),
        reads={"attachments.0.content_id": "van-ban-1"},
    ),
    Trap(
        name="attachment-missing",
        about="The manifest names an attachment that is not there.",
        file=swap(DOCUMENT, (_ID, "<edXML:ContentId>cid:khac<")),
        refused="schema.attachment_missing",
    ),
    Trap(
        name="attachment-unlisted",
        about="An attachment that the manifest does not name.",
        file=swap(
            DOCUMENT,
            (
                DOCUMENT[
                    DOCUMENT.index(b"<edXML:Reference>") : DOCUMENT.index(b"</edXML:edXMLManifest>")
                ].decode(),
                "",
            ),
        ),
        warnings=("schema.unlisted_attachment",),
        reads={"attachments.0.name": "7816-vpcp-ttdt.pdf"},
    ),
    Trap(
        name="space-in-file-name",
        about="A file name with spaces and brackets.",
        file=_named("biên bản 7816 (1).pdf"),
        reads={"attachments.0.name": "biên bản 7816 (1).pdf"},
    ),
    Trap(
        name="types-disagree",
        about="The manifest declares another type than the attachment.",
        file=swap(
            DOCUMENT,
            ("<edXML:ContentType>application/pdf<", "<edXML:ContentType>application/zip<"),
        ),
        reads={"attachments.0.content_type": "application/pdf"},
    ),
    Trap(
        name="pdf-that-is-a-zip",
        about="Declared as PDF, the octets are those of a ZIP file.",
        file=swap(DOCUMENT, (_CONTENT, base64.b64encode(b"PK\x05\x06" + bytes(18)).decode())),
        warnings=("schema.attachment_type_differs",),
    ),
    Trap(
        name="binary-through-text",
        about="A file that was read as text and written back, each foreign octet now EF BF BD.",
        file=swap(DOCUMENT, (_CONTENT, base64.b64encode(PDF[:9] + b"\xef\xbf\xbd" * 600 + PDF).decode())),
        warnings=("schema.attachment_corrupted",),
    ),
    Trap(
        name="base64-in-lines",
        about="Base64 with line breaks is in order.",
        file=swap(DOCUMENT, (_CONTENT, "\r\n".join((_CONTENT[:40], _CONTENT[40:])))),
    ),
    Trap(
        name="base64-for-web-addresses",
        about="Base64 in the alphabet for web addresses is another encoding.",
        file=swap(DOCUMENT, (_CONTENT, base64.urlsafe_b64encode(b"\xfb\xff" + _TEXT).decode())),
        refused="schema.bad_base64",
    ),
    Trap(
        name="base64-cut-off",
        about="Base64 that lost its last character.",
        file=swap(DOCUMENT, (_CONTENT, _CONTENT[:-1])),
        refused="schema.bad_base64",
    ),
)
