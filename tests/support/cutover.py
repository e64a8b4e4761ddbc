"""The night of the cut-over, for tests: a whole gateway, the systems of both sides, and what agencies do through it.

At midnight of 1 July 2025 (`CUT_OVER`) Long An (H39) is merged into Tây Ninh, whose code H53 names a new and larger body from
then on. Before it, Long An and the old Tây Ninh each have a system; from it on, the new Tây Ninh has a third. All of it is in the
registry from the beginning, and nothing is loaded or sent at the instant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils import uuid7

from certs.issue import issue
from gateway.flow.accepting import NotAcceptedError, Submission
from gateway.flow.envelope import seal_message
from gateway.flow.examination import Examination
from gateway.flow.findings import Level
from gateway.flow.spool import Spooled
from gateway.keys import SigningKey
from gateway.peers import PeerGateway
from gateway.records import Accepted, AxisMessage, Message, MessageKind, Recipient
from routing.agencies import Agency, Member, entity_id
from routing.log import Kind, LogEntry
from schemas.document import Business, Organization, ResponseFor
from tests.api.world import GATEWAY, World, identity, root, signed, unsigned_document, world
from tests.support.documents import status_edxml
from tests.support.pki import Identity
from tests.support.registry import CUT_OVER, an_agency, home_agencies
from tests.support.stamped import signed_at

SECOND, MINUTE, HOUR, DAY = (timedelta(**{name: 1}) for name in ("seconds", "minutes", "hours", "days"))
BEFORE = CUT_OVER - SECOND
SINCE = "2025-07-01T00:00:00+07:00"

LONG_AN = Member(
    id="longan",
    name="Hệ thống Long An",
    prefixes=("H39",),
    queue="member.longan",
    gateway=GATEWAY,
    entities=(entity_id("H39", None),),
)
OLD = Member(
    id="tayninh",
    name="Hệ thống Tây Ninh cũ",
    prefixes=("H53",),
    queue="member.tayninh",
    gateway=GATEWAY,
    entities=(entity_id("H53", None),),
)
NEW = Member(
    id="tayninhmoi",
    name="Hệ thống Tây Ninh mới",
    prefixes=("H53",),
    queue="member.tayninhmoi",
    gateway=GATEWAY,
    entities=(entity_id("H53", CUT_OVER),),
)
HANOI = Member(id="hanoi", name="Hà Nội", prefixes=("H26",), queue="member.hanoi", gateway=GATEWAY)
OFFICE = Member(id="vpcp", name="VPCP", prefixes=("G22",), queue="member.vpcp", gateway="gw.other")
OTHER = SigningKey(name="gw.other/axis", private=Ed25519PrivateKey.generate())


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The gateway in the night of the cut-over, and what agencies do through it."""

    gateway: World

    def turn(self, moment: datetime) -> None:
        """Turn the clock."""
        self.gateway.clock.now = moment

    async def submit(
        self, body: bytes, by: Member, *, kind: MessageKind = MessageKind.EDOC, key: str | None = None
    ) -> Accepted | Examination:
        """Hand in a document as a system does, and return the acceptance, or the examination that refused it."""
        spooled = Spooled(sha256=sha256(body).hexdigest(), size=len(body), memory=body, path=None)
        submission = Submission(body=spooled, kind=kind, caller=by, credential_id="test", key=key)
        try:
            answer = await self.gateway.context.intake.submit(submission)
        except NotAcceptedError as refused:
            return refused.examination
        assert isinstance(answer, Accepted)
        return answer

    async def say(self, body: bytes, by: Member) -> Accepted | Examination:
        """Hand in a status."""
        return await self.submit(body, by, kind=MessageKind.STATUS)

    async def entries(self, message_id: str) -> list[LogEntry]:
        """Return the history of a document."""
        return [each for each in await self.gateway.log() if each.document_id == message_id]

    async def accepted_entry(self, accepted: Accepted) -> dict[str, Any]:
        """Return what the entry of an acceptance says."""
        [first, *_] = await self.entries(accepted.message.id)
        assert first.kind is Kind.ACCEPTED
        return dict(first.fields)

    async def token(self, member_id: str) -> str:
        """Return a token of a system, made as its administrator makes it."""
        path = f"/v1/members/{member_id}/tokens"
        issued = await self.gateway.post(path, b"{}", "application/json")
        token: str = issued.json["token"]
        return token

    async def arrival(self, body: bytes, *, accepted_at: datetime, code: str) -> LogEntry:
        """Let a document of the Government Office come from its gateway, and return the entry of what became of it."""
        message = Message(
            id=str(uuid7()),
            kind=MessageKind.EDOC,
            gateway="gw.other",
            member_id="vpcp",
            sender_code="G22",
            sender_as_sent="G22",
            document_id="",
            number="",
            subject="",
            sha256=sha256(body).hexdigest(),
            size=len(body),
            accepted_at=accepted_at,
            registry_version=1,
            verdict={},
        )
        recipient = Recipient(
            delivery_id=str(uuid7()), code=code, as_sent=code, member_id="", queue=OLD.queue
        )
        sealed = seal_message(message, recipient, body, key=OTHER)
        await self.gateway.context.link.send([AxisMessage(id=str(uuid4()), queue=OLD.queue, body=sealed)])
        kinds = {Kind.ARRIVED, Kind.ARRIVAL_REFUSED}
        while True:
            for each in await self.entries(message.id):
                if each.kind in kinds:
                    return each


