"""Who takes part: connected systems on two gateways, and what their agencies write, good and hostile."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import PrivateKey, issue, new_root
from certs.sign import sign_tree
from schemas.document import Attachment, Organization
from schemas.splice import open_file
from tests.faults.ledger import ACCEPT, REJECT
from tests.support.documents import edxml

NORTH: Final = "gw.bac"
SOUTH: Final = "gw.nam"

YOUNG: Final = tuple(f"H9{number}" for number in range(1, 10))
"""Agencies that no system serves at first; each can be connected once."""

AGENCIES: Final = """\
code,name,parent,kind,valid_from,code_qcvn102
H22,Ủy ban nhân dân tỉnh Hà Giang,,province,,000.00.00.H22
H22.1,Văn phòng Ủy ban nhân dân tỉnh Hà Giang,H22,department,,000.00.01.H22
H26,Ủy ban nhân dân thành phố Hà Nội,,province,,000.00.00.H26
H26.1,Văn phòng Ủy ban nhân dân thành phố Hà Nội,H26,department,,000.00.01.H26
H60,Ủy ban nhân dân tỉnh Tuyên Quang,,province,,000.00.00.H60
H60.1,Văn phòng Ủy ban nhân dân tỉnh Tuyên Quang,H60,department,,000.00.01.H60
""" + "".join(f"{code},Ủy ban nhân dân tỉnh thứ {code},,province,,000.00.00.{code}\n" for code in YOUNG)

_BIG: Final = 40_000
"""Bytes of an attachment that does not travel inside the envelope."""

_HOSTILE_SHARE: Final = 0.1
_BIG_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A connected system: it serves one prefix, writes and reads for one agency, and is hosted by one gateway."""

    member: str
    prefix: str
    code: str
    gateway: str


SYSTEMS: Final = (
    System(member="hanoi", prefix="H26", code="H26.1", gateway=NORTH),
    System(member="hagiang", prefix="H22", code="H22.1", gateway=NORTH),
    System(member="tuyenquang", prefix="H60", code="H60.1", gateway=SOUTH),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A signed document, and what has to become of it."""

    document_id: str
    key: str
    sender: System
    recipients: tuple[str, ...]
    body: bytes
    expect: str = ACCEPT

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The root that all gateways trust, and the pen of each agency."""

    root_pem: bytes
    pens: Mapping[str, tuple[x509.Certificate, PrivateKey]]

    @property
    def expiry(self) -> datetime:
        """When the first certificate ends."""
        return min(certificate.not_valid_after_utc for certificate, _ in self.pens.values())

    def trust(self, folder: Path) -> None:
        """Put the root into a trust folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.pem").write_bytes(self.root_pem)

    def letter(
        self,
        chance: random.Random,
        *,
        hostile: bool | None = None,
        big: bool | None = None,
        sender: System | None = None,
    ) -> Letter:
        """Write a letter from one agency to one or two others; one in ten is hostile, one in five big, or as is said."""
        sender = sender or chance.choice(SYSTEMS)
        others = [each.code for each in SYSTEMS if each is not sender]
        recipients = tuple(chance.sample(others, chance.choice((1, 1, 2))))
        identity = UUID(int=chance.getrandbits(128), version=4)
        document_id = f"{sender.code},{identity.hex}"
        if big is None:
            big = chance.random() < _BIG_SHARE
        content = chance.randbytes(_BIG) if big else None
        body = self.sign(sender.code, _write(sender.code, recipients, document_id, content))
        letter = Letter(
            document_id=document_id, key=str(identity), sender=sender, recipients=recipients, body=body
        )
        if hostile is None:
            hostile = chance.random() < _HOSTILE_SHARE
        if not hostile:
            return letter
        bodies = {
            "certs.digest_mismatch": body.replace(b"<edXML:Subject>V/v", b"<edXML:Subject>V/V", 1),
            "access.signer_not_bound": self.sign(
                _other(sender).code, _write(sender.code, recipients, document_id, content)
            ),
        }
        reason = chance.choice(sorted(bodies))
        return replace(letter, body=bodies[reason], expect=REJECT + reason)

    def sign(self, code: str, xml: bytes) -> bytes:
        """Return a document with the signature of an agency."""
        certificate, key = self.pens[code]
        opened, out = open_file(xml), io.BytesIO()
        sign_tree(opened.tree, out, key=key, certificates=[certificate], contents=opened.canonical)
        return out.getvalue()


def _other(system: System) -> System:
    return next(each for each in SYSTEMS if each is not system)


def _write(code: str, recipients: tuple[str, ...], document_id: str, content: bytes | None) -> bytes:
    sides = {
        "sender": Organization(organ_id=code),
        "recipients": tuple(Organization(organ_id=recipient) for recipient in recipients),
        "document_id": document_id,
    }
    if content is None:
        return edxml(**sides)
    attachment = Attachment.of(
        content, content_id="1", name="phu-luc.bin", content_type="application/octet-stream"
    )
    return edxml({"1": content}, attachments=(attachment,), **sides)


def make_cast() -> Cast:
    """Make the infrastructure; it is good now and for a year."""
    now = datetime.now(UTC)
    root = new_root("Gốc của các lỗi", now - timedelta(days=400))
    pens = {
        each.code: issue(
            root,
            subject_common_name=each.member,
            subject_serial_number=each.code,
            not_before=now - timedelta(days=300),
            not_after=now + timedelta(days=365),
        )
        for each in SYSTEMS
    }
    return Cast(root_pem=root.certificate.public_bytes(Encoding.PEM), pens=pens)
