"""Arrivals that cannot be decided: parked once however often they come, in nobody's way, and decided when they can be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from certs.revocation import Revocation
from gateway.flow.envelope import open_envelope
from gateway.flow.stated import Receipt, Stage
from gateway.parked import Road
from gateway.records import SendResult
from routing.log import Kind
from routing.note import parse_verifier_key
from tests.api.test_revocation import in_force, put
from tests.api.world import NOW, World, identity, world
from tests.gateway.test_receiving import (
    TO_TAY_NINH,
    VPCP,
    entry,
    envelope,
    from_the_office,
    introduce,
    waiting,
)
from tests.gateway.test_receiving import put as send
from tests.support.axis import drain, messages, results
from tests.support.crl import revoked
from tests.support.rabbitmq import RabbitMQ

TIMES = 30


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway that must know of every certificate that it is not revoked, and has no list."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as running:
        await introduce(running)
        yield running


async def bring_list(gateway: World, *entries: Any) -> None:
    """Drop the missing list into the trust folder."""
    await asyncio.to_thread(put, gateway.context.settings.trust_folder, *entries)
    await in_force(gateway)


async def parked(gateway: World) -> int:
    """Return how many arrivals are parked."""
    return (await gateway.store.parked.backlog())[Road.ARRIVAL].documents


async def undecided(gateway: World, message_id: str) -> list[Kind]:
    """Return the kinds of a message's entries, once it has any."""
    await entry(gateway, Kind.ARRIVAL_UNDECIDED)
    return [each.kind for each in await gateway.log() if each.document_id == message_id]


async def test_it_waits_and_arrives_when_the_list_comes(gateway: World) -> None:
    """However often it comes, it is parked once; when the list is there it is in the inbox, once, with its history."""
    body = from_the_office()
    message_id, sealed = envelope(body)
    for _ in range(3):
        await send(gateway, sealed)
    assert await undecided(gateway, message_id) == [Kind.ARRIVAL_UNDECIDED]
    assert await waiting(gateway) == []

    await bring_list(gateway)
    item = await gateway.arrived(message_id)
    content = await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token="tayninh")

    assert content.body == body
    assert await parked(gateway) == 0
    assert await undecided(gateway, message_id) == [Kind.ARRIVAL_UNDECIDED, Kind.ARRIVED, Kind.FETCHED]


async def test_a_refusal_goes_back_to_its_sender(gateway: World) -> None:
    """When the list names its signer, the sending gateway gets a receipt that says so."""
    message_id, sealed = envelope(from_the_office())
    await send(gateway, sealed)
    await undecided(gateway, message_id)

    await bring_list(gateway, revoked(identity("G22")[0], since=NOW))
    refused = await entry(gateway, Kind.ARRIVAL_REFUSED)

    assert (refused.document_id, refused.fields["reason"]) == (message_id, "certs.certificate_revoked")
    assert await _receipt(gateway) == (Stage.REFUSED, "certs.certificate_revoked")


async def test_out_of_time(gateway: World) -> None:
    """What is still undecided after the time for which it is kept is refused by a receipt, so that its sender is told."""
    message_id, sealed = envelope(from_the_office())
    await send(gateway, sealed)
    await undecided(gateway, message_id)
    assert await parked(gateway) == 1

    gateway.clock.turn(days=8)
    refused = await entry(gateway, Kind.ARRIVAL_REFUSED)

    assert (refused.document_id, refused.fields["reason"]) == (message_id, "intake.undecided_too_long")
    assert await _receipt(gateway) == (Stage.REFUSED, "intake.undecided_too_long")
    async with asyncio.timeout(20):
        while await parked(gateway):
            await asyncio.sleep(0.02)


async def test_without_room_it_comes_again(tmp_path: Path) -> None:
    """Over the share of a sending system an arrival is recorded as undecided and left to be sent again, as without parking."""
    async with world(tmp_path, revocation=Revocation.REQUIRE, parked_documents=1) as gateway:
        await introduce(gateway)
        sent = [envelope(from_the_office()) for _ in range(2)]
        for _, sealed in sent:
            await send(gateway, sealed)
        async with asyncio.timeout(20):
            while len([each for each in await gateway.log() if each.kind is Kind.ARRIVAL_UNDECIDED]) < 2:
                await asyncio.sleep(0.02)
        assert await parked(gateway) == 1

        await bring_list(gateway)
        for _, sealed in sent:
            await send(gateway, sealed)
        for message_id, _ in sent:
            await gateway.arrived(message_id)


@pytest.mark.timeout(120)
async def test_a_broker_never_buries_it(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """Thirty times undecided, over a real broker: nothing is dead-lettered, nothing waits behind it, and it arrives once."""
    host = f"parked-{uuid4().hex}"
    await asyncio.to_thread(rabbitmq.control, "add_vhost", host)
    await asyncio.to_thread(rabbitmq.control, "set_permissions", "-p", host, "guest", ".*", ".*", ".*")
    axis = f"{rabbitmq.url.rstrip('/')}/{host}"
    async with world(tmp_path, axis=axis, axis_queue_age=0, revocation=Revocation.REQUIRE) as gateway:
        await introduce(gateway)
        link = gateway.context.link
        await link.declare(frozenset({TO_TAY_NINH, VPCP.queue}))
        message_id, sealed = envelope(from_the_office())
        for _ in range(TIMES):
            sent = await link.send(messages(TO_TAY_NINH, [sealed]))
            assert results(sent) == {SendResult.CONFIRMED}
        _, unvouched = envelope(from_the_office(), inline=b"<other/>")
        await link.send(messages(TO_TAY_NINH, [unvouched]))

        await entry(gateway, Kind.MESSAGE_DISCARDED)
        assert await undecided(gateway, message_id) == [Kind.ARRIVAL_UNDECIDED]
        async with asyncio.timeout(60):
            # The one that nobody vouches for, and no other, ends among the dead letters, from where it is collected.
            expected = {TO_TAY_NINH: 0, f"{TO_TAY_NINH}.dead": 0}
            while not expected.items() <= (await _depths(rabbitmq, host)).items():
                await asyncio.sleep(0.1)
        [cause] = await gateway.store.dead_letters.causes()
        assert (cause.cause.code, cause.letters, cause.deaths) == ("axis.payload_differs", 1, 1)

        await bring_list(gateway)
        await gateway.arrived(message_id)
        assert len(await waiting(gateway)) == 1


async def _receipt(gateway: World) -> tuple[Stage, str | None]:
    """Return what the receipt says that the other gateway gets."""
    [sealed] = await drain(gateway.context.link, VPCP.queue, count=1)
    verifier = parse_verifier_key(gateway.context.keys.axis.verifier)
    receipt, _ = open_envelope(sealed, verifiers=[verifier])
    assert isinstance(receipt, Receipt)
    return receipt.stage, receipt.reason


async def _depths(rabbitmq: RabbitMQ, host: str) -> dict[str, int]:
    """Return how many messages lie in each queue, taken or not."""
    listed = await asyncio.to_thread(
        rabbitmq.control, "list_queues", "-q", "-p", host, "--no-table-headers", "name", "messages"
    )
    rows = (line.split() for line in listed.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2}
