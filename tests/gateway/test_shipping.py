"""Shipping: what goes on the axis for each row, a slice at a time, and what a failure in the middle comes to.

The road is the embedded link, over a real database; what fails is put before it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.axis.local import LocalLink
from gateway.flow.envelope import Manifest, open_envelope
from gateway.flow.forwarding import LANES, QUICK
from gateway.flow.segments import is_segment, open_segment
from gateway.flow.shipping import LEASE as HELD
from gateway.flow.shipping import Shipper
from gateway.flow.spool import SMALL
from gateway.payloads import FolderPayloads
from gateway.pieces import SEGMENT
from gateway.ports import AxisLink
from gateway.ports.documents import ANY_SIZE
from gateway.records import AxisMessage, Incoming, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from routing.note import parse_verifier_key
from tests.contract.test_store_outbox import LEASE
from tests.gateway.test_envelope import NORTH
from tests.support.store_samples import Clock, a_recipient, an_acceptance
from tests.support.stores import Stores

QUEUE = "member.tayninh"
APART = frozenset({QUEUE})
BIG = 5 * SEGMENT + 17
SLICE = 2 * SEGMENT
VERIFIERS = [parse_verifier_key(NORTH.verifier)]


@dataclass
class Faulty:
    """A link of which some sends fail; everything else is the link behind it."""

    link: AxisLink
    fails: dict[int, SendResult] = field(default_factory=dict)
    sent: list[list[AxisMessage]] = field(default_factory=list)

    async def declare(self, queues: frozenset[str]) -> None:
        """See the port."""
        await self.link.declare(queues)

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Send, and say of some sends that they failed though they did not: that is what a timeout is like."""
        self.sent.append(list(messages))
        outcomes = await self.link.send(messages)
        failure = self.fails.get(len(self.sent))
        return outcomes if failure is None else tuple(SendOutcome(result=failure) for _ in outcomes)

    def receive(
        self, queues: frozenset[str], *, in_pieces: bool = False
    ) -> AsyncGenerator[tuple[Incoming, ...]]:
        """See the port."""
        return self.link.receive(queues, in_pieces=in_pieces)

    @property
    def blocked(self) -> str:
        """See the port."""
        return self.link.blocked

    async def settle(self, *, done: Sequence[Incoming], dead: Sequence[Incoming] = ()) -> None:
        """See the port."""
        await self.link.settle(done=done, dead=dead)

    async def ready(self) -> None:
        """See the port."""
        await self.link.ready()

    async def close(self) -> None:
        """See the port."""
        await self.link.close()


@dataclass(frozen=True)
class Yard:
    """A shipper with all that it needs."""

    store: SqlStore
    payloads: FolderPayloads
    link: Faulty
    shipper: Shipper

    async def accepted(self, body: bytes) -> OutboxItem:
        """Accept a document and lease its delivery."""
        acceptance = an_acceptance(body, recipients=[a_recipient(queue=QUEUE)])
        if len(body) > SMALL:
            await self.payloads.put(body, sha256(body).hexdigest())
            acceptance = replace(acceptance, body=None)
        await self.store.documents.accept(acceptance)
        [item] = await self.store.documents.claim(limit=10, lease=LEASE)
        return item

    async def ship(
        self, *items: OutboxItem, apart: frozenset[str] = APART, slice_bytes: int = SLICE
    ) -> tuple[SendOutcome, ...]:
        """Ship rows."""
        return await self.shipper.ship(items, apart=apart, slice_bytes=slice_bytes)

    @property
    def bodies(self) -> list[bytes]:
        """What was sent."""
        return [message.body for part in self.link.sent for message in part]


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    """Lend a shipper over an embedded link."""
    stores = Stores(f"sqlite:///{tmp_path / 'vanthu.db'}", Clock())
    store = await stores.open()
    link = Faulty(LocalLink(store.database, store.writer))
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
