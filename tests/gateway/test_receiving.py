"""Receiving from the axis: what a registered gateway may say, and that everything else goes to the dead letters with an entry.

A second gateway, `gw.other`, hosts the Government Office's system. Its envelopes are put on the queues as they would come from a
broker; the gateway under test is a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils import uuid7

from gateway.axis.local import Tag
from gateway.flow.envelope import seal_message, seal_receipt
from gateway.flow.notifying import MEMBERS
from gateway.flow.receiving import Receiver
from gateway.flow.stated import Receipt, Stage
from gateway.keys import SigningKey
from gateway.loops import judge_of, pieces_of
from gateway.peers import PeerGateway
from gateway.records import AxisMessage, Incoming, Message, MessageKind, Recipient
from routing.agencies import Member
from routing.log import Kind, LogEntry
from schemas.document import Attachment, Business, Organization, ResponseFor
from tests.api.world import GATEWAY, NOW, World, a_document, a_status, identity, world

OTHER = SigningKey(name="gw.other/axis", private=Ed25519PrivateKey.generate())
STRANGER = SigningKey(name="gw.other/axis", private=Ed25519PrivateKey.generate())
VPCP = Member(id="vpcp", name="VPCP", prefixes=("G22",), queue="member.vpcp", gateway="gw.other")
TO_TAY_NINH = "member.tayninh"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run the gateway that receives, with the other one registered."""
    async with world(tmp_path) as running:
        await introduce(running)
        yield running


async def introduce(gateway: World) -> None:
    """Register the other gateway and its system."""
    registry = gateway.store.registry
    await registry.put_peer(
        PeerGateway(name="gw.other", verifier_key=OTHER.verifier, shares_payloads=True), actor="test"
    )
    await registry.put_member(VPCP, actor="test")
    gateway.context.bell.ring(MEMBERS)


def from_the_office(**changes: Any) -> bytes:
    """Return a signed document from G22 to H53."""
    facts: dict[str, Any] = {"sender": Organization(organ_id="G22"), "document_id": f"G22,{uuid4().hex}"}
    return a_document(changes.pop("contents", None), by=identity("G22"), **(facts | changes))


def envelope(
    body: bytes,
    *,
    key: SigningKey = OTHER,
    code: str = "H53",
    inline: bytes | None = None,
    **changes: Any,
) -> tuple[str, bytes]:
    """Return the id of a message and its envelope; `inline` puts other bytes inside than are vouched for."""
    message = Message(
        id=str(uuid7()),
        kind=MessageKind.EDOC,
        gateway="gw.other",
        member_id="vpcp",
        sender_code="G22",
        sender_as_sent="G22",
        document_id="not read from here",
        number="",
        subject="",
        sha256=sha256(body).hexdigest(),
        size=len(body),
        accepted_at=NOW,
        registry_version=1,
        verdict={},
    )
    message = replace(message, **changes)
    recipient = Recipient(
        delivery_id=str(uuid7()), code=code, as_sent=code, member_id="tayninh", queue=TO_TAY_NINH
    )
    return message.id, seal_message(message, recipient, body if inline is None else inline, key=key)


async def put(gateway: World, body: bytes, queue: str = TO_TAY_NINH) -> None:
    """Put an envelope on a queue."""
    await gateway.context.link.send([AxisMessage(id=str(uuid4()), queue=queue, body=body)])


async def entry(gateway: World, kind: Kind) -> LogEntry:
    """Wait for an entry of this kind."""
    async with asyncio.timeout(20):
        while True:
            for found in await gateway.log():
                if found.kind is kind:
                    return found
            await asyncio.sleep(0.02)


async def waiting(gateway: World) -> list[dict[str, Any]]:
    """Return what is in Tây Ninh's inbox now."""
    page = await gateway.call("GET", "/v1/inbox", token="tayninh")
    items: list[dict[str, Any]] = page.json["items"]
    return items


