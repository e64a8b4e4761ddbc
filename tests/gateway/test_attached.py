"""Signatures in attached PDF files, under each mode of the policy: what passes, what is missing, and what is only told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from certs.issue import Authority, issue, new_root
from certs.pdf import SignerRole
from certs.policy import default_policy
from certs.sign import sign_enveloped
from certs.signature_mode import SignatureMode
from certs.trust import Trust
from gateway.flow.entries import not_accepted
from gateway.flow.examination import Examination, Outcome, examine
from gateway.flow.findings import Level
from gateway.flow.spool import Spooled
from gateway.pdf_worker.client import PdfWorker
from gateway.ports import PdfReader
from gateway.records import MessageKind
from schemas.document import Attachment
from tests.gateway.test_examination import a_directory
from tests.support import pdf_attacks, pki
from tests.support.documents import edxml
from tests.support.pdf import Signer, page, sign, update

AT = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A root, the identities of the sending agency and of a person, and what reads PDF files."""

    root: Authority
    agency: pki.Identity
    person: pki.Identity
    reader: PdfReader

    def message(self, *pdfs: bytes, signed: bool = False) -> bytes:
        """Return an edXML message with these PDF files attached."""
        names = [f"van-ban-{number}" for number in range(len(pdfs))]
        contents = dict(zip(names, pdfs, strict=True))
        attachments = tuple(
            Attachment.of(content, content_id=name, name=f"{name}.pdf", content_type="application/pdf")
            for name, content in contents.items()
        )
        xml = edxml(contents, attachments=attachments)
        certificate, key = self.agency
        return sign_enveloped(xml, key=key, certificates=[certificate]) if signed else xml

    def examine(self, xml: bytes, mode: SignatureMode, **changes: Any) -> Examination:
        """Examine a message under a policy with one mode."""
        trust = Trust(
            anchors=pki.anchored(self.root.certificate), policy=replace(default_policy(), mode=mode)
        )
        asked: dict[str, Any] = {"expect": MessageKind.EDOC, "caller": None, "directory": a_directory()}
        return examine(xml, trust=trust, at=AT, **(asked | {"pdf": self.reader} | changes))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Return a desk whose agency is G22, and end the process that reads afterwards."""
    root = new_root("Root", AT - 30 * DAY)
    validity: Any = {"not_before": AT - DAY, "not_after": AT + 365 * DAY}
    with PdfWorker() as reader:
        yield Desk(
            root=root,
            agency=issue(root, subject_common_name="VPCP", subject_serial_number="G22", **validity),
            person=issue(root, subject_common_name="Nguyễn Văn An", **validity),
            reader=reader,
        )


def by_agency(desk: Desk) -> bytes:
    """Return a PDF that the agency signed."""
    return sign(page(), Signer(desk.agency))


def codes(examination: Examination, *levels: Level) -> set[str]:
    """Return the codes of the findings of some levels."""
    return {finding.code for finding in examination.findings if finding.level in levels}


AGAINST = (Level.REFUSE, Level.UNDECIDED)


@pytest.mark.parametrize(
    ("mode", "neither", "envelope", "attachment"),
    [
        (SignatureMode.ENVELOPE, {"certs.no_signature"}, set(), {"certs.no_signature"}),
        (SignatureMode.ATTACHMENT, {"intake.attachment_unsigned"}, {"intake.attachment_unsigned"}, set()),
        (SignatureMode.EITHER, {"certs.no_signature"}, set(), set()),
        (
            SignatureMode.BOTH,
            {"certs.no_signature", "intake.attachment_unsigned"},
            {"intake.attachment_unsigned"},
            {"certs.no_signature"},
        ),
        (SignatureMode.REPORT, set(), set(), set()),
    ],
)
def test_modes(
    desk: Desk, mode: SignatureMode, neither: set[str], envelope: set[str], attachment: set[str]
) -> None:
    """Each mode refuses exactly what it asks for and is not there."""
    for pdf, signed, against in (
        (page(), False, neither),
        (page(), True, envelope),
        (by_agency(desk), False, attachment),
        (by_agency(desk), True, set()),
    ):
        examination = desk.examine(desk.message(pdf, signed=signed), mode)
        assert codes(examination, *AGAINST) == against, (signed, pdf == page())
        assert examination.outcome is (Outcome.REFUSED if against else Outcome.ACCEPTED)


def test_absent_envelope_is_told(desk: Desk) -> None:
    """Where the signature of the message may be absent, that it is becomes a warning."""
    examination = desk.examine(desk.message(by_agency(desk)), SignatureMode.EITHER)

    assert "certs.no_signature" in codes(examination, Level.WARNING)
    assert examination.binding is None


def test_one_of_several(desk: Desk) -> None:
    """One PDF of the agency is enough; what is wrong with the others is told."""
    changed = by_agency(desk).replace(b"/MediaBox", b"/MediaBax")
    message = desk.message(page(), changed, by_agency(desk))

    examination = desk.examine(message, SignatureMode.ATTACHMENT)
    assert examination.outcome is Outcome.ACCEPTED
    assert {"certs.pdf_unsigned", "certs.pdf_digest_mismatch"} <= codes(examination, Level.WARNING)


@pytest.mark.parametrize("kind", ["person", "changed", "added to"])
def test_pdf_that_does_not_do(desk: Desk, kind: str) -> None:
    """A person's signature is not the agency's, and a PDF that was changed is nobody's."""
    pdf = {
        "person": sign(page(), Signer(desk.person)),
        "changed": by_agency(desk).replace(b"/MediaBox", b"/MediaBax"),
        "added to": update(by_agency(desk), pdf_attacks.annotation_added),
    }[kind]

    for mode in (SignatureMode.ATTACHMENT, SignatureMode.EITHER):
        assert desk.examine(desk.message(pdf), mode).outcome is Outcome.REFUSED


