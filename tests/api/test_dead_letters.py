"""Dead letters over the API: collected from the axis, grouped with a hint, examined again or given up, each with a reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.flow.notifying import MEMBERS
from gateway.peers import PeerGateway
from gateway.ports.registry import Registry
from gateway.records import AxisMessage
from routing.log import Kind
from tests.api.world import TAY_NINH, World, world
from tests.gateway.test_receiving import (
    STRANGER,
    TO_TAY_NINH,
    entry,
    envelope,
    from_the_office,
    introduce,
    put,
    waiting,
)

CAUSE = "axis.bad_envelope"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway that knows another one."""
    async with world(tmp_path) as running:
        await introduce(running)
        yield running


async def order(gateway: World, act: str, *, token: str = "admin", **facts: Any) -> Any:  # noqa: S107 - the name of a holder
    """Order something about dead letters."""
    body = json.dumps(facts).encode()
    headers = {"Content-Type": "application/json"}
    return await gateway.call("POST", f"/v1/dead-letters:{act}", token=token, body=body, headers=headers)


async def overview(gateway: World) -> dict[str, Any]:
    """Return what waits, by cause."""
    found: dict[str, Any] = (await gateway.call("GET", "/v1/dead-letters/causes", token="admin")).json
    return found


async def letters(gateway: World, count: int, *, state: str = "waiting") -> list[dict[str, Any]]:
    """Wait until there are so many letters in a state, and return them."""
    async with asyncio.timeout(20):
        while True:
            page = await gateway.call("GET", f"/v1/dead-letters?state={state}", token="admin")
            items: list[dict[str, Any]] = page.json["items"]
            if len(items) == count:
                return items
            await asyncio.sleep(0.02)


async def finished(gateway: World) -> dict[str, Any]:
    """Wait until the newest order is over, and return it."""
    async with asyncio.timeout(20):
        while True:
            newest: dict[str, Any] = (await overview(gateway))["orders"][0]
            if newest["finished_at"] is not None:
                return newest
            gateway.clock.turn(seconds=1)
            await asyncio.sleep(0.02)


async def believe_the_stranger(registry: Registry) -> None:
    """Register the key that was not known."""
    await registry.put_peer(PeerGateway(name="gw.other", verifier_key=STRANGER.verifier), actor="test")


async def test_from_dead_to_delivered(gateway: World) -> None:
    """What was signed with a key that was not registered is grouped with a hint, and arrives once after the key is there."""
    message_id, sealed = envelope(from_the_office(), key=STRANGER)
    await put(gateway, sealed)
    await put(gateway, sealed)
    async with asyncio.timeout(20):
        while (await overview(gateway))["causes"][:1] == [] or (await overview(gateway))["causes"][0][
            "deaths"
        ] < 2:
            await asyncio.sleep(0.02)
    [group] = (await overview(gateway))["causes"]
    assert (group["cause"], group["letters"], group["deaths"]) == (CAUSE, 1, 2)
    assert group["fix_vi"]
    assert group["fix_en"]
    [letter] = await letters(gateway, 1)
    shown = (await gateway.call("GET", f"/v1/dead-letters/{letter['id']}", token="admin")).json
    assert shown["claims"]["message_id"] == message_id
    assert (shown["queue"], shown["size"]) == (TO_TAY_NINH, len(sealed))

    await believe_the_stranger(gateway.store.registry)
    given = await order(gateway, "resend", cause=CAUSE, reason="Đã đăng ký khóa", rate=50)
    assert (given.status, given.json["total"]) == (202, 1)

    await gateway.arrived(message_id)
    assert len(await waiting(gateway)) == 1
    over = await finished(gateway)
    assert (over["done"], over["failed"], over["reason"]) == (1, 0, "Đã đăng ký khóa")
    assert (await overview(gateway))["causes"] == []
    ordered = await entry(gateway, Kind.DEAD_LETTERS_RESENT)
    assert (ordered.fields["count"], ordered.fields["explanation"]) == (1, "Đã đăng ký khóa")


