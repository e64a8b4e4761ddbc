"""Who sends and who receives: steps 4 to 8 of the examination, over what its first steps have read.

Codes and bindings count at one moment, `Ground.codes_at`: where a message is accepted, that of the decision; where it arrives,
that of its acceptance, because nobody can help that a code ended while a document was on its way. What counts of a code after
its end is decided in `routing.closed_codes`, and every such case leaves a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from certs.timestamp import best_time
from certs.verdict import Signer, Verdict
from gateway.flow.attached import Signatures
from gateway.flow.findings import Finding, Level
from routing.agencies import Agency, Directory, Member
from routing.binding import Binding, bind_caller, bind_signer
from routing.closed_codes import ClosedCodeRule, Grace, bind_late_caller, grace_of, turning_points
from routing.delivery import Delivery
from routing.errors import CodeClosed, RoutingError
from routing.errors_registry import AnswerForwardedError, ClosedCodeGraceError, CodeForwardedError
from routing.renewal import remarks
from routing.resolve import Resolved, resolve, resolve_recipient
from routing.route import route
from routing.times import shown
from schemas.codes import AgencyCode
from schemas.document import Document, StatusMessage
from schemas.errors import BadAgencyCode, Parties
from schemas.splice import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """On what codes are decided: the directory, the moment of the decision, that whose codes count, and the grace period."""

    directory: Directory
    at: datetime
    codes_at: datetime
    grace: timedelta


@dataclass(slots=True, kw_only=True)
class Found:
    """What one examination has established so far.

    `late` says why a sender's code counts after its end. `forwarded` are the recipients for which a successor stands in.
    `turns` are moments, besides those of the directory, at which the decision may become another one.
    """

    findings: list[Finding] = field(default_factory=list)
    message: Document | StatusMessage | None = None
    parties: Parties | None = None
    verdict: Verdict | None = None
    sender: Resolved | None = None
    binding: Binding | None = None
    late: Grace | None = None
    deliveries: tuple[Delivery, ...] = ()
    forwarded: tuple[Resolved, ...] = ()
    turns: set[datetime] = field(default_factory=set)
    opened: Opened | None = None
    signatures: Signatures | None = None

    def object(self, error: RoutingError) -> None:
        """Note what speaks against the message."""
        self.findings.append(Finding.of(error))

    def remark(self, error: RoutingError) -> None:
        """Note what is worth a warning."""
        self.findings.append(Finding.of(error, level=Level.WARNING))


def find_sender(code: str, found: Found, ground: Ground) -> None:
    """Find whom the sender's code names: the body that bears it, or the one that bore it when the signature was made."""
    _note_turns(code, found, ground)
    try:
        resolved = resolve(code, directory=ground.directory, at=ground.codes_at)
    except CodeClosed as error:
        found.late = _grace(code, found, ground)
        if found.late is None:
            found.object(error)
            return
        resolved = Resolved(as_sent=code.strip(), agency=found.late.agency)
    except RoutingError as error:
        found.object(error)
        return
    late = _grace(code, found, ground) if found.late is None else None
    if late is not None and _signed_before(resolved, late, found, ground):
        found.late, resolved = late, Resolved(as_sent=resolved.as_sent, agency=late.agency)
    found.sender = resolved
    if found.late is not None:
        found.remark(_told(found.late))


def bind_sender(caller: Member | None, found: Found, ground: Ground) -> None:
    """Bind the caller, if there is one, and the signer, if there is one, to the sender."""
    if found.sender is None:
        return
    try:
        if caller is None:
            pass
        elif found.late is not None:
            bind_late_caller(caller, found.late, directory=ground.directory, at=ground.codes_at)
        else:
            bind_caller(caller, found.sender.agency, directory=ground.directory, at=ground.codes_at)
    except RoutingError as error:
        found.object(error)
    signer = found.verdict.signer if found.verdict is not None else None
    if signer is None:
        return
    agency = found.sender.agency
    try:
        found.binding = _bound(signer, found.sender, at=bound_at(found, ground), now=ground.at)
    except RoutingError as error:
        found.object(error)
        return
    if found.late is None:
        for each in remarks(signer, agency, found.binding, at=ground.at):
            found.findings.append(Finding.of(each, level=Level.WARNING))


