"""Least rights on a real broker: what `vanthu axis topology` prints or applies is enough to work with, and for nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq import ChannelAccessRefused
from yarl import URL

from gateway.app import Running, running
from gateway.axis.amqp import AmqpLink
from gateway.axis.amqp_security import Security
from gateway.axis.definitions import Part, commands, definitions, hash_password
from gateway.axis.errors import TopologyMissingError
from gateway.axis.passwords import password_files, read_passwords
from gateway.axis.plan import Plan, Served, plan_for
from gateway.cli import run
from gateway.client import Client
from gateway.records import SendResult
from gateway.settings import Settings
from tests.support.axis import SECONDS, drain, messages, receive, results, take
from tests.support.exchange import connect, correspondents
from tests.support.rabbitmq import SERVER, RabbitMQ, free_ports, running_node

MEMBERS = (
    Served(member="north", queue="q.north", gateway="gw.north"),
    Served(member="south", queue="q.south", gateway="gw.south"),
    Served(member="lookalike", queue="qxnorth", gateway="gw.south"),
    Served(member="hostile", queue="a|q.south)|(.*", gateway="gw.hostile"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A node with the management plugin, and a virtual host of its own for each use."""

    node: RabbitMQ
    management: int

    async def vhost(self, name: str) -> str:
        """Make a virtual host, and let the administrator in."""
        await asyncio.to_thread(self.node.control, "add_vhost", name)
        await asyncio.to_thread(self.node.control, "set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return name

    def url(self, user: str, vhost: str) -> str:
        """Return the address for a user whose password is elsewhere."""
        return str(URL(f"amqp://127.0.0.1:{self.node.port}/{vhost}").with_user(user))


@pytest.fixture(scope="module")
def managed() -> Iterator[Managed]:
    """Run a node with its management plugin."""
    (port,) = free_ports(1)
    settings = f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n"
    with running_node(settings=settings, plugins=("rabbitmq_management",)) as node:
        yield Managed(node=node, management=port)


@asynccontextmanager
async def link(url: str, password: Path) -> AsyncIterator[AmqpLink]:
    """Open the link of a restricted account and close it at the end."""
    opened = AmqpLink(url, security=Security(password=password))
    try:
        yield opened
    finally:
        await opened.close()


async def _import(managed: Managed, plan: Plan, files: dict[str, Path]) -> None:
    hashes = {user: hash_password(text) for user, text in read_passwords(files).items()}
    text = json.dumps(definitions(plan, frozenset(Part), hashes)).encode()
    await asyncio.to_thread(managed.node.control, "import_definitions", stdin=text)


async def _run_commands(managed: Managed, plan: Plan, files: dict[str, Path]) -> None:
    script = commands(plan, frozenset(Part), files, age=1).encode()
    path = f"{SERVER.parent}{os.pathsep}{os.environ['PATH']}"
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh"],
        input=script,
        env=managed.node.environment | {"PATH": path},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    ("prepare", "members"),
    [(_import, MEMBERS), (_run_commands, MEMBERS[:2])],
    ids=["definitions", "commands"],
)
async def test_account_works_with_its_queues_and_nothing_else(
    managed: Managed,
    tmp_path: Path,
    prepare: Callable[[Managed, Plan, dict[str, Path]], Awaitable[None]],
    members: tuple[Served, ...],
) -> None:
    """It sends, receives and dead-letters; it reads, declares, purges, deletes and binds nothing of others."""
    vhost = await managed.vhost(f"rights-{prepare.__name__}")
    plan = plan_for(members, vhost=vhost)
    files = password_files(tmp_path, [account.user for account in plan.accounts])
    await prepare(managed, plan, files)
    await prepare(managed, replace(plan, accounts=plan.accounts[:1]), files)  # again: nothing changes
    north, south = managed.url("gateway.gw.north", vhost), managed.url("gateway.gw.south", vhost)
    async with (
        link(north, files["gateway.gw.north"]) as here,
        link(south, files["gateway.gw.south"]) as there,
    ):
        await here.ready()
        await here.declare(frozenset({"q.north", "q.south"}))
        assert results(await here.send(messages("q.south", [b"good", b"bad"]))) == {SendResult.CONFIRMED}
        stream = receive(there, "q.south")
        good, bad = await take(stream, 2)
        await there.settle(done=[good], dead=[bad])
        assert await drain(there, "q.south.dead", count=1) == [b"bad"]
        with pytest.raises(TopologyMissingError, match=r"q\.new, q\.new\.dead"):
            await here.declare(frozenset({"q.new", "q.north"}))
        (lost,) = await here.send(messages("q.new", [b"nowhere"]))

    assert lost.result is SendResult.RETURNED
    assert "vanthu axis topology" in lost.reason
    await _refused(managed, "gateway.gw.north", vhost, files, ("q.south", "q.south.dead", "qxnorth"))
    await _refused(managed, "member.north", vhost, files, ("q.south", "q.south.dead", "qxnorth"))
    if "gateway.gw.hostile" in files:
        await _refused(managed, "gateway.gw.hostile", vhost, files, ("q.south", "q.north", "a"))


