"""Questions about what arrived: asked when its last receipt does not come, and answered with that receipt.

The other gateway, `gw.other`, hosts the Government Office's system, as in `test_receiving`; what it would say is put on queues.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.flow.envelope import open_envelope, seal_inquiry, seal_receipt
from gateway.flow.stated import Inquiry, Receipt, Stage, Stated
from routing.log import Kind
from routing.note import parse_verifier_key
from schemas.document import Organization
from tests.api.world import NOW, World, a_document, world
from tests.gateway.test_receiving import OTHER, VPCP, entry, envelope, from_the_office, introduce, put

TO_HANOI = "member.hanoi"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway, with the other one registered."""
    async with world(tmp_path) as running:
        await introduce(running)
        yield running


async def told(gateway: World) -> AsyncGenerator[Stated]:
    """Yield what this gateway says to the other one, but for canaries."""
    link = gateway.context.link
    known = [parse_verifier_key(gateway.context.keys.axis.verifier)]
    async with aclosing(link.receive(frozenset({VPCP.queue}))) as batches:
        async for batch in batches:
            await link.settle(done=batch)
            for each in batch:
                yield open_envelope(each.body, verifiers=known)[0]


async def next_told(gateway: World) -> Stated:
    """Return the next thing that it says."""
    async with asyncio.timeout(20), aclosing(told(gateway)) as said:
        return await anext(said)


async def sent_to_the_office(gateway: World) -> Receipt:
    """Send a document to the other gateway, let it arrive there, and return its receipt."""
    sent = (await gateway.send(a_document(recipients=(Organization(organ_id="G22"),)))).json
    await next_told(gateway)
    receipt = Receipt(
        gateway="gw.other",
        delivery_id=sent["deliveries"][0]["id"],
        message_id=sent["id"],
        sha256=sent["sha256"],
        stage=Stage.RECEIVED,
        reason=None,
        at=NOW,
    )
    await gateway.state(sent["id"], "confirmed")
    await put(gateway, seal_receipt(receipt, key=OTHER), queue=TO_HANOI)
    await gateway.state(sent["id"], "received")
    return receipt


async def test_a_lost_acknowledgement_is_asked_for(gateway: World) -> None:
    """An hour after the arrival a question goes where the document went; the answer ends the delivery, and the questions."""
    receipt = await sent_to_the_office(gateway)
    gateway.clock.turn(hours=1, seconds=1)

    asked = await next_told(gateway)

    expected = Inquiry(gateway="gw.test", delivery_id=receipt.delivery_id, message_id=receipt.message_id)
    assert asked == expected
    await put(gateway, seal_receipt(replace(receipt, stage=Stage.ACKNOWLEDGED), key=OTHER), queue=TO_HANOI)
    await gateway.state(receipt.message_id, "acknowledged")
    gateway.clock.turn(days=3)
    assert await gateway.store.inquiries.due(limit=10) == ()


async def test_what_was_acknowledged_is_answered(gateway: World) -> None:
    """Asked about a delivery, it gives the last receipt again; while the system has not acknowledged, it says nothing."""
    message_id, sealed = envelope(from_the_office())
    await put(gateway, sealed)
    item = await gateway.arrived(message_id)
    arrival = await next_told(gateway)
    assert isinstance(arrival, Receipt)
    assert arrival.stage is Stage.RECEIVED
    question = seal_inquiry(
        Inquiry(gateway="gw.other", delivery_id=item["id"], message_id=message_id), key=OTHER
    )
    await put(gateway, question)
    await gateway.call("POST", f"/v1/inbox/{item['id']}/ack", token="tayninh")
    first = await next_told(gateway)

    await put(gateway, question)

    assert isinstance(first, Receipt)
    assert first.stage is Stage.ACKNOWLEDGED
    assert await next_told(gateway) == first


async def test_what_was_refused_is_answered(gateway: World) -> None:
    """The refusal is the last word on what did not pass."""
    message_id, sealed = envelope(from_the_office(), code="H53.7.1.999")
    await put(gateway, sealed)
    refused = await next_told(gateway)
    assert isinstance(refused, Receipt)
    assert refused.stage is Stage.REFUSED

    about = Inquiry(gateway="gw.other", delivery_id=refused.delivery_id, message_id=message_id)
    await put(gateway, seal_inquiry(about, key=OTHER))

    assert await next_told(gateway) == refused


@pytest.mark.parametrize("is_other_message", [False, True])
async def test_what_never_came_is_told(gateway: World, is_other_message: bool) -> None:
    """A question about what is not here is a dead letter: one of the two sides has lost something, and people must hear of it."""
    delivery_id = str(uuid4())
    if is_other_message:
        message_id, sealed = envelope(from_the_office())
        await put(gateway, sealed)
        delivery_id = (await gateway.arrived(message_id))["id"]
    about = Inquiry(gateway="gw.other", delivery_id=delivery_id, message_id=str(uuid4()))
    for _ in range(2):
        await put(gateway, seal_inquiry(about, key=OTHER))

    assert (await entry(gateway, Kind.MESSAGE_DISCARDED)).fields["reason"] == "axis.unknown_delivery"
    async with asyncio.timeout(20):
        while not [each for each in await gateway.store.dead_letters.causes() if each.deaths == 2]:
            await asyncio.sleep(0.02)
    [group] = await gateway.store.dead_letters.causes()
    assert (group.cause.code, group.letters) == ("axis.unknown_delivery", 1)
