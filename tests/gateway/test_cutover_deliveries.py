"""Documents around the instant at which codes end, split, pause, or live on for a new body: each rule as a user sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.audit import audit_database
from gateway.cli.audit.findings import Difference
from gateway.keys import load_keys
from routing.log import Kind
from routing.note import parse_verifier_key
from routing.receipt import DeliveryReceipt, open_receipt
from schemas.document import Organization
from tests.api.world import GATEWAY, HANOI, TAY_NINH, a_document, a_status
from tests.support.rabbitmq import RabbitMQ
from tests.support.stages import (
    CLOSED,
    GRACE,
    HALF,
    HOLD,
    INSTANT,
    MERGED,
    SPLIT,
    SUCCESSOR,
    SUSPENDED,
    TAKEN_OVER,
    Stage,
    agencies,
    new_member,
    stage,
    until_the_instant,
)

HELD = {
    SPLIT: "delivery.split",
    CLOSED: "delivery.no_successor",
    SUSPENDED: "delivery.suspended",
}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Stage]:
    """Start a gateway one second before the instant; whatever was done, its tables must say what its log says."""
    async with stage(tmp_path) as started:
        yield started
    assert await asyncio.to_thread(audited, tmp_path) == []


def audited(folder: Path) -> list[Difference]:
    """Hold a gateway's tables against its log, as `vanthu log verify` does."""
    key = parse_verifier_key(load_keys(folder / "keys", gateway=GATEWAY).log.verifier)
    database = str(folder / "vanthu.db")
    return audit_database(
        database, verifiers=[key], payloads=folder / "payloads", at=INSTANT + 2 * GRACE
    ).findings


def a_letter(code: str) -> bytes:
    """Return a new document from Hà Nội."""
    return a_document(recipients=(Organization(organ_id=code),))


async def accept(gateway: Stage, code: str) -> tuple[str, bytes]:
    """Have a document accepted, and return its id and its bytes."""
    body = a_letter(code)
    answer = await gateway.send(body)
    assert answer.status == 201, answer.json
    return answer.json["id"], body


async def content_of(gateway: Stage, item: dict[str, Any], member: str) -> bytes:
    """Fetch an inbox item as its member."""
    return (await gateway.call("GET", f"/v1/inbox/{item['id']}/content", token=member)).body


async def kinds(gateway: Stage, document_id: str) -> list[Kind]:
    """Return what the log says of a document, in order."""
    return [entry.kind for entry in await gateway.log() if entry.document_id == document_id]


async def test_accepted_before_and_not_yet_sent_goes_to_the_one_successor(gateway: Stage) -> None:
    """The signed document arrives byte for byte; both codes are shown, and the entry names rule and version."""
    document_id, body = await accept(gateway, MERGED)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive")

    item = await gateway.arrived(document_id, member="moi")

    assert await content_of(gateway, item, "moi") == body
    assert item["recipient"] == {"code": MERGED, "as_sent": MERGED, "resolved_code": SUCCESSOR}
    delivery = await gateway.delivery(document_id, "received")
    assert (delivery["code"], delivery["resolved_code"], delivery["member"]) == (MERGED, SUCCESSOR, "moi")
    [rerouted] = [entry for entry in await gateway.log() if entry.kind is Kind.REROUTED]
    directory = await gateway.store.registry.directory()
    assert rerouted.fields["chain"] == [MERGED, SUCCESSOR]
    assert rerouted.fields["registry_sha256"] == directory.sha256
    assert (await gateway.call("GET", "/v1/inbox", token="tayninh")).json["items"] == []
    await gateway.call("POST", f"/v1/inbox/{item['id']}/ack", token="moi")
    await gateway.delivery(document_id, "acknowledged")


async def test_the_successor_answers_under_its_own_code(gateway: Stage) -> None:
    """Its status is one about the document as it was addressed, and the sender sees how far it is there."""
    document_id, _ = await accept(gateway, MERGED)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive")
    item = await gateway.arrived(document_id, member="moi")

    status = a_status(item["document"]["document_id"], sender=SUCCESSOR)
    answer = await gateway.send(status, path="/v1/statuses", token="moi")

    assert answer.status == 201, answer.json
    arrived = await gateway.arrived(answer.json["id"], member="hanoi")
    assert arrived["document"]["about"] == document_id
    shown = (await gateway.call("GET", f"/v1/documents/{document_id}")).json
    assert shown["deliveries"][0]["progress"]["status_code"] == answer.json["status_code"]