async def test_a_document_of_a_registered_gateway_arrives_once(gateway: World) -> None:
    """It is read from its own bytes, stored once however often it comes, and a receipt goes to the sender's queue."""
    body = from_the_office()
    message_id, sealed = envelope(body)
    await put(gateway, sealed)
    await put(gateway, sealed)

    item = await gateway.arrived(message_id)
    content = await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token="tayninh")

    assert content.body == body
    assert item["document"]["document_id"] != "not read from here"
    assert len(await waiting(gateway)) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": STRANGER}, "axis.bad_envelope"),
        ({"member_id": "hanoi"}, "axis.bad_envelope"),
        ({"member_id": "nobody"}, "axis.bad_envelope"),
        ({"gateway": "gw.test"}, "axis.bad_envelope"),
        ({"inline": b"<other/>"}, "axis.payload_differs"),
    ],
    ids=[
        "key not registered",
        "member of another gateway",
        "no such member",
        "other gateway's name",
        "other bytes",
    ],
)
async def test_what_nobody_may_say_is_discarded(gateway: World, changes: dict[str, Any], reason: str) -> None:
    """Whoever reaches the queue cannot put a document into an inbox; the dead letter has an entry that says why."""
    _, sealed = envelope(from_the_office(), **changes)
    await put(gateway, sealed)

    discarded = await entry(gateway, Kind.MESSAGE_DISCARDED)

    assert (discarded.fields["reason"], discarded.fields["queue"]) == (reason, TO_TAY_NINH)
    assert await waiting(gateway) == []


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (from_the_office().replace(b"<edXML:Subject>V", b"<edXML:Subject>X"), "H53", "certs.digest_mismatch"),
        (from_the_office(), "H26", "axis.not_addressed"),
        (a_document(), "H53", "access.sender_not_bound"),
        (b"no edXML", "H53", "schema.bytes_before_xml"),
        (a_status("H53,never sent", sender="G22", about="H53"), "H53", "status.unknown_document"),
    ],
    ids=["changed", "not its addressee", "another system's sender", "no edXML", "status of nothing"],
)
async def test_a_registered_gateway_is_not_believed_blindly(
    gateway: World, body: bytes, code: str, reason: str
) -> None:
    """The document is examined again on arrival; if it fails, nothing reaches an inbox and the refusal is recorded."""
    message_id, sealed = envelope(body, code=code)
    await put(gateway, sealed)

    refused = await entry(gateway, Kind.ARRIVAL_REFUSED)

    assert (refused.document_id, refused.fields["reason"]) == (message_id, reason)
    assert await waiting(gateway) == []


async def test_a_body_that_is_not_there_yet_comes_again(gateway: World) -> None:
    """A claim check without its body gets no receipt and no refusal; when it comes again with the body there, it arrives."""
    body = _big()
    message_id, sealed = envelope(body, inline=b"")
    await put(gateway, sealed)
    await _not_taken(gateway)
    assert await waiting(gateway) == []

    await gateway.context.payloads.put(body, sha256(body).hexdigest())
    await put(gateway, sealed)

    assert (await gateway.arrived(message_id))["document"]["size"] == len(body)


async def test_without_anchors_an_arrival_is_undecided(tmp_path: Path) -> None:
    """Where the receiving gateway lacks something, it neither stores nor refuses."""
    async with world(tmp_path, trusted=False) as gateway:
        await introduce(gateway)
        message_id, sealed = envelope(from_the_office())
        await put(gateway, sealed)

        undecided = await entry(gateway, Kind.ARRIVAL_UNDECIDED)

        assert (undecided.document_id, undecided.fields["reason"]) == (message_id, "certs.no_trust_anchors")
        assert await waiting(gateway) == []


async def test_a_defect_of_ours_holds_nothing_up(gateway: World) -> None:
    """When an examination breaks down, the message is neither stored nor refused nor discarded, and its neighbours arrive."""
    context = gateway.context
    broken = ThreadPoolExecutor()
    broken.shutdown()
    pieces = pieces_of(context)
    receiver = Receiver(
        gateway=GATEWAY,
        store=context.store,
        pieces=pieces,
        judge=judge_of(context, broken, pieces),
        link=context.link,
        bell=context.bell,
        metrics=context.metrics,
        ask_after=timedelta(hours=1),
    )
    _, sealed = envelope(from_the_office())
    refused = envelope(from_the_office(), key=STRANGER)[1]

    await receiver.take(
        [Incoming(queue=TO_TAY_NINH, body=each, tag=Tag(row=10**9)) for each in (sealed, refused)]
    )

    assert await waiting(gateway) == []
    reasons = [
        found.fields["reason"] for found in await gateway.log() if found.kind is Kind.MESSAGE_DISCARDED
    ]
    assert reasons == ["axis.bad_envelope"]


@pytest.mark.parametrize("known", [False, True], ids=["no such delivery", "another gateway's addressee"])
async def test_receipts_come_only_from_the_addressees_gateway(gateway: World, known: bool) -> None:
    """A registered gateway cannot report on deliveries that are none of its business."""
    sent = await gateway.send(a_document())
    delivery_id = sent.json["deliveries"][0]["id"] if known else str(uuid7())
    receipt = Receipt(
        gateway="gw.other",
        delivery_id=delivery_id,
        message_id=str(uuid7()),
        sha256="0" * 64,
        stage=Stage.REFUSED,
        reason="registry.code_closed",
        at=NOW,
    )
    await put(gateway, seal_receipt(receipt, key=OTHER), queue="member.hanoi")

    assert (await entry(gateway, Kind.MESSAGE_DISCARDED)).fields["reason"] == "axis.bad_envelope"
    await gateway.state(sent.json["id"], "received")


async def test_a_refusal_on_arrival_ends_the_delivery(gateway: World) -> None:
    """The other gateway's signed refusal is believed for its own addressee, and the sender sees the reason."""
    sent = await gateway.send(a_document(recipients=(Organization(organ_id="G22"),)))
    delivery = sent.json["deliveries"][0]
    await gateway.state(sent.json["id"], "confirmed")
    receipt = Receipt(
        gateway="gw.other",
        delivery_id=delivery["id"],
        message_id=sent.json["id"],
        sha256=sent.json["sha256"],
        stage=Stage.REFUSED,
        reason="certs.untrusted_certificate",
        at=NOW,
    )
    await put(gateway, seal_receipt(receipt, key=OTHER), queue="member.hanoi")

    shown = await gateway.state(sent.json["id"], "refused")

    assert shown["timeline"][-1]["kind"] == "refused_receipt"
    assert shown["timeline"][-1]["reason"] == "certs.untrusted_certificate"