async def test_still_dead_waits_again(gateway: World) -> None:
    """What dies again is counted, waits again, and may be given up with a reason; then its body is gone."""
    await put(gateway, b"no envelope at all")
    [letter] = await letters(gateway, 1)
    await order(gateway, "resend", id=letter["id"], reason="one try")
    assert (await finished(gateway))["failed"] == 1
    [again] = await letters(gateway, 1)
    assert (again["id"], again["times"]) == (letter["id"], 2)

    gone = await order(gateway, "discard", all=True, reason="Thư rác")
    assert gone.json == {"discarded": 1}
    [discarded] = await letters(gateway, 1, state="discarded")
    shown = (await gateway.call("GET", f"/v1/dead-letters/{discarded['id']}", token="admin")).json
    assert (shown["claims"], shown["sha256"]) == ({}, letter["sha256"])
    assert (await entry(gateway, Kind.DEAD_LETTERS_DISCARDED)).fields["explanation"] == "Thư rác"


async def test_what_another_system_rejects_is_collected(gateway: World) -> None:
    """A letter of which only the axis tells is there with the axis's own cause, counted in the metric."""
    link, queue = gateway.context.link, "member.another"
    await link.declare(frozenset({queue}))
    await link.send([AxisMessage(id=str(uuid4()), queue=queue, body=b"x")])
    async with aclosing(link.receive(frozenset({queue}))) as batches:
        await link.settle(done=(), dead=await anext(batches))
    member = replace(TAY_NINH, id="another", prefixes=("G22.1",), queue=queue)
    await gateway.store.registry.put_member(member, actor="test")
    gateway.context.bell.ring(MEMBERS)

    [letter] = await letters(gateway, 1)

    assert (letter["cause"], letter["queue"]) == ("axis.rejected", queue)
    shown = (await gateway.call("GET", "/metrics", token=None)).body.decode()
    assert 'vanthu_dead_letters{cause="axis.rejected"} 1.0' in shown


@pytest.mark.parametrize("act", ["resend", "discard", "retry"])
async def test_nothing_to_do(gateway: World, act: str) -> None:
    """Where nothing waits, the answer says so and nothing is written."""
    answer = await order(gateway, act, all=True, reason="x")

    expected = "axis.nothing_stuck" if act == "retry" else "axis.nothing_dead"
    assert (answer.status, answer.json["code"]) == (404, expected)


@pytest.mark.parametrize(
    "facts",
    [
        {"all": True},
        {"reason": ""},
        {"reason": "x"},
        {"reason": "x", "all": True, "cause": CAUSE},
        {"reason": "x", "all": True, "rate": 0},
        {"reason": "x", "all": True, "rate": 101},
        {"reason": "x", "id": "17"},
        {"reason": "x\n", "all": True},
        {"reason": " ", "all": True},
    ],
)
@pytest.mark.parametrize("act", ["resend", "discard"])
async def test_orders_need_a_reason_and_one_choice(gateway: World, act: str, facts: dict[str, Any]) -> None:
    """Without a reason, or with none or several choices, nothing happens."""
    answer = await order(gateway, act, **facts)

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_who_may(gateway: World) -> None:
    """Members see nothing and order nothing; an unknown letter and an unknown state are refused."""
    for path in ("/v1/dead-letters", "/v1/dead-letters/causes", f"/v1/dead-letters/{uuid4()}"):
        assert (await gateway.call("GET", path, token="hanoi")).status == 403
    assert (await order(gateway, "resend", token="hanoi", all=True, reason="x")).status == 403
    assert (await gateway.call("GET", f"/v1/dead-letters/{uuid4()}", token="admin")).status == 404
    assert (await gateway.call("GET", "/v1/dead-letters?state=gone", token="admin")).status == 400
    assert (await order(gateway, "retry", id=str(uuid4()), reason="x")).status == 400
