"""Builders of documents and status messages for tests, set on the evening of 30 June 2025.

`a_document` and `a_status` give a good value with the changes asked for; `edxml` and `status_edxml` give its
file. Bad files are made by changing good ones with `edit`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from lxml import etree

from schemas.document import (
    Attachment,
    Business,
    Code,
    Document,
    DocumentType,
    Organization,
    OtherInfo,
    ResponseFor,
    SignerInfo,
    StaffInfo,
    StatusMessage,
    TraceHeader,
)
from schemas.names import NAMESPACE, PREFIX
from schemas.serialize import document_xml, status_xml
from schemas.xml_parser import parse_tree

AT: Final = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
"""An instant before the night of the change; in Vietnam it is 19:00 on 30 June 2025."""

GOVERNMENT_OFFICE: Final = Organization(
    organ_id="G22", name="Văn phòng Chính phủ", email="vpcp@chinhphu.example"
)
TUYEN_QUANG_OFFICE: Final = Organization(
    organ_id="H60.1", name="Văn phòng Ủy ban nhân dân Tỉnh Tuyên Quang", address="Tuyên Quang"
)
PHUC_XA_WARD: Final = Organization(organ_id="H26.21.1", name="Ủy ban nhân dân Phường Phúc Xá")

PDF: Final = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PDF_ATTACHMENT: Final = Attachment.of(
    PDF, content_id="van-ban-1", name="7816-vpcp-ttdt.pdf", content_type="application/pdf"
)


def a_document(**changes: Any) -> Document:
    """Give a complete new document from the Government Office to a province and a ward."""
    document = Document(
        sender=GOVERNMENT_OFFICE,
        recipients=(TUYEN_QUANG_OFFICE, PHUC_XA_WARD),
        document_id="G22,2025/06/30,7816/VPCP-TTĐT",
        code=Code(number="7816", notation="VPCP-TTĐT"),
        promulgation_place="Hà Nội",
        promulgation_date=date(2025, 6, 30),
        document_type=DocumentType(type=1, type_detail=0, type_name="Công văn"),
        subject="V/v chuyển đổi mã định danh cơ quan từ ngày 01/7/2025",
        content="Đề nghị các cơ quan rà soát mã định danh trên hệ thống quản lý văn bản.",
        signer=SignerInfo(competence="TL. BỘ TRƯỞNG", position="Chánh Văn phòng", full_name="Nguyễn Văn An"),
        due_date=date(2025, 7, 15),
        priority=1,
        other_info=OtherInfo(promulgation_amount=2, page_amount=3, appendixes=("Phụ lục I",)),
        steering_type="1",
        to_places=("Như trên", "Lưu: VT"),
        business=Business(reason="Văn bản điện tử mới", paper=0, staff=StaffInfo(staff="Trần Thị Bình")),
        trace=(TraceHeader(organ_id="G22", timestamp=datetime(2025, 6, 30, 11, 59, 30, tzinfo=UTC)),),
        attachments=(PDF_ATTACHMENT,),
    )
    return replace(document, **changes)


def a_status(**changes: Any) -> StatusMessage:
    """Give the status by which the province says that it registered the document of `a_document`."""
    status = StatusMessage(
        sender=TUYEN_QUANG_OFFICE,
        response_for=ResponseFor(
            organ_id="G22",
            code="7816/VPCP-TTĐT",
            promulgation_date=date(2025, 6, 30),
            document_id="G22,2025/06/30,7816/VPCP-TTĐT",
        ),
        status_code="03",
        description="Đã tiếp nhận, vào sổ văn bản đến",
        timestamp=datetime(2025, 6, 30, 11, 30, tzinfo=UTC),
        staff=StaffInfo(department="Phòng Hành chính", staff="Lê Thị Cúc"),
    )
    return replace(status, **changes)


def edxml(contents: Mapping[str, bytes] | None = None, /, **changes: Any) -> bytes:
    """Give the file of `a_document`; contents by ContentId are needed for other attachments than the PDF."""
    return document_xml(a_document(**changes), {PDF_ATTACHMENT.content_id: PDF} | dict(contents or {}))


def status_edxml(**changes: Any) -> bytes:
    """Give the file of `a_status`."""
    return status_xml(a_status(**changes))


def edit(file: bytes, change: Callable[[etree._Element], None]) -> bytes:
    """Give a file after a change to its tree, made from the document element on."""
    tree = parse_tree(file)
    change(tree.getroot())
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


def find(root: etree._Element, path: str) -> etree._Element:
    """Find the first element under the root by a path of local names, such as "From/OrganId"."""
    steps = "/".join(f"{PREFIX}:{name}" for name in path.split("/"))
    found = root.xpath(f"//{steps}", namespaces={PREFIX: NAMESPACE})
    assert isinstance(found, list)
    assert found, path
    assert isinstance(found[0], etree._Element)
    return found[0]
