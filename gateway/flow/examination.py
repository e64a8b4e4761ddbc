"""The examination: from bytes to a decision, in numbered steps, without waiting for anything.

`examine` is what the API runs on every message, what a receiving gateway runs again on arrival, and what `vanthu check` runs
offline; there is no other road to an acceptance. It reads no clock and no store: directory, trust and time are handed in.

Three outcomes, never two: accepted, refused, undecided. A refusal is final for these bytes at this time; undecided means that
something we need is missing, and a later try may decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from lxml import etree

from certs.trust import Trust
from certs.verdict import Verdict
from certs.verify import verify
from gateway.errors import GatewayError, SignedViewDiffersError
from gateway.flow.attached import Signatures, take_together
from gateway.flow.findings import Finding, Level
from gateway.flow.parties import Found, Ground, bind_sender, bound_at, find_recipients, find_sender
from gateway.interval import ALWAYS, Interval
from gateway.ports.pdf import PdfReader
from gateway.records import MessageKind
from routing.agencies import Directory, Member
from routing.binding import Binding
from routing.closed_codes import CODE_GRACE, Grace
from routing.delivery import Delivery
from routing.resolve import Resolved
from schemas.document import Document, StatusMessage
from schemas.errors import Parties, SchemaError, SchemaErrors, UnexpectedMessage
from schemas.parse import Parsed, parse, parties_of
from schemas.splice import Opened, open_file

_HAS_COMMENTS = etree.XPath("boolean(//comment())")


class Outcome(StrEnum):
    """What an examination decided."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A decision with everything it rested on; parts that were not reached are None or empty.

    `codes_at` is the moment whose codes counted. `steady` is the interval around `at` in which the same codes give the same
    decision. `late` says why the sender's code counted although it had ended, `forwarded` for whom a successor stands in.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    at: datetime
    registry_version: int
    registry_sha256: str
    trust_version: str
    trust_number: int | None
    message: Document | StatusMessage | None
    parties: Parties | None
    verdict: Verdict | None
    sender: Resolved | None
    binding: Binding | None
    deliveries: tuple[Delivery, ...]
    signatures: Signatures | None = None
    codes_at: datetime
    steady: Interval = ALWAYS
    late: Grace | None = None
    forwarded: tuple[Resolved, ...] = ()

    @property
    def decisive(self) -> Finding | None:
        """The finding that decided: the first refusal, else the first that left it undecided."""
        levels = (Level.REFUSE, Level.UNDECIDED)
        return next((each for level in levels for each in self.findings if each.level is level), None)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that did not decide."""
        return tuple(finding for finding in self.findings if finding.level is Level.WARNING)


def examine(  # noqa: PLR0913 - what a decision rests on
    source: bytes | Path,
    *,
    expect: MessageKind | None,
    caller: Member | None,
    directory: Directory,
    trust: Trust,
    at: datetime,
    existed_at: datetime | None = None,
    pdf: PdfReader | None = None,
    codes_at: datetime | None = None,
    grace: timedelta = CODE_GRACE,
) -> Examination:
    """Decide on one edXML message, collecting every finding that can be had.

    `expect` is the kind of message that the resource takes (None: either). `caller` is the member whose credential brought the
    message; None (offline) leaves step 5 out. `at` is the moment whose certificates count, and whose codes unless `codes_at` is
    another one; `existed_at` is when these bytes first came, if that was before. `pdf` reads attached PDF files where the policy
    asks for their signatures. `grace` is for how long a signature from before the end of its sender's code is taken.
    """
    found = Found()
    ground = Ground(directory=directory, at=at, codes_at=at if codes_at is None else codes_at, grace=grace)
    # 1. Bytes become a tree exactly once. 2. The signature covers the whole document and leads to a trust anchor.
    # 3. The message is read from what was signed.
    _read(source, found, expect=expect, trust=trust, at=at, existed_at=existed_at)
    # What follows is looked at even if the message is refused by now, so that its sender hears of everything at once.
    if found.parties is not None:
        # 4. The sender's code names an agency in force.
        if found.parties.sender_code:
            find_sender(found.parties.sender_code, found, ground)
        # 5. The caller may act for that agency. 6. The signer is that agency,
        bind_sender(caller, found, ground)
        # and the signatures that the policy asks for are there.
        found.signatures = take_together(found, pdf=pdf, trust=trust, at=at, bound_at=bound_at(found, ground))
        # 7. Every recipient code names an agency in force, and 8. a connected system serves it.
        find_recipients(found, ground)
    return _conclude(found, ground, trust=trust)


def unread(fault: GatewayError, *, directory: Directory, trust: Trust, at: datetime) -> Examination:
    """Refuse a message that is not read at all, for a reason that is known without."""
    found = Found(findings=[Finding.of(fault)])
    return _conclude(found, Ground(directory=directory, at=at, codes_at=at, grace=CODE_GRACE), trust=trust)


def _conclude(found: Found, ground: Ground, *, trust: Trust) -> Examination:
    directory = ground.directory
    return Examination(
        outcome=_outcome(found),
        findings=tuple(found.findings),
        at=ground.at,
        registry_version=directory.version,
        registry_sha256=directory.sha256,
        trust_version=trust.version,
        trust_number=trust.number,
        message=found.message,
        parties=found.parties,
        verdict=found.verdict,
        sender=found.sender,
        binding=found.binding,
        deliveries=found.deliveries,
        signatures=found.signatures,
        codes_at=ground.codes_at,
        steady=Interval(*directory.steady(ground.at)).narrowed(ground.at, found.turns),
        late=found.late,
        forwarded=found.forwarded,
    )


def _read(
    source: bytes | Path,
    found: Found,
    *,
    expect: MessageKind | None,
    trust: Trust,
    at: datetime,
    existed_at: datetime | None,
) -> None:
    verdict = None
    try:
        opened = open_file(source)
        tree = opened.tree
        # Comments are not signed: somebody may have added them afterwards, and a careless reader stops at one in the middle
        # of a text. A document that has any is read as it came, too, and both readings must agree.
        received = _parse(tree, opened, at=at) if _HAS_COMMENTS(tree) else None
        verdict = verify(
            tree, trust=trust, at=at, existed_at=existed_at, size=opened.size, contents=opened.canonical
        )
        parsed = _parsed(opened, verdict, at=at)
    except SchemaErrors as errors:
        _refuse(errors, found, expect=expect, verdict=verdict)
        return
    except (SchemaError, SignedViewDiffersError) as error:
        found.findings.append(Finding.of(error))
        return
    kind = kind_of(parsed.message)
    if expect is not None and kind is not expect:
        other = UnexpectedMessage(
            found_vi=kind.vi, found_en=kind.en, expected_vi=expect.vi, expected_en=expect.en
        )
        found.findings.append(Finding.of(other))
        return
    found.message, found.parties, found.opened = parsed.message, parties_of(parsed.message), opened
    found.findings.extend(Finding.of(warning, level=Level.WARNING) for warning in parsed.warnings)
    if kind is MessageKind.EDOC:
        _take_verdict(verdict, found)
    if received is not None and received.message != parsed.message:
        found.findings.append(Finding.of(SignedViewDiffersError()))


def _refuse(
    errors: SchemaErrors, found: Found, *, expect: MessageKind | None, verdict: Verdict | None
) -> None:
    """Take over why the message cannot be read, and go on with what is known of it all the same."""
    found.findings.extend(Finding.of(error) for error in errors.errors)
    found.findings.extend(Finding.of(warning, level=Level.WARNING) for warning in errors.warnings)
    parties = errors.parties
    if parties is None or (expect is not None and parties.is_document is not (expect is MessageKind.EDOC)):
        return
    found.parties = parties
    if parties.is_document and verdict is not None:
        _take_verdict(verdict, found)


def _take_verdict(verdict: Verdict, found: Found) -> None:
    found.verdict = verdict
    found.findings.extend(Finding.of(error) for error in verdict.errors)
    found.findings.extend(Finding.of(warning, level=Level.WARNING) for warning in verdict.warnings)


def _parse(tree: etree._ElementTree, opened: Opened, *, at: datetime) -> Parsed:
    return parse(tree, at=at, contents=opened.contents)


def _parsed(opened: Opened, verdict: Verdict, *, at: datetime) -> Parsed:
    """Read the message from the signed view; without one there is no acceptance, and the tree shows what it says.

    Raises:
        SchemaErrors: it is no edXML message; places are those of the bytes received.
        SignedViewDiffersError: what was received can be read, but not what was signed.

    """
    if verdict.signed_view is None:
        return _parse(opened.tree, opened, at=at)
    try:
        signed = _parse(verdict.signed_view.tree, opened, at=at)
    except SchemaErrors:
        _parse(opened.tree, opened, at=at)
        raise SignedViewDiffersError from None
    if not signed.warnings:
        return signed
    # The signed view has lines of its own, but people count those of the file.
    return Parsed(message=signed.message, warnings=_parse(opened.tree, opened, at=at).warnings)


def _outcome(found: Found) -> Outcome:
    levels = {finding.level for finding in found.findings}
    if Level.REFUSE in levels:
        return Outcome.REFUSED
    if Level.UNDECIDED in levels:
        return Outcome.UNDECIDED
    if not _established(found):
        # Every failed step leaves a finding; silence without the facts would be a defect, and must not become a pass.
        raise AssertionError("nothing speaks against this message, but an acceptance rests on more")
    return Outcome.ACCEPTED


def _established(found: Found) -> bool:
    signed = isinstance(found.message, StatusMessage) or (
        found.signatures is not None and found.signatures.are_enough
    )
    return signed and found.sender is not None and bool(found.deliveries)


def kind_of(message: Document | StatusMessage) -> MessageKind:
    """Say which kind of message this is."""
    return MessageKind.EDOC if isinstance(message, Document) else MessageKind.STATUS
