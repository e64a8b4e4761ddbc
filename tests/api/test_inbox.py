"""Receiving: listing, waiting, fetching and acknowledging."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.api.connections import STOPPING
from routing.log import Kind
from schemas.document import Organization
from tests.api.world import World, a_document, world

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def kinds(gateway: World, document_id: str) -> list[Kind]:
    """Return the kinds of a document's entries."""
    return [entry.kind for entry in await gateway.log() if entry.document_id == document_id]


async def test_from_one_system_to_the_other(gateway: World) -> None:
    """A document arrives, is fetched unchanged and acknowledged, and its sender learns of it."""
    body = a_document()
    sent = (await gateway.send(body)).json

    item = await gateway.arrived(sent["id"])
    got = await gateway.call("GET", item["links"]["content"], token="tayninh")
    shown = await gateway.call("GET", item["links"]["self"], token="tayninh")
    done = await gateway.call("POST", item["links"]["ack"], token="tayninh")
    again = await gateway.call("POST", item["links"]["ack"], token="tayninh")

    assert (item["kind"], item["recipient"]["code"], item["sender"]["member"]) == ("edoc", "H53", "hanoi")
    assert item["fetched_at"] is None
    assert got.body == body
    assert shown.json["fetched_at"] is not None
    assert (done.json["already"], again.json["already"]) == (False, True)
    assert done.json["acknowledged_at"] == again.json["acknowledged_at"]
    document = await gateway.state(sent["id"], "acknowledged")
    assert document["deliveries"][0]["final"] is True
    recorded = await kinds(gateway, sent["id"])
    assert recorded.count(Kind.FETCHED) == recorded.count(Kind.ACKNOWLEDGED) == 1
    assert Kind.ACKNOWLEDGED_RECEIPT in recorded


async def test_acknowledged_items_leave_the_list(gateway: World) -> None:
    """What was acknowledged is not listed any more, but can still be seen."""
    sent = (await gateway.send(a_document())).json
    item = await gateway.arrived(sent["id"])
    await gateway.call("POST", item["links"]["ack"], token="tayninh")

    page = await gateway.call("GET", "/v1/inbox?limit=200", token="tayninh")
    shown = await gateway.call("GET", item["links"]["self"], token="tayninh")

    assert item["id"] not in [each["id"] for each in page.json["items"]]
    assert shown.json["acknowledged_at"] is not None


async def test_items_of_others_do_not_exist(gateway: World) -> None:
    """An item is seen, fetched and acknowledged by its own system only."""
    sent = (await gateway.send(a_document())).json
    item = await gateway.arrived(sent["id"])

    for method, link in (("GET", "self"), ("GET", "content"), ("POST", "ack")):
        answer = await gateway.call(method, item["links"][link], token="hanoi")
        assert (answer.status, answer.json["code"]) == (404, "request.not_found")
    assert Kind.FETCHED not in await kinds(gateway, sent["id"])


async def test_looking_at_the_head_is_not_fetching(gateway: World) -> None:
    """HEAD and a conditional request that is met hand out no bytes and leave no entry."""
    sent = (await gateway.send(a_document())).json
    item = await gateway.arrived(sent["id"])

    head = await gateway.call("HEAD", item["links"]["content"], token="tayninh")
    known = await gateway.call(
        "GET", item["links"]["content"], token="tayninh", headers={"If-None-Match": head.headers["ETag"]}
    )

    assert (head.status, known.status) == (200, 304)
    assert Kind.FETCHED not in await kinds(gateway, sent["id"])


async def test_filter_by_agency_in_any_form(gateway: World) -> None:
    """One system serves many agencies; each can ask for its own, by any form of its code."""
    office = (await gateway.send(a_document(recipients=(Organization(organ_id="H26.1"),)))).json
    await gateway.arrived(office["id"], member="hanoi")

    for code in ("H26.1", "000.00.01.H26"):
        page = await gateway.call("GET", f"/v1/inbox?code={code}&limit=200")
        assert office["id"] in [item["document"]["id"] for item in page.json["items"]]
    other = await gateway.call("GET", "/v1/inbox?code=H26&limit=200")
    assert office["id"] not in [item["document"]["id"] for item in other.json["items"]]


async def test_paging(tmp_path: Path) -> None:
    """`limit` and `after` walk through everything once."""
    async with world(tmp_path) as gateway:
        sent = {(await gateway.send(a_document())).json["id"] for _ in range(5)}
        for document_id in sent:
            await gateway.arrived(document_id)

        seen: list[str] = []
        path = "/v1/inbox?limit=2"
        for _ in range(4):
            page = (await gateway.call("GET", path, token="tayninh")).json
            seen += [item["document"]["id"] for item in page["items"]]
            if page["next"] is None:
                break
            path = f"/v1/inbox?limit=2&after={page['next']}"

        assert (len(seen), set(seen)) == (5, sent)


@pytest.mark.parametrize(
    "query",
    [
        "wait=61",
        "wait=-1",
        "wait=soon",
        "wait=1&wait=2",
        "limit=0",
        "limit=201",
        "after=x",
        "code=H99",
        "code=%00",
        "code=",
        "wiat=30",
        "%FF=1",
    ],
)
async def test_impossible_parameters(gateway: World, query: str) -> None:
    """A parameter that is unknown, repeated or out of range is refused, with what would be right."""
    answer = await gateway.call("GET", f"/v1/inbox?{query}")

    assert (answer.status, answer.json["code"]) == (400, "request.bad_parameter")


async def test_waiting_ends_with_an_arrival(tmp_path: Path) -> None:
    """A system that waits hears of a document as soon as it arrives."""
    async with world(tmp_path) as gateway:
        waiting = asyncio.create_task(gateway.call("GET", "/v1/inbox?wait=60", token="tayninh"))
        async with asyncio.timeout(20):
            while "inbox/tayninh" not in gateway.context.bell._events:
                await asyncio.sleep(0)
            sent = (await gateway.send(a_document())).json

            page = (await waiting).json

    assert [item["document"]["id"] for item in page["items"]] == [sent["id"]]


async def test_waiting_ends_with_the_time(tmp_path: Path) -> None:
    """Nothing within the time is an empty list, not an error."""
    async with world(tmp_path) as gateway:
        answer = await gateway.call("GET", "/v1/inbox?wait=1", token="tayninh")

        assert (answer.status, answer.json) == (200, {"items": [], "next": None})


async def test_waiting_ends_with_the_service(tmp_path: Path) -> None:
    """A service that stops keeps nobody waiting."""
    async with world(tmp_path) as gateway:
        waiting = asyncio.create_task(gateway.call("GET", "/v1/inbox?wait=60", token="tayninh"))
        async with asyncio.timeout(20):
            while "inbox/tayninh" not in gateway.context.bell._events:
                await asyncio.sleep(0)
            gateway.api[STOPPING].set()

            assert (await waiting).json == {"items": [], "next": None}
