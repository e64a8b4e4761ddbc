"""Two agencies that correspond through running gateways: their PKI, their systems, and the documents they sign."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import Authority, PrivateKey, issue, new_root
from certs.sign import sign_tree
from gateway.client import Client
from schemas.document import Organization, ResponseFor
from schemas.splice import open_file
from tests.support.documents import PDF_ATTACHMENT, edxml, status_edxml

AGENCIES = """\
code,name,parent,kind,valid_from,code_qcvn102
H26,Ủy ban nhân dân thành phố Hà Nội,,province,,000.00.00.H26
H26.1,Văn phòng Ủy ban nhân dân thành phố Hà Nội,H26,department,,000.00.01.H26
H60,Ủy ban nhân dân tỉnh Tuyên Quang,,province,,000.00.00.H60
H60.1,Văn phòng Ủy ban nhân dân tỉnh Tuyên Quang,H60,department,,000.00.01.H60
"""
SENDER, RECIPIENT = "H26.1", "H60.1"


@dataclass(frozen=True, kw_only=True)
class Correspondents:
    """The root that gateways trust, and the pen of the sending agency."""

    root: Authority
    root_pem: bytes
    certificate: x509.Certificate
    key: PrivateKey

    def sign(self, xml: bytes) -> bytes:
        """Return a document with the agency's signature; one of any size."""
        opened, out = open_file(xml), io.BytesIO()
        sign_tree(opened.tree, out, key=self.key, certificates=[self.certificate], contents=opened.canonical)
        return out.getvalue()

    def trust(self, folder: Path) -> None:
        """Put the root into a gateway's trust folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.pem").write_bytes(self.root_pem)

    def document(self, *, content: bytes | None = None, **changes: Any) -> bytes:
        """Return a new signed document from H26.1 to H60.1, with an attachment of the given content."""
        facts: dict[str, Any] = {
            "sender": Organization(organ_id=SENDER),
            "recipients": (Organization(organ_id=RECIPIENT),),
            "document_id": f"{SENDER},{uuid4().hex}",
        } | changes
        if content is None:
            return self.sign(edxml(**facts))
        attachment = type(PDF_ATTACHMENT).of(
            content, content_id="1", name="phu-luc.pdf", content_type="application/pdf"
        )
        return self.sign(edxml({"1": content}, attachments=(attachment,), **facts))


def correspondents() -> Correspondents:
    """Make the infrastructure; it is good now and for a year."""
    now = datetime.now(UTC)
    root = new_root("Gốc thử nghiệm", now - timedelta(days=2))
    certificate, key = issue(
        root,
        subject_common_name="Văn phòng UBND thành phố Hà Nội",
        subject_serial_number=SENDER,
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=365),
    )
    return Correspondents(
        root=root,
        root_pem=root.certificate.public_bytes(Encoding.PEM),
        certificate=certificate,
        key=key,
    )


def registered(document_id: str) -> bytes:
    """Return status 03 from H60.1 about a document of H26.1."""
    return status_edxml(
        sender=Organization(organ_id=RECIPIENT),
        response_for=ResponseFor(organ_id=SENDER, code="7816/VPCP-TTĐT", document_id=document_id),
    )


async def connect(admin: Client, *, hosts: tuple[str | None, str | None] = (None, None)) -> tuple[str, str]:
    """Load the agencies, connect both systems (each hosted by the named gateway, or by this one), and return their tokens.

    A system hosted elsewhere gets no token here; its place is empty.
    """
    await admin.load_agencies(AGENCIES.encode())
    tokens = []
    for member_id, prefix, host in (("hanoi", "H26", hosts[0]), ("tuyenquang", "H60", hosts[1])):
        await admin.add_member(member_id, name=member_id, prefixes=(prefix,), gateway=host)
        tokens.append("" if host else (await admin.issue_member_token(member_id)).token)
    return tokens[0], tokens[1]