async def _refused(
    managed: Managed, user: str, vhost: str, files: dict[str, Path], foreign: tuple[str, ...]
) -> None:
    """Try everything that this account must not do."""
    password = read_passwords(files)[user]
    url = URL(managed.url(user, vhost)).with_password(password)
    for attempt in _attempts(foreign):
        async with await aio_pika.connect(url) as connection:
            channel = await connection.channel()
            with pytest.raises(ChannelAccessRefused):
                await asyncio.wait_for(attempt(channel), SECONDS)


async def _ignore(_: AbstractIncomingMessage) -> None:
    return


def _attempts(foreign: tuple[str, ...]) -> Iterator[Callable[[AbstractChannel], Awaitable[Any]]]:
    async def consume(channel: AbstractChannel, name: str) -> None:
        await (await channel.get_queue(name, ensure=False)).consume(_ignore)

    async def get(channel: AbstractChannel, name: str) -> None:
        await (await channel.get_queue(name, ensure=False)).get()

    async def purge(channel: AbstractChannel, name: str) -> None:
        await (await channel.get_queue(name, ensure=False)).purge()

    async def delete(channel: AbstractChannel, name: str) -> None:
        await channel.queue_delete(name)

    async def publish(channel: AbstractChannel, name: str) -> None:
        exchange = await channel.get_exchange(name, ensure=False) if name else channel.default_exchange
        await exchange.publish(aio_pika.Message(b"x"), "q.south")

    async def declare(channel: AbstractChannel, name: str) -> None:
        await channel.declare_queue(name, durable=True)

    async def bind(channel: AbstractChannel, name: str) -> None:
        await (await channel.get_queue("q.north", ensure=False)).bind(name, "q.south")

    for name in foreign:
        for attempt in (consume, get, purge, delete):
            yield partial(attempt, name=name)
    yield lambda channel: delete(channel, "q.north")
    yield lambda channel: declare(channel, "q.mine")
    yield lambda channel: bind(channel, "vanthu.axis")
    yield lambda channel: publish(channel, "")
    yield lambda channel: publish(channel, "vanthu.dead")


async def test_gateway_with_the_least_rights(
    managed: Managed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It starts before its account exists; the command makes everything; then documents cross the broker."""
    vhost = await managed.vhost("least")
    people, passwords = correspondents(), tmp_path / "passwords"
    people.trust(tmp_path / "data" / "trust")
    settings = Settings(
        data=tmp_path / "data",
        name="gw.hub",
        port=0,
        axis=managed.url("gateway.gw.hub", vhost),
        axis_password=passwords / "gateway.gw.hub",
    )
    administrator = tmp_path / "administrator"
    administrator.write_text("guest", encoding="ascii")
    administrator.chmod(0o600)
    async with running(settings) as gateway:
        admin_token = gateway.admin_token_file.read_text().strip()
        async with Client(gateway.url, token=admin_token) as admin:
            tokens = await connect(admin)
        apply = (
            *("--apply", "--passwords", str(passwords), "--broker", managed.url("guest", vhost)),
            *("--broker-password", str(administrator)),
            *("--management", f"http://guest@127.0.0.1:{managed.management}"),
        )
        assert await _command(gateway, admin_token, *apply) == 0
        assert "4" in capsys.readouterr().out
        assert await _command(gateway, admin_token, *apply) == 0  # again: nothing changes
        async with (
            Client(gateway.url, token=tokens[0]) as hanoi,
            Client(gateway.url, token=tokens[1]) as tuyen_quang,
        ):
            document = people.document()
            await hanoi.submit_document(document)
            async with asyncio.timeout(2 * SECONDS):
                while not (page := await tuyen_quang.inbox(wait=5)).items:
                    pass
            assert await tuyen_quang.inbox_content(page.items[0].id) == document

    rights = await asyncio.to_thread(managed.node.control, "list_permissions", "-p", vhost)
    assert len(rights.strip().splitlines()) == 5  # heading, guest, one gateway, two members


async def _command(gateway: Running, token: str, *arguments: str) -> int:
    """Run `vanthu axis topology` against a gateway of this process."""
    words = ["axis", "topology", *arguments, "--url", gateway.url, "--token", token]
    return await asyncio.to_thread(run, words)
