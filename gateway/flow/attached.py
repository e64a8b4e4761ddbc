"""Signatures in attached PDF files: looked at where the policy for the sending agency asks for them.

The legal signature of an official document is often in the PDF and not around the message. `SignatureMode` says which of them
must be there. Invariants: a PDF is looked at only if its signatures can matter; a signature of the message that is there and
wrong is never made good by one in a PDF; a PDF that could not be read leaves the message undecided where one must be signed.
Decree 30/2020/NĐ-CP, Article 5.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from certs.errors import TrustError
from certs.errors_pdf import PdfUndecidedError
from certs.indication import Indication, Scope
from certs.pdf import PdfVerdict, SignerRole, judge_pdf
from certs.pdf_facts import PdfFacts
from certs.pdf_rules import Obstacle
from certs.signature_mode import SignatureMode, SignedPart, missing_parts, needs_attachments
from certs.trust import Trust
from certs.verdict import Signer, Verdict
from gateway.flow.errors import AttachmentUnsignedError
from gateway.flow.findings import Finding, Level
from gateway.ports.pdf import PdfReader
from routing.binding import Binding, bind_signer
from routing.errors import RoutingError
from routing.resolve import Resolved
from schemas.attachments import read_content
from schemas.document import Attachment, Document, StatusMessage
from schemas.splice import Opened

MOST: Final = 16
"""So many PDF files of one message are looked at."""

ABSENT: Final = frozenset({"certs.no_signature", "certs.legacy_signature"})
"""Codes that say that the message has no signature, which a policy may allow; all others say that it has a wrong one."""

_PDF: Final = "application/pdf"

IsAgencys: TypeAlias = Callable[[Signer], bool]
"""Tells whether a certificate is that of the sending agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPdf:
    """The verdict on one attached PDF, and for whom each of its signatures stands."""

    content_id: str
    verdict: PdfVerdict
    roles: tuple[SignerRole | None, ...]

    @property
    def is_agencys(self) -> bool:
        """Whether it passes with a signature of the sending agency."""
        return self.verdict.indication is Indication.TOTAL_PASSED and SignerRole.AGENCY in self.roles

    def facts(self) -> dict[str, str]:
        """Return what a log entry needs, flat."""
        verdict = self.verdict
        signers = (each.verdict.signer for each in verdict.signatures)
        return {
            "content_id": self.content_id,
            "indication": verdict.indication.value,
            **({"sub_indication": verdict.sub_indication.value} if verdict.sub_indication else {}),
            **({"code": verdict.errors[0].code} if verdict.errors else {}),
            "roles": " ".join(role.value if role is not None else "-" for role in self.roles),
            "signers": " ".join(
                signer.certificate_sha256 if signer is not None else "-" for signer in signers
            ),
            "original_value": str(verdict.has_original_value(self.roles)).lower(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """What the signatures of a message and of its attachments come to under a mode."""

    mode: SignatureMode
    missing: frozenset[SignedPart]
    pdfs: tuple[AttachedPdf, ...] = ()
    are_unread: bool = False
    """Whether there are PDF files that matter and that nobody was there to read."""

    @property
    def are_enough(self) -> bool:
        """Whether all that must be there is."""
        return not self.missing

    def weigh(self, findings: list[Finding]) -> list[Finding]:
        """Return the findings on a message, with what these signatures make of them."""
        undecided = self._undecided if SignedPart.ATTACHMENT in self.missing else None
        may_be_absent = SignedPart.ENVELOPE not in self.missing or (
            undecided is not None and self.mode is SignatureMode.EITHER
        )
        weighed = [
            replace(finding, level=Level.WARNING) if may_be_absent and finding.code in ABSENT else finding
            for finding in findings
        ]
        faults = (error for each in self.pdfs for error in each.verdict.errors[:1] if error is not undecided)
        weighed += (Finding.of(fault, level=Level.WARNING) for fault in faults)
        if undecided is not None:
            weighed.append(Finding.of(undecided))
        elif SignedPart.ATTACHMENT in self.missing and self.mode is not SignatureMode.EITHER:
            weighed.append(Finding.of(AttachmentUnsignedError()))
        return weighed

    @property
    def _undecided(self) -> TrustError | None:
        """Why a PDF may still turn out to be signed, if one may."""
        if self.are_unread:
            # Where the message could have been signed instead, its sender hears of that.
            return PdfUndecidedError(Obstacle.ABSENT) if self.mode is not SignatureMode.EITHER else None
        errors = (error for each in self.pdfs for error in each.verdict.errors[:1])
        return next((error for error in errors if error.retry), None)


class Examined(Protocol):
    """What is known of a message by now."""

    findings: list[Finding]

    @property
    def message(self) -> Document | StatusMessage | None:
        """What it says."""

    @property
    def opened(self) -> Opened | None:
        """The file that it was read from."""

    @property
    def verdict(self) -> Verdict | None:
        """On the signature around it."""

    @property
    def sender(self) -> Resolved | None:
        """The agency that it names as its sender."""

    @property
    def binding(self) -> Binding | None:
        """By what the signer of the message may sign for that agency."""


def take_together(
    found: Examined, *, pdf: PdfReader | None, trust: Trust, at: datetime, bound_at: datetime
) -> Signatures | None:
    """Look at attached PDF files as far as the mode asks for it, and weigh the findings anew.

    `bound_at` is the moment at which a certificate has to be the sending agency's.
    Nothing is looked at in a message that is refused for another reason, nor in one that is no document.
    """
    message, sender, opened = found.message, found.sender, found.opened
    if not isinstance(message, Document) or sender is None or opened is None:
        return None
    if any(finding.level is not Level.WARNING and finding.code not in ABSENT for finding in found.findings):
        return None

    def is_agencys(signer: Signer) -> bool:
        try:
            bind_signer(signer, sender.agency, at=bound_at, as_sent=sender.as_sent, now=at)
        except RoutingError:
            return False
        return True

    mode = trust.policy.mode_of(sender.agency.code)
    is_envelope_signed = _is_envelope_signed(found)
    signed = {SignedPart.ENVELOPE} if is_envelope_signed else set()
    wanted = _pdfs_of(message) if needs_attachments(mode, is_envelope_signed=is_envelope_signed) else ()
    pdfs: tuple[AttachedPdf, ...] = ()
    if pdf is not None:
        pdfs = tuple(_judged(opened, each, pdf, is_agencys, trust=trust, at=at) for each in wanted)
    if any(each.is_agencys for each in pdfs):
        signed.add(SignedPart.ATTACHMENT)
    together = Signatures(
        mode=mode, missing=missing_parts(mode, signed), pdfs=pdfs, are_unread=bool(wanted) and pdf is None
    )
    found.findings = together.weigh(found.findings)
    return together


def _is_envelope_signed(found: Examined) -> bool:
    verdict = found.verdict
    return (
        verdict is not None
        and verdict.indication is Indication.TOTAL_PASSED
        and verdict.scope is Scope.FULL
        and found.binding is not None
    )


def _pdfs_of(document: Document) -> tuple[Attachment, ...]:
    return tuple(each for each in document.attachments if each.detected_type == _PDF)[:MOST]


def _judged(
    opened: Opened,
    attachment: Attachment,
    reader: PdfReader,
    is_agencys: IsAgencys,
    *,
    trust: Trust,
    at: datetime,
) -> AttachedPdf:
    with _as_file(opened, attachment) as path:
        facts = reader.read(path)
    if facts.sha256 not in {None, attachment.sha256}:
        facts = PdfFacts.undecided(Obstacle.CHANGED)
    verdict = judge_pdf(facts, trust=trust, at=at)
    roles = tuple(
        None
        if each.verdict.signer is None or each.verdict.indication is not Indication.TOTAL_PASSED
        else SignerRole.AGENCY
        if is_agencys(each.verdict.signer)
        else SignerRole.PERSON
        for each in verdict.signatures
    )
    return AttachedPdf(content_id=attachment.content_id, verdict=verdict, roles=roles)


@contextlib.contextmanager
def _as_file(opened: Opened, attachment: Attachment) -> Iterator[Path]:
    """Write an attachment to a private file for as long as it is being read."""
    with tempfile.NamedTemporaryFile(prefix="attachment-", suffix=".pdf") as file:
        for piece in read_content(opened, attachment.content_id):
            file.write(piece)
        file.flush()
        yield Path(file.name)