def _big() -> bytes:
    """Return a document too big to travel inside its envelope."""
    content = b"%PDF-1.7\n" + bytes(40_000)
    attachment = Attachment.of(content, content_id="1", name="a.pdf", content_type="application/pdf")
    return from_the_office(contents={"1": content}, attachments=(attachment,))


async def _not_taken(gateway: World) -> None:
    """Wait until the operator's telemetry would say that a message was not taken."""
    async with asyncio.timeout(20):
        while not gateway.context.metrics.registry.get_sample_value(
            "vanthu_axis_arrived_total", {"result": "undecided"}
        ):
            await asyncio.sleep(0.02)


def recall_of(document_id: str, **changes: Any) -> bytes:
    """Return a recall by G22 of a document that it sent to H53."""
    return from_the_office(
        business_type=1, business=Business(document_id=document_id, reason="Sai sót"), **changes
    )


async def seal(gateway: World, *bodies: bytes, code: str = "H53") -> list[str]:
    """Put messages on Tây Ninh's queue, all before the receiver can look, and return their ids."""
    sealed = [envelope(body, code=code) for body in bodies]
    messages = [AxisMessage(id=str(uuid4()), queue=TO_TAY_NINH, body=raw) for _, raw in sealed]
    await gateway.context.link.send(messages)
    return [message_id for message_id, _ in sealed]


def asked_back(document_id: str) -> bytes:
    """Return status 13 of G22 about its document at H53."""
    answered = ResponseFor(organ_id="H53", code="7816/VPCP-TTĐT", document_id=document_id)
    return a_status(document_id, sender="G22", response_for=answered, status_code="13")


async def linked(gateway: World, message_id: str) -> dict[str, Any]:
    """Wait until something refers to a document that waits, and return its item."""
    async with asyncio.timeout(20):
        while True:
            item = await gateway.arrived(message_id)
            if item["referred_by"]:
                return item
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "recall first"])
async def test_a_document_and_its_recall_in_one_batch(gateway: World, *, turned: bool) -> None:
    """A gateway that was away gets everything at once, and still knows what speaks of what."""
    document_id = f"G22,{uuid4().hex}"
    bodies = [from_the_office(document_id=document_id), recall_of(document_id), asked_back(document_id)]
    ids = await seal(gateway, *(reversed(bodies) if turned else bodies))
    original, recall, asked = reversed(ids) if turned else ids

    item = await linked(gateway, original)

    assert [(each["relation"], each["id"], each["reason"]) for each in item["referred_by"]] == [
        ("recalls", recall, "Sai sót")
    ]
    assert item["progress"]["take_back"] == "requested"
    assert (await gateway.arrived(asked))["document"]["about"] == original


async def test_a_recall_that_overtook_its_document(gateway: World) -> None:
    """A recall is taken although what it recalls is not here, and linked when that arrives; then it can be answered."""
    document_id = f"G22,{uuid4().hex}"
    [recall] = await seal(gateway, recall_of(document_id))
    await gateway.arrived(recall)
    before = (await gateway.call("GET", f"/v1/documents/{recall}", token="tayninh")).json
    [original] = await seal(gateway, from_the_office(document_id=document_id))

    item = await linked(gateway, original)

    assert [(each["id"], each["document_id"]) for each in before["references"]] == [(None, document_id)]
    assert item["progress"]["take_back"] == "requested"
    referred = await entry(gateway, Kind.REFERRED)
    assert (referred.document_id, referred.fields["message"]) == (original, recall)
    agreed = a_status(document_id, about="G22", status_code="15", description="Đồng ý")
    answer = await gateway.send(agreed, path="/v1/statuses", token="tayninh")
    assert (answer.status, answer.json["about"]) == (201, original)


async def test_statuses_are_history_on_the_sender_s_side(gateway: World) -> None:
    """What another gateway accepted is kept, though it comes out of order or answers nothing that is known here."""
    document = (await gateway.send(a_document(recipients=(Organization(organ_id="G22"),)))).json
    answered = ResponseFor(organ_id="H26", code=document["number"], document_id=document["document_id"])
    for code in ("05", "01", "15"):
        body = a_status("", sender="G22", response_for=answered, status_code=code, description="…")
        message_id, sealed = envelope(body, code="H26")
        await put(gateway, sealed, "member.hanoi")
        await gateway.arrived(message_id, member="hanoi")

    shown = (await gateway.call("GET", f"/v1/documents/{document['id']}")).json

    assert [each["effect"] for each in shown["statuses"]] == ["advanced", "late", "late"]
    assert shown["deliveries"][0]["progress"]["status_code"] == "05"
    assert [event["kind"] for event in shown["timeline"]].count("status") == 3