async def test_sent_before_and_still_in_the_old_queue_is_read_by_the_old_system(gateway: Stage) -> None:
    """The old queue stays readable for the grace: what was published before the instant arrives there, and counts."""
    document_id, body = await accept(gateway, MERGED)
    await gateway.start("forward")
    await gateway.delivery(document_id, "confirmed")
    gateway.clock.now = INSTANT + timedelta(minutes=10)
    await gateway.start("receive", "succeed")

    item = await gateway.arrived(document_id, member="tayninh")

    assert await content_of(gateway, item, "tayninh") == body
    assert item["recipient"]["resolved_code"] is None
    delivery = await gateway.delivery(document_id, "received")
    assert delivery["resolved_code"] is None


async def test_what_nobody_read_in_the_grace_goes_to_the_successor(gateway: Stage) -> None:
    """A mover publishes it anew; the envelope that is still in the old queue is dropped where it meets the new one."""
    document_id, body = await accept(gateway, MERGED)
    await gateway.start("forward")
    await gateway.delivery(document_id, "confirmed")
    gateway.clock.now = INSTANT + GRACE
    await gateway.start("succeed", "receive")

    item = await gateway.arrived(document_id, member="moi")

    assert await content_of(gateway, item, "moi") == body
    assert (await gateway.delivery(document_id, "received"))["resolved_code"] == SUCCESSOR
    assert (await gateway.call("GET", "/v1/inbox", token="tayninh")).json["items"] == []
    assert (await kinds(gateway, document_id)).count(Kind.ARRIVED) == 1


async def test_what_arrived_and_was_not_taken_over_is_handed_over_after_the_grace(gateway: Stage) -> None:
    """Until then the old system may acknowledge it; afterwards only the successor's can read it."""
    document_id, body = await accept(gateway, MERGED)
    await gateway.start("forward", "receive", "succeed")
    before = await gateway.arrived(document_id, member="tayninh")
    gateway.clock.now = INSTANT + GRACE

    item = await gateway.arrived(document_id, member="moi")

    assert await content_of(gateway, item, "moi") == body
    assert item["recipient"]["resolved_code"] == SUCCESSOR
    path = f"/v1/inbox/{before['id']}/content"
    document = f"/v1/documents/{document_id}"
    for each in (path, document, f"{document}/content"):
        assert (await gateway.call("GET", each, token="tayninh")).status == 404
    assert (await gateway.call("GET", f"{document}/content", token="moi")).body == body
    assert Kind.HANDED_OVER in await kinds(gateway, document_id)


@pytest.mark.parametrize("how_far", ["accepted", "confirmed", "arrived"])
async def test_a_code_that_lives_on_belongs_to_the_new_body_at_once(gateway: Stage, how_far: str) -> None:
    """QĐ 09/2025: however far the document is, from the instant on the old body's system does not get it."""
    document_id, body = await accept(gateway, TAKEN_OVER)
    if how_far != "accepted":
        await gateway.start("forward")
        await gateway.delivery(document_id, "confirmed")
    if how_far == "arrived":
        await gateway.start("receive")
        await gateway.arrived(document_id, member="tayninh")
    gateway.clock.now = INSTANT
    await gateway.start(
        "succeed", *{"accepted": ("forward", "receive"), "confirmed": ("receive",)}.get(how_far, ())
    )

    item = await gateway.arrived(document_id, member="moi")

    assert await content_of(gateway, item, "moi") == body
    assert (item["recipient"]["code"], item["recipient"]["resolved_code"]) == (TAKEN_OVER, TAKEN_OVER)
    assert (await gateway.call("GET", "/v1/inbox", token="tayninh")).json["items"] == []


@pytest.mark.parametrize(("code", "cause"), HELD.items())
async def test_split_without_successor_or_suspended_is_held(gateway: Stage, code: str, cause: str) -> None:
    """A task for the code administrators, a notice with a signed receipt to the sender, and nobody gets the document."""
    document_id, _ = await accept(gateway, code)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive", "succeed")

    delivery = await gateway.delivery(document_id, "held")

    assert (delivery["reason"], delivery["final"]) == (cause, False)
    [task] = (await gateway.call("GET", "/v1/registry/tasks", token="admin")).json["items"]
    assert (task["code"], task["cause"], task["deliveries"]) == (code, cause, 1)
    assert [each["code"] for each in task["candidates"]] == ([HALF, "H54.3"] if code == SPLIT else [])
    assert task["deadline"] == "2025-07-05T02:00:00.000Z"
    metrics = (await gateway.call("GET", "/metrics", token=None)).body.decode()
    assert "vanthu_held 1.0" in metrics
    [notice] = await gateway.notices()
    assert (notice["kind"], notice["code"], notice["reason"]) == ("held", code, cause)
    key = parse_verifier_key(gateway.context.keys.receipt.verifier)
    receipt = open_receipt(notice["receipt"], [key])
    assert isinstance(receipt, DeliveryReceipt)
    assert (receipt.stage.value, receipt.reason, receipt.document_id) == ("held", cause, document_id)
    assert (await gateway.call("GET", "/v1/notices", token="tayninh")).json["items"] == []


