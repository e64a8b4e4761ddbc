"""The consumer kit on a real broker, killed again and again between its commit and its acknowledgement: every document once.

The sending side is a whole gateway; the kit is a process of its own with the least rights on the broker. A delivery is over for
the gateway only by the kit's signed receipt.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.flow.notifying import MEMBERS
from gateway.peers import PeerGateway
from gateway.records import AxisMessage
from routing.agencies import Member
from tests.api.world import HANOI, World, a_big_document, a_document, world
from tests.support.rabbitmq import RabbitMQ

KIT = "kit.tayninh"
QUEUE = "member.kit"
SEED = 20260117
DOCUMENTS = 40
KILLS = 6
SECONDS = 60


class Process:
    """The kit as a process that can be killed."""

    def __init__(self, folder: Path, *, broker: str, trust: str, payloads: Path) -> None:
        self.database = folder / "kit.db"
        self.key = folder / "kit.pem"
        private = Ed25519PrivateKey.generate()
        self.key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._arguments = ["--name", KIT, "--key", str(self.key), "--trust", trust, "--queue", QUEUE]
        self._arguments += ["--database", str(self.database), "--payloads", str(payloads)]
        self._environment = {**os.environ, "BROKER_URL": broker}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *more: str) -> asyncio.StreamReader:
        """Start it and return what it says."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway.demo.consumer", *self._arguments, *more),
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        return self._process.stdout

    async def kill(self) -> None:
        """End it without a farewell."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def rows(self) -> list[tuple[str, str, bytes]]:
        """Return what it stored: message, hash and document."""
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute("SELECT message_id, sha256, body FROM document").fetchall()


async def vhost(rabbitmq: RabbitMQ) -> str:
    """Make a virtual host on which the kit has the least rights, and return its name."""
    host = f"kit-{uuid4().hex}"
    control = rabbitmq.control
    await asyncio.to_thread(control, "add_vhost", host)
    await asyncio.to_thread(control, "set_permissions", "-p", host, "guest", ".*", ".*", ".*")
    await asyncio.to_thread(control, "add_user", host, "kit")
    rights = ("^$", r"^vanthu\.axis$", r"^member\.kit$")
    await asyncio.to_thread(control, "set_permissions", "-p", host, host, *rights)
    return host


async def said(stream: asyncio.StreamReader, what: str) -> str:
    """Wait until the kit says something."""
    async with asyncio.timeout(SECONDS):
        while not (line := (await stream.readline()).decode()).startswith(what):
            assert line, "the kit ended by itself"
    return line


async def introduce(gateway: World, kit: Process) -> None:
    """Register the kit as a peer that hosts Tây Ninh's system."""
    verifier = (await (await kit.start("--show-key")).read()).decode().strip()
    registry = gateway.store.registry
    await registry.put_peer(PeerGateway(name=KIT, verifier_key=verifier, shares_payloads=True), actor="test")
    member = Member(id="tayninh", name="Tây Ninh", prefixes=("H53",), queue=QUEUE, gateway=KIT)
    await registry.put_member(member, actor="test")
    await gateway.context.link.declare(frozenset({QUEUE, HANOI.queue}))
    gateway.context.bell.ring(MEMBERS)


@pytest.mark.timeout(300)
async def test_every_document_once_whenever_it_is_killed(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """After kills between commit and acknowledgement each document is in the table once, unchanged, and its sender knows."""
    chance = random.Random(SEED)
    host = await vhost(rabbitmq)
    base = f"127.0.0.1:{rabbitmq.port}/{host}"
    async with world(tmp_path, axis=f"amqp://guest:guest@{base}", axis_queue_age=0) as gateway:
        kit = Process(
            tmp_path,
            broker=f"amqp://{host}:kit@{base}",
            trust=gateway.context.keys.axis.verifier,
            payloads=gateway.context.settings.payload_folder,
        )
        await introduce(gateway, kit)
        sent: dict[str, bytes] = {}

        async def send(body: bytes) -> None:
            answer = await gateway.send(body)
            assert answer.status == 201
            sent[answer.json["id"]] = body

        for _ in range(KILLS):
            for _each in range(DOCUMENTS // KILLS):
                await send(a_document())
            stream = await kit.start()
            await said(stream, "committed")
            await asyncio.sleep(chance.choice([0, 0, chance.uniform(0, 0.02)]))
            await kit.kill()
        await send(a_big_document(100_000))
        await gateway.context.link.send([AxisMessage(id=str(uuid4()), queue=QUEUE, body=b"forged\n")])
        stream = await kit.start()
        for message_id in sent:
            await gateway.state(message_id, "received", within=90)
        async with asyncio.timeout(90):
            while await asyncio.to_thread(depth, rabbitmq, host, f"{QUEUE}.dead") != 1:
                await asyncio.sleep(0.5)
        await kit.kill()

    stored = kit.rows()
    assert sorted(message_id for message_id, _, _ in stored) == sorted(sent)
    assert all(
        (body, sha256(body).hexdigest()) == (sent[message_id], digest) for message_id, digest, body in stored
    )


def depth(rabbitmq: RabbitMQ, host: str, queue: str) -> int:
    """Return how many messages a queue holds."""
    listed = rabbitmq.control("list_queues", "-p", host, "name", "messages", "--no-table-headers")
    return next(int(line.split()[1]) for line in listed.splitlines() if line.split()[0] == queue)
