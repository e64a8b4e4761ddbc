"""Shipping: what goes on the axis for each row, a slice at a time, and what a failure in the middle comes to.

The road is the embedded link, over a real database; what fails is put before it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from gateway.axis.local import LocalLink
from gateway.flow.envelope import open_envelope
from gateway.flow.forwarding import LANES, QUICK, AsideForwarder, Forwarder, Lane, Outgoing
from gateway.flow.notifying import Bell
from gateway.flow.segments import is_segment, open_segment
from gateway.flow.shipping import LEASE as HELD
from gateway.flow.shipping import Shipper
from gateway.flow.spool import SMALL
from gateway.flow.stated import Manifest
from gateway.payloads import FolderPayloads
from gateway.peers import PeerGateway
from gateway.pieces import SEGMENT
from gateway.ports.documents import ANY_SIZE
from gateway.records import AxisMessage, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.telemetry import Metrics
from routing.agencies import Agency, Member
from routing.heading import Patience
from routing.note import parse_verifier_key
from tests.contract.test_store_outbox import LEASE
from tests.gateway.test_envelope import NORTH, SOUTH
from tests.support.store_samples import Clock, a_recipient, an_acceptance
from tests.support.stores import Stores

QUEUE = "member.tayninh"
APART = frozenset({QUEUE})
BIG = 5 * SEGMENT + 17
SLICE = 2 * SEGMENT
VERIFIERS = [parse_verifier_key(NORTH.verifier)]


class Faulty(LocalLink):
    """A link that remembers what was sent, and says of some sends that they failed though they did not, as a timeout does."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store.database, store.writer)
        self.fails: dict[int, SendResult] = {}
        self.sent: list[list[AxisMessage]] = []
        self.under_way = 0
        self.most = 0

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Send, count, and perhaps lie."""
        self.sent.append(list(messages))
        failure = self.fails.get(len(self.sent))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            outcomes = await super().send(messages)
        finally:
            self.under_way -= 1
        return outcomes if failure is None else tuple(SendOutcome(result=failure) for _ in outcomes)


_NUMBERS = count(1)


@dataclass(frozen=True)
class Yard:
    """A shipper with all that it needs."""

    store: SqlStore
    payloads: FolderPayloads
    link: Faulty
    shipper: Shipper

    async def accepted(self, body: bytes) -> OutboxItem:
        """Accept a document for an addressee of its own, so that it waits for no other one, and lease its delivery."""
        await self.accept(body)
        [item] = await self.store.documents.claim(limit=10, lease=LEASE)
        return item

    async def accept(self, body: bytes) -> None:
        """Accept a document."""
        acceptance = an_acceptance(
            body,
            recipients=[a_recipient(f"H53.{next(_NUMBERS)}", queue=QUEUE)],
            registry_version=(await self.store.registry.directory()).version,
        )
        if len(body) > SMALL:
            await self.payloads.put(body, sha256(body).hexdigest())
            acceptance = replace(acceptance, body=None)
        await self.store.documents.accept(acceptance)

    async def ship(
        self, *items: OutboxItem, apart: frozenset[str] = APART, slice_bytes: int = SLICE
    ) -> tuple[SendOutcome, ...]:
        """Ship rows."""
        return await self.shipper.ship(items, apart=apart, slice_bytes=slice_bytes)

    def outgoing(self) -> Outgoing:
        """Return what forwarders of this gateway share."""
        return Outgoing(
            gateway="gw-north",
            documents=self.store.documents,
            registry=self.store.registry,
            shipper=self.shipper,
            resend_after=LEASE,
            bell=Bell(),
            metrics=Metrics(),
            patience=Patience(queue=LEASE, hold=LEASE),
        )

    async def introduce(self, *, shares_payloads: bool) -> None:
        """Register the recipient's gateway and its system."""
        peer = PeerGateway(name="gw-south", verifier_key=SOUTH.verifier, shares_payloads=shares_payloads)
        await self.store.registry.put_peer(peer, actor="test")
        member = Member(id="tayninh", name="Tây Ninh", prefixes=("H53",), queue=QUEUE, gateway="gw-south")
        await self.store.registry.put_member(member, actor="test")
        await self.store.registry.load_agencies(
            [Agency(code="H53.7", entity_id="H53.7", name="Sở Nội vụ", parent=None, kind="department")],
            actor="test",
            source_sha256="00" * 32,
        )

    async def waiting(self) -> int:
        """Return how many deliveries are due."""
        return (await self.store.documents.backlog())["outbox_due"]

    @property
    def bodies(self) -> list[bytes]:
        """What was sent."""
        return [message.body for part in self.link.sent for message in part]


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    """Lend a shipper over an embedded link."""
    stores = Stores(f"sqlite:///{tmp_path / 'vanthu.db'}", Clock())
    store = await stores.open()
    link = Faulty(store)
    await link.declare(APART)
    payloads = await asyncio.to_thread(FolderPayloads, tmp_path / "payloads")
    shipper = Shipper(documents=store.documents, payloads=payloads, link=link, key=NORTH)
    yield Yard(store, payloads, link, shipper)
    await link.close()
    await stores.close()


async def test_a_big_document_goes_in_pieces_and_its_manifest_behind(yard: Yard) -> None:
    """A slice at a time, each message under an id of its own; together the pieces are the document."""
    body = os.urandom(BIG)
    item = await yard.accepted(body)

    [outcome] = await yard.ship(item)

    assert outcome.result is SendResult.CONFIRMED
    assert [len(part) for part in yard.link.sent] == [2, 2, 3]
    *pieces, manifest = yard.bodies
    opened = [open_segment(each, verifiers=VERIFIERS) for each in pieces]
    assert b"".join(piece.content for _, piece in opened) == body
    assert {(whole.gateway, whole.sha256, whole.size) for whole, _ in opened} == {
        ("gw-north", sha256(body).hexdigest(), BIG)
    }
    stated, inline = open_envelope(manifest, verifiers=VERIFIERS)
    assert isinstance(stated, Manifest)
    assert (stated.delivery_id, inline) == (item.id, b"")
    ids = [message.id for part in yard.link.sent for message in part]
    assert len(set(ids)) == len(ids)


