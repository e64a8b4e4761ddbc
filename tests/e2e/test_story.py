"""The whole road, end to end, over a real RabbitMQ and a real PostgreSQL that the test run starts itself."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from gateway.app import Running, running
from gateway.cli.auditing import audit_for_demo
from gateway.client import Client, Correspondence, InboxItem
from gateway.demo.story import tell
from gateway.settings import Settings
from tests.support.exchange import Correspondents, connect, correspondents, registered
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ
from tests.support.s3 import ObjectStore

PATIENCE = 30


async def arrived(client: Client, message_id: str) -> InboxItem:
    """Wait for a message to be in the caller's inbox."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for item in (await client.inbox(wait=5)).items:
                if item.document.id == message_id:
                    return item


async def in_state(client: Client, message_id: str, state: str) -> Correspondence:
    """Wait for the one delivery of a message to be in a state."""
    async with asyncio.timeout(PATIENCE):
        while True:
            shown = await client.document(message_id)
            if shown.deliveries[0].state == state:
                return shown
            await asyncio.sleep(0.05)


async def test_the_story_of_make_run_over_rabbitmq_and_postgresql(
    rabbitmq: RabbitMQ, postgres: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo's story, word for word, on the hub's technology; its own audit at the end finds nothing wrong."""
    settings = Settings(
        data=tmp_path,
        port=0,
        axis=rabbitmq.url,
        axis_queue_age=0,
        database=postgres.url(postgres.create()),
        name="gw.hub",
    )
    queues: list[str] = []

    async def look() -> None:
        queues.extend((await asyncio.to_thread(rabbitmq.control, "list_queues", "name", "-q")).split())

    await tell(settings, audit=audit_for_demo, hold=look)

    told = capsys.readouterr().out
    assert "TOTAL_PASSED" in told
    assert "certs.digest_mismatch" in told
    assert "giống hệt từng byte" in told
    assert {"member.hanoi", "member.tuyenquang", "member.hanoi.dead"} <= set(queues)


BIG = b"%PDF-1.7\n" + bytes(range(256)) * 2000


@pytest.mark.parametrize("way", ["inline", "by hash", "by hash in a bucket", "in pieces"])
async def test_two_gateways_meet_only_on_the_broker(
    rabbitmq: RabbitMQ, object_store: ObjectStore, tmp_path: Path, way: str
) -> None:
    """Each side has its own gateway, database and log; document, receipts and status cross RabbitMQ, bytes unchanged."""
    people = correspondents()
    bucket = object_store.bucket() if way == "by hash in a bucket" else ""
    payloads = bucket or ("" if way == "in pieces" else str(tmp_path / "payloads"))
    async with (
        _gateway(tmp_path / "gw.north", rabbitmq, people, payloads) as north,
        _gateway(tmp_path / "gw.south", rabbitmq, people, payloads) as south,
    ):
        await _introduce(north, south, shared=payloads != "")
        async with _admin(north) as admin:
            hanoi_token, _ = await connect(admin, hosts=(None, "gw.south"))
        async with _admin(south) as admin:
            _, tuyen_quang_token = await connect(admin, hosts=("gw.north", None))
        async with (
            Client(north.url, token=hanoi_token) as hanoi,
            Client(south.url, token=tuyen_quang_token) as tuyen_quang,
        ):
            document = people.document(content=None if way == "inline" else BIG)
            sent = await hanoi.submit_document(document)
            item = await arrived(tuyen_quang, sent.id)
            assert await tuyen_quang.inbox_content(item.id) == document
            await in_state(hanoi, sent.id, "received")
            await tuyen_quang.acknowledge(item.id)
            await in_state(hanoi, sent.id, "acknowledged")

            status = await tuyen_quang.submit_status(registered(item.document.document_id))
            answer = await arrived(hanoi, status.id)
            assert (answer.document.about, answer.document.status_code) == (sent.id, "03")

            assert [entry["kind"] for entry in (await hanoi.document(sent.id)).timeline] == [
                "accepted",
                "publish_attempt",
                "broker_confirmed",
                "delivered_receipt",
                "acknowledged_receipt",
                "status",
            ]
            assert [entry["kind"] for entry in (await tuyen_quang.document(sent.id)).timeline] == [
                "arrived",
                "fetched",
                "acknowledged",
                "status",
            ]


def _gateway(
    data: Path, rabbitmq: RabbitMQ, people: Correspondents, payloads: str
) -> AbstractAsyncContextManager[Running]:
    """Start a gateway with a database of its own; at most the payload store is shared."""
    people.trust(data / "trust")
    return running(
        Settings(data=data, name=data.name, port=0, axis=rabbitmq.url, axis_queue_age=0, payloads=payloads)
    )


async def _introduce(north: Running, south: Running, *, shared: bool) -> None:
    """Let each gateway believe the other's envelopes, as their administrators would."""
    for one, other in ((north, south), (south, north)):
        async with _admin(one) as here, Client(other.url) as there:
            told = await there.keys()
            (key,) = (each["verifier_key"] for each in told["keys"] if each["purpose"] == "axis")
            await here.registry.put_peer(told["gateway"], verifier_key=key, shares_payloads=shared)


def _admin(gateway: Running) -> Client:
    return Client(gateway.url, token=gateway.admin_token_file.read_text().strip())
