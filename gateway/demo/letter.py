"""The demo's messages: a signed letter with a PDF, the same letter with one byte changed, and the receiver's status.

They are made with the same code that reads them, and signed as QCVN 102 and XML Signature want it; nothing is special about
them but their content.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from uuid import uuid4

import pybase64

from certs.sign import sign_enveloped
from gateway.demo.cast import Side
from gateway.demo.pki import Identity
from schemas.document import (
    Attachment,
    Code,
    Document,
    DocumentType,
    Organization,
    OtherInfo,
    ResponseFor,
    SignerInfo,
    StaffInfo,
    StatusMessage,
)
from schemas.serialize import document_xml, status_xml

PDF_NAME = "cong-van.pdf"
CODE = Code(number="126", notation="VP-TH")
ISSUED = date(2025, 6, 30)
SUBJECT = "V/v cập nhật mã định danh cơ quan từ ngày 01 tháng 7 năm 2025"
RECEIVED = "03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A signed document as its sender's system would hand it in."""

    document: Document
    pdf: bytes
    signed: bytes


def write_letter(sender: Side, recipient: Side, identity: Identity) -> Letter:
    """Write and sign a letter with a new DocumentId."""
    pdf = files("gateway.demo").joinpath(PDF_NAME).read_bytes()
    attachment = Attachment.of(
        pdf, content_id="126-VP-TH", name=PDF_NAME, content_type="application/pdf", description=SUBJECT
    )
    document = Document(
        sender=Organization(organ_id=sender.code, name=sender.agency),
        recipients=(Organization(organ_id=recipient.code, name=recipient.agency),),
        document_id=str(uuid4()),
        code=CODE,
        promulgation_place="Hà Nội",
        promulgation_date=ISSUED,
        document_type=DocumentType(type=1, type_name="Công văn"),
        subject=SUBJECT,
        signer=SignerInfo(position="Chánh Văn phòng", full_name="Nguyễn Văn An"),
        priority=1,
        other_info=OtherInfo(page_amount=1),
        to_places=("Như trên", "Lưu: VT, TH"),
        attachments=(attachment,),
    )
    xml = document_xml(document, {attachment.content_id: pdf})
    signed = sign_enveloped(xml, key=identity.key, certificates=(identity.certificate,))
    return Letter(document=document, pdf=pdf, signed=signed)


def change_one_byte(letter: Letter) -> bytes:
    """Return the signed letter with one byte in the middle of its PDF changed, everything else as it was."""
    middle = len(letter.pdf) // 2
    changed = bytearray(letter.pdf)
    changed[middle] ^= 0x01
    return letter.signed.replace(pybase64.b64encode(letter.pdf), pybase64.b64encode(bytes(changed)))


def write_status(letter: Letter, speaker: Side, *, at: datetime) -> bytes:
    """Write the receiver's word that the letter is in its register of incoming documents."""
    document = letter.document
    status = StatusMessage(
        sender=Organization(organ_id=speaker.code, name=speaker.agency),
        response_for=ResponseFor(
            organ_id=document.sender.organ_id,
            code=f"{document.code.number}/{document.code.notation}",
            promulgation_date=document.promulgation_date,
            document_id=document.document_id,
        ),
        status_code=RECEIVED,
        description="Đã tiếp nhận, vào sổ văn bản đến",
        timestamp=at.replace(microsecond=0),
        staff=StaffInfo(department="Văn thư", staff="Trần Thị Bình"),
    )
    return status_xml(status)