async def test_what_nobody_decides_comes_back_to_its_sender(gateway: Stage) -> None:
    """After the hold it is undeliverable, with a signed notice."""
    document_id, _ = await accept(gateway, SPLIT)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "succeed")
    await gateway.delivery(document_id, "held")
    gateway.clock.now = INSTANT + HOLD

    delivery = await gateway.delivery(document_id, "undeliverable")

    assert (delivery["reason"], delivery["final"]) == ("delivery.held_too_long", True)
    held, undeliverable = await gateway.notices()
    assert (held["kind"], undeliverable["kind"]) == ("held", "undeliverable")
    assert undeliverable["receipt"]["delivery_receipt"]["stage"] == "undeliverable"
    assert (await gateway.call("GET", "/v1/registry/tasks", token="admin")).json["items"] == []


async def resolve(gateway: Stage, code: str, decision: bytes) -> Any:
    """Decide for a code, as an administrator."""
    return await gateway.post(f"/v1/registry/tasks/{code}/resolve", decision, "application/json")


async def test_an_administrator_chooses_the_successor(gateway: Stage) -> None:
    """The document arrives there untouched; the sender hears who took over and why."""
    document_id, body = await accept(gateway, SPLIT)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive", "succeed")
    await gateway.delivery(document_id, "held")

    answer = await resolve(gateway, SPLIT, f'{{"to": "{HALF}", "reason": "Nghị quyết 1234"}}'.encode())

    assert (answer.status, answer.json) == (200, {"code": SPLIT, "to": HALF, "deliveries": 1})
    item = await gateway.arrived(document_id, member="moi")
    assert await content_of(gateway, item, "moi") == body
    assert item["recipient"]["resolved_code"] == HALF
    _, rerouted = await gateway.notices()
    assert (rerouted["kind"], rerouted["resolved_code"]) == ("rerouted", HALF)
    assert rerouted["explanation"] == "Nghị quyết 1234"
    assert (await resolve(gateway, SPLIT, b'{"return": true, "reason": "?"}')).status == 404


async def test_an_administrator_gives_it_back(gateway: Stage) -> None:
    """The sender need not wait for the end of the hold."""
    document_id, _ = await accept(gateway, CLOSED)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "succeed")
    await gateway.delivery(document_id, "held")

    answer = await resolve(gateway, CLOSED, '{"return": true, "reason": "Không có nơi kế thừa"}'.encode())

    assert (answer.status, answer.json["to"]) == (200, None)
    delivery = await gateway.delivery(document_id, "undeliverable")
    assert delivery["reason"] == "delivery.returned_by_admin"


@pytest.mark.parametrize(
    ("decision", "status", "code"),
    [
        ('{"reason": "x"}', 400, "request.bad_parameter"),
        ('{"to": "H54.2", "return": true, "reason": "x"}', 400, "request.bad_parameter"),
        ('{"to": "H54.2"}', 400, "request.bad_parameter"),
        ('{"to": "H53.3", "reason": "x"}', 422, "registry.unusable_successor"),
        ('{"to": "H77.7", "reason": "x"}', 422, "registry.unusable_successor"),
        ('{"to": "không phải mã", "reason": "x"}', 422, "registry.unusable_successor"),
        ('{"to": "G22", "reason": "x"}', 422, "registry.unusable_successor"),
    ],
)
async def test_a_choice_that_cannot_be_is_refused(
    gateway: Stage, decision: str, status: int, code: str
) -> None:
    """Nothing changes then, and the answer says what is wrong."""
    document_id, _ = await accept(gateway, SPLIT)
    gateway.clock.now = INSTANT
    await gateway.start("forward")
    await gateway.delivery(document_id, "held")

    answer = await resolve(gateway, SPLIT, decision.encode())

    assert (answer.status, answer.json["code"]) == (status, code)
    await gateway.delivery(document_id, "held")


async def test_only_code_administrators_see_and_resolve_tasks(gateway: Stage) -> None:
    """A connected system neither sees what is held nor decides for others."""
    for token in ("hanoi", "auditor"):
        assert (await gateway.call("GET", "/v1/registry/tasks", token=token)).status == 403


async def test_a_resumed_code_goes_on_by_itself(gateway: Stage) -> None:
    """At the instant of its resumption, without anybody doing anything."""
    await gateway.load(agencies(resumed_at=INSTANT + timedelta(hours=5)))
    document_id, body = await accept(gateway, SUSPENDED)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive", "succeed")
    await gateway.delivery(document_id, "held")
    gateway.clock.now = INSTANT + timedelta(hours=5)

    item = await gateway.arrived(document_id, member="tayninh")

    assert await content_of(gateway, item, "tayninh") == body
    assert [notice["kind"] for notice in await gateway.notices()] == ["held", "released"]