def test_wrong_envelope_is_not_made_good(desk: Desk) -> None:
    """A message whose own signature is wrong is refused, whatever is attached and whatever the mode."""
    xml = desk.message(by_agency(desk), signed=True).replace("Nguyễn Văn An".encode(), b"Ai do khac")

    for mode in SignatureMode:
        examination = desk.examine(xml, mode)
        assert "certs.digest_mismatch" in codes(examination, Level.REFUSE)
        assert examination.signatures is None


def test_nothing_is_read_without_need(desk: Desk) -> None:
    """With a signed message, PDF files are not looked at where one of two is enough."""
    message = desk.message(by_agency(desk), signed=True)

    for mode, looked in ((SignatureMode.EITHER, 0), (SignatureMode.ENVELOPE, 0), (SignatureMode.REPORT, 1)):
        examination = desk.examine(message, mode)
        assert examination.signatures is not None
        assert len(examination.signatures.pdfs) == looked


def test_pdf_that_cannot_be_read_now(desk: Desk) -> None:
    """If the process that reads does not start, or nobody reads, a message that rests on a PDF is undecided."""
    with PdfWorker(starting=0) as broken:
        for mode in (SignatureMode.ATTACHMENT, SignatureMode.EITHER):
            examination = desk.examine(desk.message(by_agency(desk)), mode, pdf=broken)
            assert examination.outcome is Outcome.UNDECIDED
            assert codes(examination, *AGAINST) == {"certs.pdf_undecided"}
        signed = desk.message(by_agency(desk), signed=True)
        assert desk.examine(signed, SignatureMode.EITHER, pdf=broken).outcome is Outcome.ACCEPTED
    assert desk.examine(desk.message(by_agency(desk)), SignatureMode.BOTH, pdf=None).signatures is not None
    nobody = desk.examine(desk.message(by_agency(desk)), SignatureMode.ATTACHMENT, pdf=None)
    assert nobody.outcome is Outcome.UNDECIDED


def test_what_is_recorded(desk: Desk) -> None:
    """The log entry names the mode and, for each PDF, its verdict, the roles, and whether it is an original."""
    pdf = sign(by_agency(desk), Signer(desk.person), field="B")
    message = desk.message(pdf)
    examination = desk.examine(message, SignatureMode.ATTACHMENT)

    assert examination.signatures is not None
    (attached,) = examination.signatures.pdfs
    assert attached.roles == (SignerRole.AGENCY, SignerRole.PERSON)
    body = Spooled(sha256="0" * 64, size=len(message), memory=message, path=None)
    fields = not_accepted(body, desk.examine(message, SignatureMode.BOTH), member_id="m").fields
    assert fields["signature_mode"] == "both"
    assert fields["attached"] == [
        {
            "content_id": "van-ban-0",
            "indication": "TOTAL_PASSED",
            "roles": "agency person",
            "signers": " ".join(
                certificate.fingerprint(hashes.SHA256()).hex()
                for certificate, _ in (desk.agency, desk.person)
            ),
            "original_value": "true",
        }
    ]
