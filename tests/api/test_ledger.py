"""The loss ledger of a running gateway: it balances, finds what is taken away, heals what it can, and tells it all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.flow.reckoning import Reckoning
from routing.log import Kind
from schemas.document import Organization
from tests.api.world import World, a_big_document, a_document, world
from tests.support.stages import INSTANT, SPLIT, stage
from tests.support.stores import run

pytestmark = pytest.mark.asyncio(loop_scope="session")


def reckoning_of(gateway: World) -> Reckoning:
    """Return what keeps the ledger of a gateway."""
    return gateway.context.reckoning


async def ledger(gateway: World) -> dict[str, Any]:
    """Bring the ledger up to date, and ask for it."""
    await reckoning_of(gateway).reckon()
    answer = await gateway.call("GET", "/v1/ledger", token="auditor")
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


async def tamper(gateway: World, statement: str, **values: Any) -> None:
    """Change the database behind the gateway's back."""
    await asyncio.to_thread(run, gateway.context.settings.database_url, statement, **values)


async def counted(gateway: World) -> dict[str, Any]:
    """Have everything counted, and ask for the ledger."""
    answer = await gateway.call("POST", "/v1/ledger/recount", token="admin")
    assert answer.status == 202
    return await ledger(gateway)


async def test_a_gateway_at_work_balances(tmp_path: Path) -> None:
    """Delivered, refused and still to be fetched: every delivery stands at one term, also by day and in the metrics."""
    async with world(tmp_path) as gateway:
        first = (await gateway.send(a_document())).json["id"]
        await gateway.send(a_big_document(300_000))
        await gateway.state(first, "received")
        item = await gateway.arrived(first)
        await gateway.call("POST", f"/v1/inbox/{item['id']}/ack", token="tayninh")
        found = await counted(gateway)

        totals = found["totals"]
        assert (found["outcome"], found["gaps"], totals["gap"]) == ("balanced", [], 0)
        assert totals["accepted"] == totals["delivered"] + totals["pending"] == 2
        [day] = found["days"]
        assert (day["day"], day["accepted"]) == ("2025-07-01", 2)
        text = (await gateway.call("GET", "/metrics", token=None)).body.decode()
        assert 'vanthu_ledger_deliveries{state="accepted"} 2.0' in text
        assert 'vanthu_ledger_gap{kind="sum"} 0.0' in text


