"""Looking after a document: who sees it, what they see, and the exact bytes."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import pytest

from schemas.document import Organization
from tests.api.world import World, a_big_document, a_document

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_sender_sees_the_road_of_a_document(gateway: World) -> None:
    """Deliveries carry their state in both languages, and the timeline tells every step in order."""
    sent = (await gateway.send(a_document(subject="V/v sắp xếp đơn vị hành chính"))).json
    await gateway.arrived(sent["id"])

    shown = await gateway.state(sent["id"], "received")

    assert shown["subject"] == "V/v sắp xếp đơn vị hành chính"
    assert shown["deliveries"][0]["state_vi"] == "đã đến hệ thống nhận"
    assert shown["deliveries"][0]["final"] is False
    kinds = [event["kind"] for event in shown["timeline"]]
    assert kinds[0] == "accepted"
    assert {"broker_confirmed", "arrived", "delivered_receipt"} <= set(kinds)
    assert [event["seq"] for event in shown["timeline"]] == list(range(1, len(kinds) + 1))
    assert shown["verdict"] == sent["verdict"]


async def test_addressee_sees_it_once_it_arrived(gateway: World) -> None:
    """The addressee's system sees the document, but not which credential sent it."""
    sent = (await gateway.send(a_document())).json
    await gateway.arrived(sent["id"])

    shown = await gateway.call("GET", f"/v1/documents/{sent['id']}", token="tayninh")

    assert shown.status == 200
    assert all("credential" not in event and "instance" not in event for event in shown.json["timeline"])


async def test_auditor_sees_everything_but_the_body(gateway: World) -> None:
    """An auditor sees metadata, timeline and credential; the bytes are not theirs."""
    sent = (await gateway.send(a_document())).json

    shown = await gateway.call("GET", f"/v1/documents/{sent['id']}", token="auditor")
    content = await gateway.call("GET", f"/v1/documents/{sent['id']}/content", token="auditor")

    assert shown.json["timeline"][0]["credential"]
    assert (content.status, content.json["code"]) == (403, "access.role_missing")


async def test_nobody_else_sees_it(gateway: World) -> None:
    """For a system that has no part in it, it does not exist: same answer as for an id that was never given."""
    internal = (await gateway.send(a_document(recipients=(Organization(organ_id="H26.1"),)))).json
    never = "0197c1f2-5b7e-7c3a-9d51-0f4a3c2b1d10"

    for path in ("", "/content"):
        foreign = await gateway.call("GET", f"/v1/documents/{internal['id']}{path}", token="tayninh")
        unknown = await gateway.call("GET", f"/v1/documents/{never}{path}", token="tayninh")
        assert (foreign.status, foreign.json["code"]) == (404, "request.not_found")
        assert foreign.json["en"].replace(internal["id"], never) == unknown.json["en"]


@pytest.mark.parametrize(
    "text", ["x", "0197C1F2-5B7E-7C3A-9D51-0F4A3C2B1D10", "%00", "..%2f..%2fetc", "%F0%9F%8E%89"]
)
async def test_impossible_id(gateway: World, text: str) -> None:
    """What is no id is nobody's."""
    answer = await gateway.call("GET", f"/v1/documents/{text}")

    assert (answer.status, answer.json["code"]) == (404, "request.not_found")


async def test_content_is_what_was_sent(gateway: World) -> None:
    """Sender and addressee get the bytes with their digest, as an attachment that may do nothing."""
    body = a_document()
    sent = (await gateway.send(body)).json
    await gateway.arrived(sent["id"])
    digest = hashlib.sha256(body)

    for token in ("hanoi", "tayninh"):
        got = await gateway.call("GET", sent["links"]["content"], token=token)
        assert got.body == body
        assert got.headers["ETag"] == f'"{digest.hexdigest()}"'
        assert got.headers["Digest"] == f"sha-256={base64.b64encode(digest.digest()).decode()}"
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in got.headers["Content-Security-Policy"]


async def test_head_and_conditional_requests(gateway: World) -> None:
    """HEAD gives the size without the bytes, and whoever has the bytes gets 304."""
    body = a_document()
    sent = (await gateway.send(body)).json

    head = await gateway.call("HEAD", sent["links"]["content"])
    known = await gateway.call(
        "GET", sent["links"]["content"], headers={"If-None-Match": head.headers["ETag"]}
    )
    other = await gateway.call("GET", sent["links"]["content"], headers={"If-None-Match": '"other"'})

    assert (head.status, head.headers["Content-Length"], head.body) == (200, str(len(body)), b"")
    assert (known.status, known.body) == (304, b"")
    assert other.body == body


async def test_content_that_is_gone(gateway: World) -> None:
    """A body that is missing from the payload store is an answer for later, not a wrong document."""
    sent = (await gateway.send(a_big_document(40_000))).json
    path = await asyncio.to_thread(gateway.context.payloads.path, sent["sha256"])
    path.unlink()

    answer = await gateway.call("GET", sent["links"]["content"])

    assert (answer.status, answer.json["code"]) == (503, "axis.payload_missing")
