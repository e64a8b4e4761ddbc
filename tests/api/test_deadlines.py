"""Order, urgency and deadlines, as senders and receivers see them over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from certs.revocation import Revocation
from routing.delivery import DeliveryState
from routing.log import Kind
from routing.note import parse_verifier_key
from routing.receipt import DeliveryReceipt, open_receipt
from tests.api.world import NOW, TAY_NINH, World, a_document, a_status, world
from tests.support.store_samples import a_recipient, a_step

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEADER = "Vanthu-Deliver-By"


@pytest_asyncio.fixture(loop_scope="session")
async def lonely(tmp_path: Path) -> AsyncIterator[World]:
    """Run a gateway whose only other member is on a gateway that never answers."""
    async with world(tmp_path) as running:
        await running.store.registry.put_member(replace(TAY_NINH, gateway="elsewhere"), actor="test")
        yield running


async def told(gateway: World, count: int) -> list[dict[str, Any]]:
    """Wait until there are so many notices, and return them."""
    while True:
        items: list[dict[str, Any]] = (await gateway.call("GET", "/v1/notices?wait=10")).json["items"]
        if len(items) >= count:
            return items


async def test_numbers_and_urgency_travel_with_a_document(gateway: World) -> None:
    """The sender's answer, the log and the receiver's inbox tell the same number; the urgency is the document's own."""
    first = (await gateway.send(a_document(priority=3))).json
    second = (await gateway.send(a_document(priority=0))).json

    urgent, plain = await gateway.arrived(first["id"]), await gateway.arrived(second["id"])

    number = first["deliveries"][0]["flow_seq"]
    assert second["deliveries"][0]["flow_seq"] == number + 1
    assert (urgent["flow_seq"], plain["flow_seq"]) == (number, number + 1)
    assert (first["urgency"], urgent["urgency"], second["urgency"], plain["urgency"]) == (3, 3, 0, 0)
    entries = [entry for entry in await gateway.log() if entry.document_id == first["id"]]
    fields: dict[Kind, Any] = {entry.kind: entry.fields for entry in entries}
    assert fields[Kind.ACCEPTED]["routes"][0]["flow_seq"] == number
    assert fields[Kind.ACCEPTED]["priority"] == 3
    assert fields[Kind.ARRIVED]["flow_seq"] == number
    shown = (await gateway.call("GET", f"/v1/documents/{first['id']}")).json
    assert (shown["urgency"], shown["deliveries"][0]["flow_seq"]) == (3, number)


async def test_the_inbox_lists_only_what_is_urgent_if_asked(gateway: World) -> None:
    """With `urgent=true` the others are left out; anything else than true or false is refused."""
    urgent = (await gateway.send(a_document(priority=1))).json
    plain = (await gateway.send(a_document(priority=0))).json
    await gateway.arrived(urgent["id"])
    await gateway.arrived(plain["id"])

    only = await gateway.call("GET", "/v1/inbox?urgent=true&limit=200", token="tayninh")
    every = await gateway.call("GET", "/v1/inbox?urgent=false&limit=200", token="tayninh")
    wrong = await gateway.call("GET", "/v1/inbox?urgent=yes", token="tayninh")

    shown = {item["document"]["id"] for item in only.json["items"]}
    assert urgent["id"] in shown
    assert plain["id"] not in shown
    assert {urgent["id"], plain["id"]} <= {item["document"]["id"] for item in every.json["items"]}
    assert (wrong.status, wrong.json["code"]) == (400, "request.bad_parameter")


async def test_the_default_deadline_is_told(gateway: World) -> None:
    """Without a word of the sender it is 30 days."""
    sent = (await gateway.send(a_document())).json

    assert sent["deliver_by"] == "2025-07-31T02:00:00.000Z"


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/statuses"])
async def test_a_deadline_of_the_sender(gateway: World, path: str) -> None:
    """The sender names it with its offset; documents and status messages alike."""
    document = a_document()
    body = document
    if path == "/v1/statuses":
        sent = (await gateway.send(document)).json
        await gateway.arrived(sent["id"])
        body = a_status(sent["document_id"])
    token = "hanoi" if path == "/v1/documents" else "tayninh"

    answer = await gateway.send(body, path=path, token=token, headers={HEADER: "2025-07-02T17:00:00.5+07:00"})

    assert answer.status == 201, answer.json
    assert answer.json["deliver_by"] == "2025-07-02T10:00:00.500Z"