async def test_who_shares_payloads_gets_a_manifest_only(yard: Yard) -> None:
    """Neither a big document for such a gateway nor a small one for any goes in pieces."""
    big = await yard.accepted(os.urandom(BIG))
    small = await yard.accepted(b"<edXML/>")

    await yard.ship(big, apart=frozenset({"member.other"}))
    await yard.ship(small)

    first, second = yard.bodies
    assert not is_segment(first)
    assert open_envelope(first, verifiers=VERIFIERS)[1] == b""
    assert open_envelope(second, verifiers=VERIFIERS)[1] == b"<edXML/>"


@pytest.mark.parametrize("failure", [SendResult.UNKNOWN, SendResult.RETURNED])
async def test_a_failure_ends_the_attempt(yard: Yard, failure: SendResult) -> None:
    """After a slice that failed nothing more of this document goes out, and its neighbours are not concerned."""
    small = await yard.accepted(b"<edXML/>")
    big = await yard.accepted(os.urandom(BIG))
    last = await yard.accepted(b"<edXML>1</edXML>")
    yard.link.fails[2] = failure

    outcomes = await yard.ship(small, big, last)

    assert [outcome.result for outcome in outcomes] == [SendResult.CONFIRMED, failure, SendResult.CONFIRMED]
    assert [len(part) for part in yard.link.sent] == [3, 2, 1]


async def test_a_new_attempt_begins_at_the_start(yard: Yard) -> None:
    """The pieces of the second attempt are those of the first, under other ids."""
    item = await yard.accepted(os.urandom(BIG))
    yard.link.fails[3] = SendResult.UNKNOWN
    await yard.ship(item)
    failed = len(yard.link.sent)

    [outcome] = await yard.ship(item)

    assert outcome.result is SendResult.CONFIRMED
    again = yard.link.sent[failed:]
    assert [m.body for m in again[0]] == [m.body for m in yard.link.sent[0]]
    assert {m.id for m in again[0]}.isdisjoint(m.id for m in yard.link.sent[0])


async def test_a_document_that_cannot_be_read_holds_nothing_up(yard: Yard) -> None:
    """Its outcome is unknown, so that it is tried again; what was claimed with it is sent."""
    gone = await yard.accepted(os.urandom(BIG))
    assert gone.message is not None
    yard.payloads.path(gone.message.sha256).unlink()
    small = await yard.accepted(b"<edXML/>")

    outcomes = await yard.ship(gone, small)

    assert [outcome.result for outcome in outcomes] == [SendResult.UNKNOWN, SendResult.CONFIRMED]
    assert outcomes[0].reason == "FileNotFoundError"


def test_every_size_has_one_lane() -> None:
    """What is quick and the lanes together are all sizes, and none of them twice."""
    lanes = sorted([QUICK, *(lane.sizes for lane in LANES.values())], key=lambda sizes: sizes.start)

    assert lanes[0].start == 0
    assert lanes[-1].stop == ANY_SIZE.stop
    assert [lane.stop for lane in lanes[:-1]] == [lane.start for lane in lanes[1:]]
    assert HELD.total_seconds() >= 60


async def test_big_documents_go_aside(yard: Yard) -> None:
    """To a gateway that takes pieces the small ones go at once, the big ones a few at a time, each as a whole."""
    await yard.introduce(shares_payloads=False)
    bodies = [os.urandom(QUICK.stop + number) for number in range(5)]
    for body in (*bodies, b"<edXML/>"):
        await yard.accept(body)

    await Forwarder(yard.outgoing()).one_pass()
    assert [open_envelope(each, verifiers=VERIFIERS)[1] for each in yard.bodies] == [b"<edXML/>"]
    assert await yard.waiting() == 5
    yard.link.sent.clear()

    lane = Lane(sizes=range(QUICK.stop, ANY_SIZE.stop), slots=2)
    aside = asyncio.create_task(AsideForwarder(yard.outgoing(), lane).one_pass())
    async with asyncio.timeout(60):
        while await yard.waiting() or yard.link.under_way:
            await asyncio.sleep(0.02)
        manifests: list[bytes] = []
        while len(manifests) < 5:
            manifests = [each for each in yard.bodies if not is_segment(each)]
            await asyncio.sleep(0.02)
    aside.cancel()
    await asyncio.gather(aside, return_exceptions=True)

    pieces: dict[str, bytes] = {}
    for each in filter(is_segment, yard.bodies):
        whole, piece = open_segment(each, verifiers=VERIFIERS)
        pieces[whole.sha256] = pieces.get(whole.sha256, b"") + piece.content
    assert pieces == {sha256(body).hexdigest(): body for body in bodies}
    assert yard.link.most <= 2


async def test_where_all_share_nothing_goes_aside(yard: Yard) -> None:
    """Then a batch takes everything, as manifests."""
    await yard.introduce(shares_payloads=True)
    await yard.accept(os.urandom(2 * QUICK.stop))
    await yard.accept(b"<edXML/>")

    await Forwarder(yard.outgoing()).one_pass()

    assert [len(part) for part in yard.link.sent] == [2]
    assert await yard.waiting() == 0
    assert not any(is_segment(each) for each in yard.bodies)
