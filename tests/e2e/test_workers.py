"""Several processes of one gateway on one port, with a real PostgreSQL and a real RabbitMQ.

What one worker was doing when it was killed is repeated by its clients; nothing that was answered is lost.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import Counter
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from gateway.client import Client
from tests.faults.test_kill import Ledger, _drain, _keep_sending
from tests.support.exchange import Correspondents, connect, correspondents
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ
from tests.support.workers import workers

WORKERS = 3
REQUESTS = 60


@pytest.fixture
def settings(postgres: Cluster, rabbitmq: RabbitMQ) -> dict[str, str]:
    """Return a gateway's settings."""
    return {
        "VANTHU_DATABASE": postgres.url(postgres.create()),
        "VANTHU_AXIS": rabbitmq.url,
        "VANTHU_NAME": f"gw.{uuid4().hex[:8]}",
    }


@pytest.fixture
def people(tmp_path: Path) -> Correspondents:
    """Return who corresponds; the gateway trusts their authority."""
    made = correspondents()
    made.trust(tmp_path / "trust")
    return made


async def get(url: str) -> str:
    """Ask on a connection of its own, as every client may."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


def counted(text: str, start: str) -> float:
    """Return the number of one series."""
    (found,) = re.findall(rf"^{re.escape(start)} (\S+)$", text, re.MULTILINE)
    return float(found)


async def test_requests_are_spread_and_counted_together(tmp_path: Path, settings: dict[str, str]) -> None:
    """Every worker answers some; whichever is scraped tells of all; the log says who answered."""
    series = 'vanthu_requests_total{method="GET",resource="/healthz",status="200"}'
    with workers(WORKERS, tmp_path, **settings) as running:
        assert set(running.pids()) == {1, 2, 3}
        for _ in range(REQUESTS):
            await get(f"{running.url}/healthz")
        scraped = [await get(f"{running.url}/metrics") for _ in range(3 * WORKERS)]
        assert running.stop() == 0

    asked = [line for line in running.events("request") if line["resource"] == "/healthz"]
    assert Counter(line["worker"] for line in asked).keys() == {1, 2, 3}
    assert len(asked) == REQUESTS
    assert {counted(text, series) for text in scraped} == {REQUESTS}
    assert len({counted(text, "vanthu_log_size") for text in scraped}) == 1
    assert len({line["worker"] for line in running.events("request") if line["resource"] == "/metrics"}) > 1
    assert all(text.count("# TYPE vanthu_backlog gauge") == 1 for text in scraped)


@pytest.mark.timeout(400)
async def test_a_killed_worker_loses_nothing_and_comes_back(
    tmp_path: Path, settings: dict[str, str], people: Correspondents
) -> None:
    """Two workers are killed under load, one after the other: every 201 is delivered once, and what they counted stays."""
    ledger, stop = Ledger(), asyncio.Event()
    with workers(WORKERS, tmp_path, **settings) as running:
        async with running.admin() as admin:
            sender, recipient = await connect(admin)
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(_keep_sending(running.url, sender, people, ledger, stop))
            for number in (1, 2):
                await _until_accepted(ledger, len(ledger.accepted) + 20)
                before = running.pids()
                os.kill(before[number], signal.SIGKILL)
                await asyncio.to_thread(running.wait_for, "listening", WORKERS + number)
                after = running.pids()
                assert after.keys() == before.keys()
                assert {each for each in after if after[each] != before[each]} == {number}
            stop.set()
        async with Client(running.url, token=recipient) as client:
            seen = await _drain(client, ledger)
        scraped = await get(f"{running.url}/metrics")
        assert running.stop() == 0

    assert [(line["worker"], line["code"]) for line in running.events("worker_died")] == [(1, -9), (2, -9)]
    assert ledger.accepted.keys() <= seen.keys()
    assert set(seen.values()) == {1}
    series = 'vanthu_requests_total{method="POST",resource="/v1/documents",status="201"}'
    assert counted(scraped, series) >= len(ledger.accepted)


async def _until_accepted(ledger: Ledger, count: int) -> None:
    async with asyncio.timeout(60):
        while len(ledger.accepted) < count:
            await asyncio.sleep(0.02)


async def test_workers_are_replaced_one_after_the_other(
    tmp_path: Path, settings: dict[str, str], people: Correspondents
) -> None:
    """SIGHUP under load: all processes are new afterwards, and a client that repeats what is safe notices nothing."""
    stop, sent = asyncio.Event(), Counter[str]()
    with workers(2, tmp_path, **settings) as running:
        before = running.pids()
        async with running.admin() as admin:
            sender, _ = await connect(admin)

        async def keep_sending() -> None:
            while not stop.is_set():
                async with Client(running.url, token=sender) as client:
                    sent[(await client.submit_document(people.document())).outcome] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(keep_sending())
            running.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(running.wait_for, "workers_replaced")
            stop.set()
        after = running.pids()
        assert running.stop() == 0

    assert after.keys() == before.keys() == {1, 2}
    assert set(after.values()).isdisjoint(before.values())
    assert sent.keys() == {"accepted"}
    assert running.events("worker_died") == []
    assert {line["status"] for line in running.events("request") if line["status"] >= 500} == set()


async def test_workers_end_with_their_parent(tmp_path: Path, settings: dict[str, str]) -> None:
    """A parent that is killed takes its workers along, so that the next one finds port and data folder free."""
    with workers(2, tmp_path, **settings) as running:
        pids = running.pids().values()
        running.process.kill()
        running.ended()
        # Nobody but a worker writes there any more, so its end is theirs.
        async with asyncio.timeout(60):
            while any(Path(f"/proc/{pid}").exists() for pid in pids):
                await asyncio.sleep(0.05)

    with workers(2, tmp_path, **settings) as again:
        assert again.stop() == 0
