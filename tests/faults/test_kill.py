"""`kill -9` while accepting (fault F1): every 201 is delivered exactly once after a restart, and the log stays whole.

A ledger is kept by the client: what it tried, and what was answered with 201. The checker afterwards knows only the ledger, the
receiver's inbox, and the database.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.client import Client, ClientError, InboxItem
from gateway.flow.shipping import LEASE
from gateway.keys import load_keys
from tests.support.exchange import Correspondents, connect, correspondents
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ
from tests.support.service import ONCE, Service

KILLS = 4
SENDERS = 4
PAUSE = 0.03
"""Between tries and between documents: the load is steady, and small enough to count everything afterwards."""

SEED = 20250701


class Ledger:
    """What the sending side knows, written down before and after each try."""

    def __init__(self) -> None:
        self.tried: dict[str, str] = {}
        self.accepted: dict[str, str] = {}

    async def send(self, client: Client, document: bytes, key: str) -> bool:
        """Try once; True when a 201 came."""
        digest = sha256(document).hexdigest()
        self.tried[key] = digest
        try:
            sent = await client.submit_document(document, key=key)
        except ClientError:
            return False
        assert self.accepted.setdefault(digest, sent.id) == sent.id, "one document got two acceptances"
        return True


async def _keep_sending(
    url: str, token: str, people: Correspondents, ledger: Ledger, stop: asyncio.Event
) -> None:
    """Send new documents, and each of them again with its key until it is answered."""
    async with Client(url, token=token, backoff=ONCE) as client:
        while not stop.is_set():
            document, key = people.document(), str(uuid4())
            while not await ledger.send(client, document, key) and not stop.is_set():
                await asyncio.sleep(PAUSE)
            await asyncio.sleep(PAUSE)


async def _drain(client: Client, ledger: Ledger) -> Counter[str]:
    """Take everything out of the inbox, and count how often each document appeared, by its bytes."""
    seen: Counter[str] = Counter()
    # Where several processes share a database, what a dead one had claimed waits for its lease to end.
    async with asyncio.timeout(3 * LEASE.total_seconds()):
        while True:
            items = (await client.inbox(wait=2, limit=200)).items
            for digest in await asyncio.gather(*(_take(client, item) for item in items)):
                seen[digest] += 1
            if not items and ledger.accepted.keys() <= seen.keys():
                return seen


async def _take(client: Client, item: InboxItem) -> str:
    body = await client.inbox_content(item.id)
    await client.acknowledge(item.id)
    return sha256(body).hexdigest()


@pytest.fixture(params=["embedded", "hub"])
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the settings of each topology: SQLite with the embedded link, PostgreSQL with RabbitMQ."""
    if request.param == "embedded":
        return {}
    rabbitmq: RabbitMQ = request.getfixturevalue("rabbitmq")
    postgres: Cluster = request.getfixturevalue("postgres")
    return {
        "VANTHU_AXIS": rabbitmq.url,
        "VANTHU_AXIS_QUEUE_AGE": "0",
        "VANTHU_DATABASE": postgres.url(postgres.create()),
        "VANTHU_NAME": "gw.killed",
    }


@pytest.mark.timeout(400)
async def test_every_201_survives_kill_9_and_is_delivered_once(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """Killed again and again under load, the gateway loses nothing it answered for and repeats nothing."""
    people, ledger, chance = correspondents(), Ledger(), random.Random(SEED)
    people.trust(tmp_path / "trust")
    service = Service(tmp_path, settings)
    await service.start()
    token_file = tmp_path / "admin.token"
    async with Client(service.url, token=token_file.read_text().strip()) as admin:
        sender, recipient = await connect(admin)

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(_keep_sending(service.url, sender, people, ledger, stop))
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 1.2))
            await service.end(signal.SIGKILL)
            await service.start()
        await asyncio.sleep(0.5)
        stop.set()
    async with Client(service.url, token=recipient) as client:
        seen = await _drain(client, ledger)
    assert await service.end(signal.SIGTERM) == 0

    assert len(ledger.accepted) > KILLS
    assert ledger.accepted.keys() <= seen.keys() <= set(ledger.tried.values())
    assert set(seen.values()) == {1}
    assert await audited(tmp_path, settings) == 0


async def audited(data: Path, settings: dict[str, str]) -> int:
    """Run the offline audit as an auditor would, and return its exit code."""
    database = settings.get("VANTHU_DATABASE", str(data / "vanthu.db"))
    key = load_keys(data / "keys", gateway=settings.get("VANTHU_NAME", "vanthu.local")).log.verifier
    audit = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "log", "verify"),
        *("--database", database, "--vkey", key, "--payloads", str(data / "payloads")),
    )
    return await audit.wait()
