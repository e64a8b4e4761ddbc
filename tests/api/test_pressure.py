"""Back-pressure: at each limit documents are refused before their bodies are read, all else goes on, and it ends by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.flow.pressure import Limits, Pressure
from tests.api.raw import connected, request
from tests.api.world import World, a_document, a_status, world
from tests.support.stages import Stage, stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def refused(gateway: World, code: str) -> None:
    """Expect a document to be refused, and a second one whose body never comes, too."""
    answer = await gateway.send(a_document())
    assert (answer.status, answer.json["code"], answer.json["outcome"]) == (503, code, "undecided")
    assert 10 <= int(answer.headers["Retry-After"]) <= 40
    status = await gateway.send(a_status("H26,2025/07/01,1"), path="/v1/statuses", token="tayninh")
    assert (status.status, status.json["code"]) == (503, code)
    await unread(gateway, code)


async def unread(gateway: World, code: str) -> None:
    """Announce a body that is never sent: the answer comes all the same, and nobody is told to go on."""
    head = request(
        "/v1/documents", token=gateway.tokens["hanoi"], length=100_000, extra="Expect: 100-continue\r\n"
    )
    async with connected(gateway.url) as connection:
        await connection.send(head)
        assert await connection.problem() == (503, code)


async def others_work(gateway: World) -> None:
    """Expect that what brings no document goes on."""
    for path, token in (
        ("/v1/inbox", "tayninh"),
        ("/v1/notices", "hanoi"),
        ("/v1/ledger", "admin"),
        ("/v1/members", "admin"),
        ("/healthz", None),
        ("/metrics", None),
    ):
        assert (await gateway.call("GET", path, token=token)).status == 200


async def pressure_in(gateway: World) -> dict[str, Any]:
    """Return what readiness says of it."""
    async with asyncio.timeout(20):
        while True:
            checks = (await gateway.call("GET", "/readyz", token=None)).json["checks"]
            shown: dict[str, Any] = checks["pressure"]
            if shown["codes"] == [error.code for error in gateway.context.pressure.objections()]:
                return shown
            await asyncio.sleep(0.1)


async def test_a_full_outbox(tmp_path: Path) -> None:
    """Documents are taken while the axis stands still, up to the quota; when it goes on, they are delivered, and it is over."""
    async with stage(tmp_path, outbox_rows=3) as gateway:
        sent = [await gateway.send(a_document()) for _ in range(3)]
        assert [answer.status for answer in sent] == [201, 201, 201]
        await refused(gateway, "pressure.outbox_rows")
        with capture_logs() as lines:
            await gateway.context.pressure.look()
        [line] = [line for line in lines if line["event"] == "pressure"]
        assert (line["codes"], line["rows"]) == (["pressure.outbox_rows"], 3)
        await refused(gateway, "pressure.outbox_rows")
        await others_work(gateway)
        shown = await pressure_in(gateway)
        assert (shown["ok"], shown["outbox_rows"], shown["outbox_rows_limit"]) == (False, 3, 3)
        text = (await gateway.call("GET", "/metrics", token=None)).body.decode()
        assert 'vanthu_pressure{kind="outbox_rows"} 1.0' in text

        await gateway.start("forward", "receive")
        for answer in sent:
            await gateway.delivery(answer.json["id"], "received")
        await eased(gateway)
        assert (await gateway.send(a_document())).status == 201


async def eased(gateway: Stage) -> None:
    """Look until nothing speaks against taking documents any more."""
    async with asyncio.timeout(20):
        while gateway.context.pressure.objections():
            await gateway.context.pressure.look()
            await asyncio.sleep(0.05)


async def test_too_many_bytes(tmp_path: Path) -> None:
    """What counts is the bodies, each once, and the one that is about to come."""
    body = a_document()
    async with stage(tmp_path, outbox_bytes=len(body) + 10) as gateway:
        assert (await gateway.send(body)).status == 201
        await refused(gateway, "pressure.outbox_bytes")
        await gateway.context.pressure.look()
        await refused(gateway, "pressure.outbox_bytes")
        assert gateway.context.pressure.load.size == len(body)
        await others_work(gateway)


async def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    """The reserve stays free for what was accepted before."""
    async with stage(tmp_path, disk_reserve=2**62) as gateway:
        await gateway.context.pressure.look()
        await refused(gateway, "pressure.disk_reserve")
        await others_work(gateway)
        assert (await pressure_in(gateway))["codes"] == ["pressure.disk_reserve"]


async def test_a_body_that_would_eat_the_reserve(tmp_path: Path) -> None:
    """A small one still fits."""
    async with stage(tmp_path, outbox_bytes=2**62) as gateway:
        pressure = gateway.context.pressure
        await pressure.look()
        free = pressure.load.free or 0
        assert [error.code for error in pressure.objections(free)] == ["pressure.disk_reserve"]
        assert pressure.objections(0) == ()


async def test_a_log_that_is_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries wait for their place for longer than receipts promise: no more are made. One step of a clock is no such thing."""
    async with stage(tmp_path) as gateway:
        await gateway.stack.aclose()
        await gateway.send(a_document())
        gateway.clock.turn(seconds=31)
        pressure = gateway.context.pressure
        await pressure.look()
        assert pressure.objections() == ()

        monkeypatch.setattr("gateway.flow.pressure.LAGGING", 0.0)
        await pressure.look()
        await refused(gateway, "pressure.log_behind")
        await others_work(gateway)
        assert (await pressure_in(gateway))["log_lag_s"] == 31

        while await gateway.store.log.sequence(limit=1000):
            pass
        await pressure.look()
        assert (await gateway.send(a_document())).status == 201