@asynccontextmanager
async def night(folder: Path, *, changed: tuple[Agency, ...] = (), **settings: Any) -> AsyncIterator[Night]:
    """Run the gateway an hour before the cut-over; `changed` versions stand in for those of the home scenario."""
    keys = {(each.code, each.valid_from): each for each in (*home_agencies(), *changed)}
    async with world(folder, agencies="", now=CUT_OVER - HOUR, **settings) as gateway:
        registry = gateway.store.registry
        await registry.load_agencies(tuple(keys.values()), actor="test", source_sha256="00" * 32)
        for member in (HANOI, LONG_AN, OLD, NEW, OFFICE):
            await registry.put_member(member, actor="test")
        await registry.put_peer(
            PeerGateway(name="gw.other", verifier_key=OTHER.verifier, shares_payloads=True), actor="test"
        )
        await gateway.context.link.declare(frozenset({LONG_AN.queue, NEW.queue, OFFICE.queue}))
        yield Night(gateway=gateway)


def long_an(**changes: Any) -> Agency:
    """Return Long An's version with changes."""
    facts: dict[str, Any] = {"valid_to": CUT_OVER, "successors": ("H53",), "aliases": ("000.00.00.H39",)}
    forward_until = changes.pop("forward_until", None)
    agency = an_agency("H39", "Ủy ban nhân dân tỉnh Long An", **(facts | changes))
    return replace(agency, forward_until=forward_until)


def unsigned(sender: str, recipient: str, **changes: Any) -> bytes:
    """Return a new document without a signature."""
    return unsigned_document(
        sender=Organization(organ_id=sender),
        recipients=(Organization(organ_id=recipient),),
        document_id=changes.pop("document_id", f"{sender},{uuid4().hex}"),
        **changes,
    )


def document(sender: str, recipient: str, *, by: Identity | None = None, **changes: Any) -> bytes:
    """Return a new signed document."""
    return signed(unsigned(sender, recipient, **changes), by or identity(sender))


def stamped(sender: str, moment: datetime | None, recipient: str = "H26") -> bytes:
    """Return a document to Hà Nội under the sender's old certificate, with a time stamp of a moment if there is one."""
    return signed_at(unsigned(sender, recipient), identity(sender), moment)


def new_body() -> Identity:
    """Return a certificate that the new Tây Ninh got at the cut-over."""
    return issue(
        root(),
        subject_common_name="Tây Ninh",
        subject_serial_number="H53",
        not_before=CUT_OVER,
        not_after=CUT_OVER + 300 * DAY,
    )


def status(document_id: str, *, sender: str, about: str, code: str = "03") -> bytes:
    """Return a status about a document."""
    return status_edxml(
        sender=Organization(organ_id=sender),
        response_for=ResponseFor(organ_id=about, code="7816/VPCP-TTĐT", document_id=document_id),
        status_code=code,
        timestamp=CUT_OVER - 2 * HOUR,
    )


def taken(answer: Accepted | Examination) -> Accepted:
    """Return an acceptance, or fail with what spoke against it."""
    assert isinstance(answer, Accepted), [(each.code, each.en) for each in answer.findings]
    return answer


def refused(answer: Accepted | Examination) -> Examination:
    """Return the examination of a refusal."""
    assert isinstance(answer, Examination)
    return answer


def objections(answer: Accepted | Examination) -> set[str]:
    """Return the codes of what spoke against a document."""
    return {each.code for each in refused(answer).findings if each.level is not Level.WARNING}


def warnings(accepted: Accepted) -> set[str]:
    """Return the codes of the warnings that went with an acceptance."""
    return {each["code"] for each in accepted.message.verdict.get("warnings", ())}


def recall(sender: str, recipient: str, sent: Accepted, *, by: Identity | None = None) -> bytes:
    """Return a recall of a document."""
    about = ResponseFor(
        organ_id=sent.message.sender_code,
        code=sent.message.number,
        document_id=sent.message.document_id,
        promulgation_date=sent.message.promulgation_date,
    )
    return document(
        sender,
        recipient,
        by=by,
        business_type=1,
        business=Business(reason="Văn bản có sai sót"),
        response_for=(about,),
    )