@pytest.mark.parametrize("stated", ["tomorrow", "2025-07-02T10:00:00", "2025-07-02T25:00:00Z", ""])
async def test_a_deadline_that_cannot_be_read_is_refused(gateway: World, stated: str) -> None:
    """Before the body is read: no moment, or one without an offset."""
    answer = await gateway.send(a_document(), headers={HEADER: stated})

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")
    assert HEADER in answer.json["detail"]


async def test_a_deadline_in_the_past_is_refused(gateway: World) -> None:
    """By the database's clock, at the very moment or before; it is recorded, and another deadline may follow."""
    body = a_document()

    answer = await gateway.send(body, headers={HEADER: NOW.isoformat()})
    again = await gateway.send(body, headers={HEADER: (NOW + timedelta(seconds=1)).isoformat()})

    assert (answer.status, answer.json["code"]) == (422, "intake.deadline_passed")
    assert answer.json["receipt"]["refusal_receipt"]["reason"] == "intake.deadline_passed"
    assert await gateway.refusals("intake.deadline_passed")
    assert again.status == 201


async def test_a_repetition_keeps_the_first_deadline(gateway: World) -> None:
    """The same bytes with another deadline, even one that has passed, get the first answer."""
    body = a_document()
    first = await gateway.send(body, headers={HEADER: "2025-07-09T00:00:00Z"})

    again = await gateway.send(body, headers={HEADER: "2025-01-01T00:00:00Z"})

    assert again.status == 201
    assert again.body == first.body


async def test_what_is_parked_is_kept_until_its_deadline(tmp_path: Path) -> None:
    """A document that cannot be decided is refused at its deadline; one whose deadline has passed is refused at once."""
    async with world(tmp_path, revocation=Revocation.REQUIRE) as gateway:
        until = NOW + timedelta(hours=5)
        parked = await gateway.send(a_document(), headers={HEADER: until.isoformat()})
        late = await gateway.send(a_document(), headers={HEADER: NOW.isoformat()})

        assert (parked.status, parked.json["keep_until"]) == (202, "2025-07-01T07:00:00.000Z")
        assert (late.status, late.json["code"]) == (422, "intake.deadline_passed")


async def test_a_delivery_expires_and_arrives_after_all(lonely: World) -> None:
    """The sender hears both, each with a receipt; the document's state stays expired, and says how far it came."""
    sent = (await lonely.send(a_document(), headers={HEADER: "2025-07-03T00:00:00Z"})).json
    await lonely.state(sent["id"], "confirmed")
    lonely.clock.turn(days=2)

    shown = await lonely.state(sent["id"], "expired")
    [delivery] = shown["deliveries"]
    assert (delivery["reason"], delivery["final"]) == ("delivery.deadline_passed", True)
    assert (delivery["state_vi"], delivery["arrived_late"]) == ("quá hạn gửi", None)
    recipient = replace(a_recipient("H53"), delivery_id=delivery["id"])
    step = a_step(recipient, sent["id"], DeliveryState.RECEIVED)
    fields = {**step.event.fields, "delivery": delivery["id"]}
    await lonely.store.documents.record_receipts([replace(step, event=replace(step.event, fields=fields))])

    notices = await told(lonely, 2)
    assert [each["kind"] for each in notices] == ["expired", "late_receipt"]
    assert [each["reason"] for each in notices] == ["delivery.deadline_passed", "delivery.late_received"]
    verifiers = [parse_verifier_key(lonely.context.keys.receipt.verifier)]
    receipts = [open_receipt(each["receipt"], verifiers) for each in notices]
    stages = [each.stage for each in receipts if isinstance(each, DeliveryReceipt)]
    assert stages == [DeliveryState.EXPIRED, DeliveryState.RECEIVED]
    after = (await lonely.call("GET", f"/v1/documents/{sent['id']}")).json["deliveries"][0]
    assert (after["state"], after["arrived_late"]) == ("expired", "received")