async def test_a_big_backlog_is_counted_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much waits, one look takes a bounded time; what is taken meanwhile is not forgotten."""
    monkeypatch.setattr("gateway.flow.pressure.PORTION", 2)
    monkeypatch.setattr("gateway.flow.pressure.PORTIONS", 1)
    async with stage(tmp_path) as gateway:
        for _ in range(5):
            await gateway.send(a_document())
        pressure = Pressure(
            ledger=gateway.store.ledger,
            limits=Limits(rows=100, size=2**40, reserve=0),
            folders=(tmp_path,),
            clock=gateway.clock,
            metrics=gateway.context.metrics,
        )
        seen = []
        for _ in range(3):
            await pressure.look()
            seen.append(pressure.load.rows)
        assert seen == [2, 4, 5]
        pressure.took(deliveries=7, size=70)
        assert pressure.load.rows == 12
        for _ in range(3):
            await pressure.look()
        assert pressure.load.rows == 5


async def test_each_token_at_its_own_rate(tmp_path: Path) -> None:
    """Who is too fast waits; others and other requests do not."""
    async with world(tmp_path, requests_per_second=1) as gateway:
        answers = [await gateway.send(a_document()) for _ in range(6)]
        fast = [answer for answer in answers if answer.status == 429]
        assert [answer.status for answer in answers[:2]] == [201, 201]
        assert {answer.json["code"] for answer in fast} == {"pressure.too_many_requests"}
        assert {answer.headers["Retry-After"] for answer in fast} == {"1"}
        assert (await gateway.call("GET", "/v1/inbox")).status == 200
        status = await gateway.send(a_status("H26,2025/07/01,1"), path="/v1/statuses", token="tayninh")
        assert status.status != 429


async def test_a_broker_that_is_away_is_borne(tmp_path: Path) -> None:
    """Documents are taken and wait: the gateway stays ready, and says that it is degraded."""
    async with world(tmp_path, axis="amqp://guest:guest@127.0.0.1:1/") as gateway:
        sent = await gateway.send(a_document())
        ready = await gateway.call("GET", "/readyz", token=None)
        assert sent.status == 201
        assert (ready.status, ready.json["status"]) == (200, "degraded")
        assert [name for name, check in ready.json["checks"].items() if not check["ok"]] == ["axis"]
