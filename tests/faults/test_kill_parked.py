"""`kill -9` around parked documents: every 202 survives, and each is accepted and delivered exactly once when the list comes.

The service is killed while documents are parked and again while they are decided on; the checker knows only what was answered.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.client import Client, ClientError
from gateway.flow.reexamining import LEASE
from tests.faults.test_kill import PAUSE, SEED, audited, settings
from tests.support.crl import crl
from tests.support.exchange import Correspondents, connect, correspondents
from tests.support.service import ONCE, Service

__all__ = ["settings"]

KILLS = 2
DOCUMENTS = 16


async def _park(
    url: str, token: str, people: Correspondents, parked: dict[str, str], content: bytes | None
) -> None:
    """Send one document until it is answered, and note under which id it is kept."""
    body, key = people.document(content=content), str(uuid4())
    async with Client(url, token=token, backoff=ONCE) as client:
        while True:
            try:
                sent = await client.submit_document(body, key=key)
            except ClientError:
                await asyncio.sleep(PAUSE)
                continue
            assert sent.outcome == "parked"
            assert parked.setdefault(sha256(body).hexdigest(), sent.id) == sent.id
            return


async def _received(client: Client, parked: dict[str, str]) -> Counter[str]:
    """Take everything out of the inbox, and count how often each document appeared, by its bytes."""
    seen: Counter[str] = Counter()
    # Where several processes share a database, what a dead one had claimed waits for its lease to end.
    async with asyncio.timeout(3 * LEASE.total_seconds()):
        while True:
            items = (await client.inbox(wait=2, limit=200)).items
            for item in items:
                seen[sha256(await client.inbox_content(item.id)).hexdigest()] += 1
                assert parked.get(item.document.sha256, item.document.id) == item.document.id
                await client.acknowledge(item.id)
            if not items and parked.keys() <= seen.keys():
                return seen


@pytest.mark.timeout(600)
async def test_every_202_survives_kill_9_and_is_decided_once(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """Killed while parking and while deciding, the gateway loses nothing that it kept and accepts nothing twice."""
    people, parked, chance = correspondents(), dict[str, str](), random.Random(SEED)
    people.trust(tmp_path / "trust")
    service = Service(tmp_path, {**settings, "VANTHU_REVOCATION": "require"})
    await service.start()
    async with Client(service.url, token=(tmp_path / "admin.token").read_text().strip()) as admin:
        sender, recipient = await connect(admin)

    async def kill_now_and_then() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 1.2))
            await service.end(signal.SIGKILL)
            await service.start()

    async with asyncio.TaskGroup() as group:
        group.create_task(kill_now_and_then())
        for number in range(DOCUMENTS):
            content = chance.randbytes(40_000) if number % 2 else None
            group.create_task(_park(service.url, sender, people, parked, content))
    now = datetime.now(UTC)
    current = crl(people.root, this_update=now - timedelta(hours=1), next_update=now + timedelta(days=1))
    (tmp_path / "trust" / "root.crl").write_bytes(current)
    await kill_now_and_then()
    async with Client(service.url, token=recipient) as client:
        seen = await _received(client, parked)
    assert await service.end(signal.SIGTERM) == 0

    assert len(parked) == DOCUMENTS
    assert parked.keys() == seen.keys()
    assert set(seen.values()) == {1}
    assert await audited(tmp_path, settings) == 0
