"""`vanthu dead-letters`, as an operator runs it, beside a gateway: what there is, what is ordered, what became of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from gateway.cli import run
from routing.log import Kind
from schemas.document import Organization
from tests.api.test_dead_letters import CAUSE, believe_the_stranger, letters, overview
from tests.api.world import World, a_document, world
from tests.cli.world import command, lines_wider_than
from tests.gateway.test_receiving import (
    STRANGER,
    entry,
    envelope,
    from_the_office,
    introduce,
    put,
    waiting,
)

OTHER_CAUSE = "axis.payload_differs"
STUCK = "axis.no_receipt"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway that knows another one, with a clock that stands still until it is turned."""
    async with world(tmp_path) as running:
        await introduce(running)
        yield running


async def ask(
    gateway: World, *arguments: str, holder: str = "admin", exits: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the command against the gateway, look at its exit code, and return what it said."""
    environment = {"VANTHU_CLIENT_URL": gateway.url, "VANTHU_CLIENT_TOKEN": gateway.tokens[holder]}
    done = await asyncio.to_thread(command, "dead-letters", *arguments, environment=environment)
    assert done.returncode == exits, done
    assert not lines_wider_than(160, done.stdout + done.stderr)
    return done


async def tell(gateway: World, *arguments: str) -> Any:
    """Run the command for a machine."""
    return json.loads((await ask(gateway, *arguments, "--json")).stdout)


async def strangers(gateway: World, count: int) -> list[str]:
    """Let documents die that a gateway signed whose key is not registered; return the ids of the messages."""
    sealed = [envelope(from_the_office(), key=STRANGER) for _ in range(count)]
    for _, each in sealed:
        await put(gateway, each)
    await letters(gateway, count)
    return [message_id for message_id, _ in sealed]


async def spoiled(gateway: World) -> None:
    """Let a document die that is not the one that its gateway vouches for."""
    _, sealed = envelope(from_the_office(), inline=b"another document")
    await put(gateway, sealed)


async def order_is_over(gateway: World) -> dict[str, Any]:
    """Turn the clock second by second until the newest order is over."""
    async with asyncio.timeout(30):
        while (newest := (await overview(gateway))["orders"][0])["finished_at"] is None:
            gateway.clock.turn(seconds=1)
            await asyncio.sleep(0.02)
    found: dict[str, Any] = newest
    return found


async def test_grouped_by_cause(gateway: World) -> None:
    """By cause with count, first, last and what to do; then letter by letter; then one, never its body."""
    body = from_the_office(subject="Kế hoạch không dành cho người vận hành")
    message_id, sealed = envelope(body, key=STRANGER)
    await put(gateway, sealed)
    await put(gateway, b"no envelope at all")
    await letters(gateway, 2)

    shown = (await ask(gateway, "list")).stdout
    [group] = (await tell(gateway, "list"))["causes"]
    assert (group["cause"], group["letters"]) == (CAUSE, 2)
    for text in ("DEAD LETTERS", CAUSE, "01/07/2025", *group["fix_vi"].split()[:3], "DELIVERIES THAT KEEP"):
        assert text in shown

    page = await tell(gateway, "list", "--cause", CAUSE, "--limit", "1")
    assert (len(page["items"]), page["next"]) == (1, page["items"][0]["id"])
    assert f"--after {page['next']}" in (await ask(gateway, "list", "--cause", CAUSE, "--limit", "1")).stdout
    [last] = (await tell(gateway, "list", "--cause", CAUSE, "--after", page["next"]))["items"]
    ids = {
        each["claims"].get("message_id"): each["id"]
        for each in [await tell(gateway, "show", each) for each in (page["next"], last["id"])]
    }
    assert set(ids) == {message_id, None}
    shown = (await ask(gateway, "show", ids[message_id])).stdout
    for text in (ids[message_id], CAUSE, "member.tayninh", message_id, "gw.other", "H53"):
        assert text in shown
    assert "Kế hoạch" not in shown


async def test_nothing_there(gateway: World) -> None:
    """An empty list is no failure; what is asked for and is not there is refused, with what to do."""
    assert (await ask(gateway, "list")).stdout.count("Không có · none") == 2
    assert "no letters" in (await ask(gateway, "list", "--state", "resent")).stdout
    assert "request.not_found" in (await ask(gateway, "show", str(uuid4()), exits=1)).stderr
    assert "request.bad_parameter" in (await ask(gateway, "list", "--state", "gone", exits=1)).stderr
    for verb, code in (
        ("resend", "axis.nothing_dead"),
        ("discard", "axis.nothing_dead"),
        ("retry", "axis.nothing_stuck"),
    ):
        refused = (await ask(gateway, verb, "--all", "--reason", "x", exits=1)).stderr
        assert code in refused
        assert "vanthu dead-letters list" in refused


@pytest.mark.parametrize(
    "arguments",
    [
        ("resend", "--all"),
        ("resend", "--reason", "x"),
        ("resend", "--all", "--cause", CAUSE, "--reason", "x"),
        ("resend", "0197b2c4-1f00-7000-8000-000000000000", "--all", "--reason", "x"),
        ("resend", "--all", "--reason", "x", "--rate", "0"),
        ("resend", "--all", "--reason", "x", "--rate", "101"),
        ("discard", "--all"),
        ("discard", "--reason", "x"),
        ("retry", "--reason", "x"),
        ("retry", "--all", "--because", STUCK, "--reason", "x"),
        ("show",),
    ],
)
def test_an_order_is_complete_or_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Without a reason, without a choice, with two, or at no sensible rate nobody is called."""
    assert run(["dead-letters", *arguments, "--url", "http://127.0.0.1:1"]) == 64


async def test_no_business_of_a_connected_system(gateway: World) -> None:
    """Auditors look and order nothing; connected systems do neither."""
    await strangers(gateway, 1)
    await ask(gateway, "list", holder="auditor")
    for holder, verb in (("hanoi", ["list"]), ("auditor", ["discard", "--all", "--reason", "x"])):
        assert "access.role_missing" in (await ask(gateway, *verb, holder=holder, exits=1)).stderr
    assert len(await letters(gateway, 1)) == 1


async def test_resend_one(gateway: World) -> None:
    """One by its id: what is wrong still dies again and waits; the others were left alone."""
    await strangers(gateway, 2)
    first, second = await letters(gateway, 2)

    shown = (await ask(gateway, "resend", first["id"], "--reason", "thử một cái")).stdout

    assert "ordered; it goes on in the background" in shown
    over = await order_is_over(gateway)
    assert (over["total"], over["failed"], over["reason"]) == (1, 1, "thử một cái")
    times = {each["id"]: each["times"] for each in await letters(gateway, 2)}
    assert times == {first["id"]: 2, second["id"]: 1}
    listed = (await ask(gateway, "list")).stdout
    for text in ("ORDERS", "thử một cái", "0 / 1", "xong · over"):
        assert text in listed


async def test_resend_many_by_cause_at_a_rate(gateway: World) -> None:
    """Once the key is registered, all of a cause arrive, one each second, and those of another cause wait."""
    message_ids = await strangers(gateway, 3)
    await spoiled(gateway)
    await letters(gateway, 4)
    await believe_the_stranger(gateway.store.registry)

    given = await tell(gateway, "resend", "--cause", CAUSE, "--reason", "đã đăng ký khóa", "--rate", "1")

    assert (given["total"], given["rate"], given["cause"]) == (3, 1, CAUSE)
    await gateway.arrived(await one_of(gateway, message_ids))
    assert len(await waiting(gateway)) == 1
    assert "1 / 3  đang làm" in (await ask(gateway, "list")).stdout
    over = await order_is_over(gateway)
    assert (over["done"], over["failed"]) == (3, 0)
    assert {each["document"]["id"] for each in await waiting(gateway)} == set(message_ids)
    assert [each["cause"] for each in (await overview(gateway))["causes"]] == [OTHER_CAUSE]
    ordered = await entry(gateway, Kind.DEAD_LETTERS_RESENT)
    assert (ordered.fields["count"], ordered.fields["explanation"]) == (3, "đã đăng ký khóa")
    assert len((await tell(gateway, "list", "--state", "resent"))["items"]) == 3


async def test_resend_all(gateway: World) -> None:
    """All of every cause by one order."""
    await strangers(gateway, 2)
    await spoiled(gateway)
    await letters(gateway, 3)

    given = await tell(gateway, "resend", "--all", "--reason", "sau khi nâng cấp", "--rate", "100")

    assert (given["total"], given["rate"]) == (3, 100)
    assert (await order_is_over(gateway))["failed"] == 3
    assert [each["times"] for each in await letters(gateway, 3)] == [2, 2, 2]


@pytest.mark.parametrize("chosen", ["one", "cause", "all"])
async def test_discard(gateway: World, chosen: str) -> None:
    """For good: what was chosen is gone from what waits, with the reason in the log, and the rest is not."""
    await strangers(gateway, 2)
    await spoiled(gateway)
    found = await letters(gateway, 3)
    number = {"one": 1, "cause": 2, "all": 3}[chosen]
    choice = {"one": [found[0]["id"]], "cause": ["--cause", CAUSE], "all": ["--all"]}[chosen]

    shown = (await ask(gateway, "discard", *choice, "--reason", "giả mạo, phiếu 812")).stdout

    assert f"{number} discarded" in shown
    await letters(gateway, 3 - number)
    assert len((await tell(gateway, "list", "--state", "discarded"))["items"]) == number
    discarded = await entry(gateway, Kind.DEAD_LETTERS_DISCARDED)
    assert (discarded.fields["count"], discarded.fields["explanation"]) == (number, "giả mạo, phiếu 812")


async def test_retry_what_keeps_failing(gateway: World) -> None:
    """A delivery whose receiver never answers is listed with its reason, and tried at once when it is ordered."""
    await gateway.send(a_document(recipients=(Organization(organ_id="G22"),)))
    async with asyncio.timeout(30):
        while not (await overview(gateway))["stuck"]:
            gateway.clock.turn(hours=1)
            await asyncio.sleep(0.02)
    listed = (await ask(gateway, "list")).stdout
    assert STUCK in listed
    assert (
        "axis.nothing_stuck"
        in (await ask(gateway, "retry", "--because", "other", "--reason", "x", exits=1)).stderr
    )
    [stuck] = (await overview(gateway))["stuck"]

    given = await tell(
        gateway, "retry", "--because", STUCK, "--reason", "nơi nhận đã chạy lại", "--rate", "5"
    )

    assert (given["act"], given["total"], given["rate"]) == ("retry", 1, 5)
    async with asyncio.timeout(20):
        while (await overview(gateway))["stuck"][0]["attempts"] == stuck["attempts"]:
            await asyncio.sleep(0.02)
    assert "nơi nhận đã chạy lại" in (await ask(gateway, "list")).stdout


async def one_of(gateway: World, message_ids: list[str]) -> str:
    """Wait until one document is in the inbox and return its id."""
    async with asyncio.timeout(20):
        while not (items := await waiting(gateway)):
            await asyncio.sleep(0.02)
    found: str = items[0]["document"]["id"]
    assert found in message_ids
    return found