async def test_a_successor_in_a_later_version_goes_on_by_itself(gateway: Stage) -> None:
    """The administrators correct the registry instead of deciding for one code: the task is gone."""
    document_id, body = await accept(gateway, CLOSED)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive", "succeed")
    await gateway.delivery(document_id, "held")

    await gateway.load(agencies(extra=[until_the_instant(CLOSED, SUCCESSOR)]))

    item = await gateway.arrived(document_id, member="moi")
    assert await content_of(gateway, item, "moi") == body
    assert [notice["kind"] for notice in await gateway.notices()] == ["held", "rerouted"]


async def test_a_retry_after_the_instant_gets_the_first_answer(gateway: Stage) -> None:
    """No new decision, although the code is closed by then and the document goes elsewhere."""
    body = a_letter(MERGED)
    first = await gateway.send(body)
    gateway.clock.now = INSTANT
    await gateway.start("forward", "receive")
    await gateway.arrived(first.json["id"], member="moi")

    again = await gateway.send(body)

    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.body == first.body


async def test_notices_wait_for_news(gateway: Stage) -> None:
    """With `wait` the answer comes when something is there."""
    document_id, _ = await accept(gateway, CLOSED)
    waiting = asyncio.create_task(gateway.call("GET", "/v1/notices?wait=30"))
    gateway.clock.now = INSTANT
    await gateway.start("forward")

    answer = await waiting

    [notice] = answer.json["items"]
    assert (notice["message"], notice["kind"]) == (document_id, "held")
    after = await gateway.call("GET", f"/v1/notices?after={notice['id']}")
    assert after.json["items"] == []


async def test_over_a_broker_to_the_successors_gateway(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """Accepted before at one gateway, after the instant in the successor's inbox at another one, byte for byte."""
    members = (HANOI, TAY_NINH, new_member(gateway="gw.moi"))
    shared: dict[str, Any] = {
        "axis": rabbitmq.url,
        "axis_queue_age": 0,
        "payloads": str(tmp_path / "payloads"),
        "members": members,
    }
    async with (
        stage(tmp_path / "sending", **shared) as sending,
        stage(tmp_path / "receiving", name="gw.moi", **shared) as receiving,
    ):
        await _introduce(sending, receiving)
        documents = [await accept(sending, code) for code in (MERGED, TAKEN_OVER)]
        for each in (sending, receiving):
            each.clock.now = INSTANT
            await each.start("forward", "receive", "succeed")

        for document_id, body in documents:
            item = await receiving.arrived(document_id, member="moi")
            assert await content_of(receiving, item, "moi") == body
            await receiving.call("POST", f"/v1/inbox/{item['id']}/ack", token="moi")
            delivery = await sending.delivery(document_id, "acknowledged")
            assert delivery["resolved_code"] == item["recipient"]["resolved_code"]


async def test_a_late_receipt_of_the_old_systems_gateway_counts(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """It was sent on already when the gateway that read it in the grace answers at last: the sender hears that it arrived."""
    members = (HANOI, replace(TAY_NINH, gateway="gw.cu"), new_member())
    shared: dict[str, Any] = {
        "axis": rabbitmq.url,
        "axis_queue_age": 0,
        "payloads": str(tmp_path / "payloads"),
        "members": members,
    }
    async with (
        stage(tmp_path / "sending", **shared) as sending,
        stage(tmp_path / "old", name="gw.cu", **shared) as old,
    ):
        await _introduce(sending, old)
        document_id, _ = await accept(sending, MERGED)
        await sending.start("forward")
        await sending.delivery(document_id, "confirmed")
        await old.start("receive")
        await old.arrived(document_id, member="tayninh")
        sending.clock.now = INSTANT + GRACE
        await sending.start("succeed")
        async with asyncio.timeout(20):
            while (await sending.state(document_id, "confirmed"))["deliveries"][0]["member"] != "moi":
                await asyncio.sleep(0.05)

        await old.start("forward")
        await sending.start("receive")

        await sending.delivery(document_id, "received")


async def _introduce(first: Stage, second: Stage) -> None:
    """Let two gateways believe each other."""
    for one, other in ((first, second), (second, first)):
        name = other.context.settings.name
        assert name in {GATEWAY, "gw.moi", "gw.cu"}
        peer = next(each for each in await other.store.registry.peers() if each.name == name)
        await one.store.registry.put_peer(peer, actor="test")
