"""The consumer kit on a real broker, killed again and again between its commit and its acknowledgement: every document once.

The sending side is a whole gateway; the kit is a process of its own with the least rights on the broker. A delivery is over for
the gateway only by the kit's signed receipt. Big documents come from a shared folder, or in pieces where none is shared.
"""

from __future__ import annotations

import asyncio
import os
import random
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.flow.envelope import seal_segment
from gateway.flow.notifying import MEMBERS
from gateway.flow.stated import Segment
from gateway.keys import SigningKey
from gateway.peers import PeerGateway
from gateway.records import AxisMessage
from routing.agencies import Member
from tests.api.world import HANOI, World, a_big_document, a_document, world
from tests.support.rabbitmq import RabbitMQ

ROOT = Path(__file__).parents[2]
KIT = "kit.tayninh"
QUEUE = "member.kit"
SEED = 20260117
DOCUMENTS = 40
KILLS = 6
SECONDS = 60
MIB = 2**20


class Process:
    """The kit as a process that can be killed."""

    def __init__(self, folder: Path, *, broker: str, trust: str, payloads: Path | None) -> None:
        self.database = folder / "kit.db"
        self.files = folder / "kit-files"
        make_key, show_key, run = documented()
        subprocess.run(["sh", "-c", make_key], cwd=folder, check=True, capture_output=True)
        ours = {
            "python": sys.executable,
            "kit.hue": KIT,
            "kit.pem": str(folder / "kit.pem"),
            "member.hue": QUEUE,
            "documents.db": str(self.database),
            "documents": str(self.files),
            "gw.hanoi/axis+1a2b3c4d+AY…": trust,
            "/srv/vanthu/payloads": str(payloads),
        }
        if payloads is None:
            run = run.replace(" --payloads /srv/vanthu/payloads", "")
        self._show_key = [ours.get(each, each) for each in shlex.split(show_key, comments=True)]
        self._run = [ours.get(each, each) for each in shlex.split(run)]
        self._environment = {**os.environ, "BROKER_URL": broker}
        self._process: asyncio.subprocess.Process | None = None

    async def verifier(self) -> str:
        """Return what a gateway registers of it."""
        process = await asyncio.create_subprocess_exec(*self._show_key, stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0].decode().strip()

    async def start(self) -> asyncio.StreamReader:
        """Start it and return what it says."""
        self._process = await asyncio.create_subprocess_exec(
            *self._run, env=self._environment, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        return self._process.stdout

    async def kill(self) -> None:
        """End it without a farewell."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def peak(self) -> int:
        """Return how many bytes of memory it had at most."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def rows(self) -> list[tuple[str, str, bytes]]:
        """Return what it stored: message, hash and document."""
        with closing(sqlite3.connect(self.database)) as database:
            rows = database.execute("SELECT message_id, sha256, body, file FROM document").fetchall()
        return [
            (message_id, digest, (self.files / file).read_bytes() if file else body)
            for message_id, digest, body, file in rows
        ]

    def leftovers(self) -> tuple[int, set[str]]:
        """Return how many pieces it has of documents that are not whole, and what is in its folder and in no row."""
        with closing(sqlite3.connect(self.database)) as database:
            [pieces] = database.execute("SELECT count(*) FROM piece").fetchone()
            named = {name for (name,) in database.execute("SELECT file FROM document")}
        return pieces, {path.name for path in self.files.iterdir()} - named


def documented() -> tuple[str, str, str]:
    """Return the commands of the guide that make a key, show it, and run the kit."""
    guide = (ROOT / "docs/consumer-kit.md").read_text(encoding="utf-8").replace("\\\n", "")
    commands = [line.strip() for line in guide.splitlines() if line.startswith("    ")]
    [make_key] = [each for each in commands if each.startswith("openssl")]
    [show_key, run] = [each for each in commands if each.startswith("python")]
    return make_key, show_key, " ".join(run.split())


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


async def introduce(gateway: World, kit: Process, *, shares: bool = True) -> None:
    """Register the kit as a peer that hosts Tây Ninh's system."""
    verifier = await kit.verifier()
    registry = gateway.store.registry
    await registry.put_peer(
        PeerGateway(name=KIT, verifier_key=verifier, shares_payloads=shares), actor="test"
    )
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
            await gateway.state(message_id, "acknowledged", within=90)
        await put_aside(rabbitmq, host)
        await kit.kill()

    stored = kit.rows()
    assert sorted(message_id for message_id, _, _ in stored) == sorted(sent)
    assert all(
        (body, sha256(body).hexdigest()) == (sent[message_id], digest) for message_id, digest, body in stored
    )


@pytest.mark.timeout(300)
async def test_big_documents_come_in_pieces(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """Killed while pieces come, without a shared folder: each document is there once and unchanged, and memory stays flat."""
    host = await vhost(rabbitmq)
    base = f"127.0.0.1:{rabbitmq.port}/{host}"
    async with world(tmp_path, axis=f"amqp://guest:guest@{base}", axis_queue_age=0) as gateway:
        trust = gateway.context.keys.axis.verifier
        kit = Process(tmp_path, broker=f"amqp://{host}:kit@{base}", trust=trust, payloads=None)
        await introduce(gateway, kit, shares=False)
        await said(stream := await kit.start(), "ready")
        before = kit.peak()
        sent: dict[str, bytes] = {}
        for size in (17_000, 300_000, 3 * MIB, 24 * MIB):
            body = a_big_document(size)
            sent[(await gateway.send(body)).json["id"]] = body
        await gateway.context.link.send([AxisMessage(id=str(uuid4()), queue=QUEUE, body=a_forged_piece())])
        for _ in range(KILLS):
            await said(stream, "acknowledged")
            await kit.kill()
            stream = await kit.start()
        for message_id in sent:
            await gateway.state(message_id, "acknowledged", within=120)
        grown = kit.peak() - before
        await put_aside(rabbitmq, host)
        await kit.kill()

    stored = kit.rows()
    assert sorted(message_id for message_id, _, _ in stored) == sorted(sent)
    assert all(sha256(body).hexdigest() == digest and body == sent[each] for each, digest, body in stored)
    assert kit.leftovers() == (0, set())
    assert grown < 40 * MIB


def a_forged_piece() -> bytes:
    """Return a piece that a gateway signed whom the kit does not know."""
    key = SigningKey(name="gw.other/axis", private=Ed25519PrivateKey.generate())
    segment = Segment(
        gateway="gw.other",
        delivery_id=str(uuid4()),
        sha256="00" * 32,
        size=4,
        index=0,
        count=1,
        piece_sha256=sha256(b"evil").hexdigest(),
    )
    return seal_segment(segment, b"evil", key=key)


async def put_aside(rabbitmq: RabbitMQ, host: str) -> None:
    """Wait until the one forged message is a dead letter: the broker moves it in its own time, and counts later still."""
    async with asyncio.timeout(90):
        while await asyncio.to_thread(depth, rabbitmq, host, f"{QUEUE}.dead") != 1:
            await asyncio.sleep(0.5)


def depth(rabbitmq: RabbitMQ, host: str, queue: str) -> int:
    """Return how many messages a queue holds."""
    listed = rabbitmq.control("list_queues", "-p", host, "name", "messages", "--no-table-headers")
    return next(int(line.split()[1]) for line in listed.splitlines() if line.split()[0] == queue)