def bound_at(found: Found, ground: Ground) -> datetime:
    """Return the moment at which a certificate has to be the sender's."""
    return ground.codes_at if found.late is None else found.late.proven_at


def find_recipients(found: Found, ground: Ground) -> None:
    """Find whom the recipients' codes name, and who serves them."""
    recipients: dict[str, Resolved] = {}
    is_answer = found.parties is not None and not found.parties.is_document
    for code in found.parties.recipient_codes if found.parties else ():
        _note_turns(code, found, ground)
        try:
            resolved = resolve_recipient(
                code, directory=ground.directory, at=ground.codes_at, is_answer=is_answer
            )
        except RoutingError as error:
            found.object(error)
            continue
        recipients.setdefault(resolved.agency.code, resolved)
        if resolved.closed is not None:
            found.forwarded += (resolved,)
            found.remark(_forwarded(resolved, resolved.closed))
    try:
        found.deliveries = route(tuple(recipients.values()), directory=ground.directory, at=ground.codes_at)
    except RoutingError as error:
        found.object(error)


def _grace(code: str, found: Found, ground: Ground) -> Grace | None:
    """Return why the sender's code counts after its end, if the signature proves that it should."""
    # A receipt of this gateway would prove as much, but the gateway of the addressee does not know it and would refuse.
    return grace_of(
        _canonical(code, ground.directory),
        directory=ground.directory,
        at=ground.codes_at,
        proven_at=best_time(found.verdict.timestamps) if found.verdict is not None else None,
        grace=ground.grace,
    )


def _signed_before(resolved: Resolved, late: Grace, found: Found, ground: Ground) -> bool:
    """Say whether the signer is not the body that bears the code now, but the one that bore it before."""
    signer = found.verdict.signer if found.verdict is not None else None
    if signer is None:
        return False
    before = Resolved(as_sent=resolved.as_sent, agency=late.agency)
    return not _is_bound(signer, resolved, at=ground.codes_at, now=ground.at) and _is_bound(
        signer, before, at=late.proven_at, now=ground.at
    )


def _is_bound(signer: Signer, sender: Resolved, *, at: datetime, now: datetime) -> bool:
    try:
        _bound(signer, sender, at=at, now=now)
    except RoutingError:
        return False
    return True


def _bound(signer: Signer, sender: Resolved, *, at: datetime, now: datetime) -> Binding:
    return bind_signer(signer, sender.agency, at=at, as_sent=sender.as_sent, now=now)


def _note_turns(code: str, found: Found, ground: Ground) -> None:
    canonical = _canonical(code, ground.directory)
    found.turns.update(turning_points(canonical, directory=ground.directory, grace=ground.grace))


def _canonical(code: str, directory: Directory) -> str:
    try:
        return directory.canonical(AgencyCode.parse(code)) or code
    except BadAgencyCode:
        return code


def _told(late: Grace) -> ClosedCodeGraceError:
    return ClosedCodeGraceError(
        code=late.agency.code,
        name=late.agency.name,
        since=shown(late.last.valid_to),
        proven_at=shown(late.proven_at),
        until=shown(late.until),
    )


def _forwarded(resolved: Resolved, closed: Agency) -> RoutingError:
    facts: dict[str, Any] = {
        "code": resolved.as_sent,
        "name": closed.name,
        "since": shown(closed.valid_to),
        "successor": resolved.agency.code,
        "successor_name": resolved.agency.name,
    }
    if resolved.rule is ClosedCodeRule.ANSWER_FOLLOWS:
        return AnswerForwardedError(**facts)
    return CodeForwardedError(until=shown(closed.forward_until), **facts)