async def test_a_long_count_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its portions the sum is made again, and the report says how far it is."""
    for name, value in (("PORTION", 1), ("PORTIONS", 1), ("BREATH", 0.0)):
        monkeypatch.setattr(f"gateway.flow.reckoning.{name}", value)
    async with stage(tmp_path) as gateway:
        for _ in range(3):
            await gateway.send(a_document())
        reckoning = reckoning_of(gateway)
        await reckoning.one_pass()
        begun = (await gateway.call("GET", "/v1/ledger", token="admin")).json
        assert (begun["outcome"], begun["recounting"], begun["totals"]["pending"]) == ("undecided", 1, 3)

        await gateway.send(a_document())
        await reckoning.one_pass()
        assert reckoning.report.balance is not None
        assert reckoning.report.balance.totals.pending == 4
        done = await ledger(gateway)
        assert (done["outcome"], done["recounting"], done["totals"]["accepted"]) == ("balanced", None, 4)


async def test_before_anything_was_looked_at_nothing_is_said(tmp_path: Path) -> None:
    """Undecided is not balanced; who asks for a count is told where it stands."""
    async with stage(tmp_path) as gateway:
        shown = (await gateway.call("GET", "/v1/ledger?days=0", token="admin")).json
        assert (shown["outcome"], shown["totals"], shown["recounted_at"]) == ("undecided", None, None)


async def test_a_vanished_delivery_is_told_with_its_id(tmp_path: Path) -> None:
    """The sum goes wrong, so everything is counted unasked, and the row is named: in the report, and once as an error."""
    async with stage(tmp_path) as gateway:
        sent = (await gateway.send(a_document())).json
        delivery_id = sent["deliveries"][0]["id"]
        assert (await ledger(gateway))["outcome"] == "balanced"
        await tamper(gateway, "DELETE FROM outbox WHERE id = :id", id=delivery_id)
        await tamper(gateway, "UPDATE delivery SET state = 'acknowledged' WHERE id = :id", id=delivery_id)

        with capture_logs() as lines:
            found = await ledger(gateway)
            again = await ledger(gateway)
        assert found["outcome"] == "gap"
        assert found["totals"]["gap"] == 1
        assert [(gap["kind"], gap["count"]) for gap in found["gaps"]] == [("sum", 1), ("state_unfounded", 1)]
        [named] = found["gaps"][1]["first"]
        assert (named["id"], named["document"]) == (delivery_id, sent["id"])
        assert again["gaps"] == found["gaps"]
        told = [(line["kind"], line["ids"]) for line in lines if line["event"] == "ledger_gap"]
        assert sorted(told) == [("state_unfounded", [delivery_id]), ("sum", [])]
        text = (await gateway.call("GET", "/metrics", token=None)).body.decode()
        assert 'vanthu_ledger_gap{kind="state_unfounded"} 1.0' in text

        await tamper(gateway, "UPDATE delivery SET state = 'queued' WHERE id = :id", id=delivery_id)
        healed = await ledger(gateway)
        assert (healed["outcome"], healed["healed"]) == ("balanced", 1)


async def test_what_fell_out_of_the_outbox_arrives_all_the_same(tmp_path: Path) -> None:
    """It is put back by itself, loudly, and delivered."""
    async with stage(tmp_path) as gateway:
        sent = (await gateway.send(a_document())).json
        await tamper(gateway, "DELETE FROM outbox WHERE message_id = :id", id=sent["id"])
        with capture_logs() as lines:
            found = await ledger(gateway)
        assert (found["outcome"], found["healed"]) == ("balanced", 1)
        assert [line["event"] for line in lines if line["log_level"] == "error"] == [
            "ledger_gap",
            "ledger_healed",
        ]

        await gateway.start("forward", "receive")
        await gateway.delivery(sent["id"], "received")
        assert [e.fields["delivery"] for e in await gateway.log() if e.kind is Kind.REQUEUED] == [
            sent["deliveries"][0]["id"]
        ]


async def test_what_has_no_body_is_not_put_back(tmp_path: Path) -> None:
    """It could never be sent, and would only hold up the others; people are told."""
    async with stage(tmp_path) as gateway:
        sent = (await gateway.send(a_document())).json
        await tamper(gateway, "DELETE FROM outbox WHERE message_id = :id", id=sent["id"])
        await tamper(gateway, "DELETE FROM body")
        found = await ledger(gateway)
        kinds = [gap["kind"] for gap in found["gaps"]]
        assert (kinds, found["healed"]) == (["not_in_outbox", "body_missing"], 0)


async def test_a_lost_payload_file_is_found(tmp_path: Path) -> None:
    """Big bodies lie in files: one that is gone is a gap while somebody still has to get it."""
    async with stage(tmp_path) as gateway:
        sent = (await gateway.send(a_big_document(300_000))).json
        assert (await ledger(gateway))["outcome"] == "balanced"
        sha256 = sent["sha256"]
        await asyncio.to_thread(lambda: gateway.context.payloads.path(sha256).unlink())
        found = await ledger(gateway)
        assert [(gap["kind"], gap["first"][0]["document"]) for gap in found["gaps"]] == [
            ("body_missing", sent["id"])
        ]


async def test_what_is_held_is_its_own_term(tmp_path: Path) -> None:
    """It waits for people, and is no gap."""
    async with stage(tmp_path) as gateway:
        sent = (await gateway.send(a_document(recipients=(Organization(organ_id=SPLIT),)))).json
        gateway.clock.now = INSTANT
        await gateway.start("forward")
        await gateway.delivery(sent["id"], "held")
        found = await ledger(gateway)
        assert (found["outcome"], found["totals"]["held"], found["totals"]["pending"]) == ("balanced", 1, 0)


async def test_it_is_not_for_everyone(gateway: World) -> None:
    """Administrators and auditors; a connected system sees its own documents elsewhere."""
    for method, path in (("GET", "/v1/ledger"), ("POST", "/v1/ledger/recount")):
        assert (await gateway.call(method, path, token="hanoi")).status == 403
        assert (await gateway.call(method, path, token=None)).status == 401
    assert (await gateway.call("GET", "/v1/ledger?days=x", token="admin")).status == 400
