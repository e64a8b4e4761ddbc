"""`kill -9` while accepting (fault F1): every 201 is delivered exactly once after a restart, and the log stays whole.

A ledger is kept by the client: what it tried, and what was answered with 201. The checker afterwards knows only the ledger, the
receiver's inbox, and the database.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from contextlib import AsyncExitStack, suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.client import Backoff, Client, ClientError
from tests.support.exchange import Correspondents, connect, correspondents
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ, free_ports

KILLS = 4
SENDERS = 4
SEED = 20250701
ONCE = Backoff(attempts=1)


class Service:
    """`vanthu serve` as a process that can be killed and started again on the same data and port."""

    def __init__(self, data: Path, **settings: str) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {**os.environ, "VANTHU_DATA": str(data), "VANTHU_PORT": str(port), **settings}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start, and return when it takes requests."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "serve"),
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(60):
            while not await self._answers():
                assert self._process.returncode is None, "the service ended by itself"
                await asyncio.sleep(0.05)

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        assert self._process is not None
        self._process.send_signal(how)
        return await self._process.wait()

    async def _answers(self) -> bool:
        with suppress(ClientError):
            async with Client(self.url, backoff=ONCE) as client:
                await client.checkpoint()
                return True
        return False


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
                await asyncio.sleep(0.02)


async def _drain(client: Client, expected: int) -> Counter[str]:
    """Take everything out of the inbox, and count each document's appearances by its bytes."""
    seen: Counter[str] = Counter()
    async with asyncio.timeout(90):
        while len(seen) < expected or (await client.backlog_is_moving()):
            for item in (await client.inbox(wait=2, limit=200)).items:
                body = await client.inbox_content(item.id)
                seen[sha256(body).hexdigest()] += 1
                await client.acknowledge(item.id)
    return seen
