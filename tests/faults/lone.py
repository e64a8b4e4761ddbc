"""A world of one gateway in one process, for faults of the host it runs on: its disks, its system calls, its limits.

All systems are its own. By default it has SQLite and the embedded link, so that everything it promised is in one folder, `place`,
which may be on a disk that fails; the ledger never is. A database server and a broker can be given, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.keys import load_keys
from tests.faults.cast import AGENCIES, NORTH, SOUTH, SYSTEMS, make_cast
from tests.faults.forked import ForkedService
from tests.faults.gateways import Gateway
from tests.faults.ledger import Books
from tests.faults.load import Load
from tests.faults.process import arguments
from tests.faults.world import Plan, Site
from tests.support.service import Service

NAME: Final = "gw.mot"
RESEND_AFTER: Final = "3"
_ACCEPT_SECONDS: Final = 120.0
_LOOK: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where a lone gateway runs: its folder, its database, its broker, and the bug that is planted in it."""

    place: Path
    database: str = ""
    axis: str = ""
    plant: str | None = None
    clock: Path | None = None
    """File that says by how many seconds its clock is wrong."""

    descriptors: int | None = None
    """How many descriptors it may have."""

    settings: Mapping[str, str] = field(default_factory=dict)


class LoneGateway(Gateway):
    """The one gateway; what it owns is under `place`."""

    def __init__(self, host: Host) -> None:
        self.name = NAME
        self.folder = host.place / "gateway"
        self.database_url = host.database or f"sqlite:///{self.folder / 'vanthu.db'}"
        self.services: list[Service] = []
        self.keys = load_keys(self.folder / "0" / "keys", gateway=NAME)
        self.payloads = host.place / "payloads"
        self.threads_file = host.place / "threads.json"
        self._host = host

    async def begin(self, output: Path) -> None:
        """Start its process; what it prints goes to `output`."""
        host = self._host
        settings = {
            "VANTHU_NAME": NAME,
            "VANTHU_DATABASE": self.database_url,
            "VANTHU_AXIS": host.axis,
            "VANTHU_LOG_LEVEL": "warning",
            "VANTHU_TRUST": str(host.place / "trust"),
            "VANTHU_PAYLOADS": str(host.place / "payloads"),
            "VANTHU_RESEND_AFTER": RESEND_AFTER,
            **host.settings,
        }
        run = arguments(
            plant=host.plant, threads=self.threads_file, clock=host.clock, descriptors=host.descriptors
        )
        self.only = ForkedService(
            self.folder / "0", settings, arguments=run, output=output, threads=self.threads_file
        )
        self.services.append(self.only)
        await self.only.start()

    async def thread(self, name: str) -> int:
        """Return the kernel's number of a thread of the process that runs now."""
        text = await asyncio.to_thread(self.threads_file.read_text)
        number: int = json.loads(text)[name]
        return number


@dataclass(kw_only=True)
class Lone(Site):
    """What faults of the host act upon."""

    host: Host

    @property
    def gateway(self) -> LoneGateway:
        """The one gateway."""
        (gateway,) = self.gateways
        if not isinstance(gateway, LoneGateway):
            raise TypeError("a lone world has a lone gateway")
        return gateway

    @property
    def service(self) -> ForkedService:
        """Its process."""
        return self.gateway.only

    async def accepted(self, more: int) -> None:
        """Wait until so many more documents were accepted; how fast this host is makes no difference then.

        Raises:
            TimeoutError: they are not.

        """
        before = await asyncio.to_thread(self._count)
        async with asyncio.timeout(_ACCEPT_SECONDS):
            while await asyncio.to_thread(self._count) < before + more:
                await asyncio.sleep(_LOOK)

    def _count(self) -> int:
        return (self.books.folder / "answers.jsonl").read_bytes().count(b'"status":201')


@asynccontextmanager
async def lone_world(plan: Plan, folder: Path, host: Host) -> AsyncIterator[Lone]:
    """Start a lone gateway with its ledger in `folder`, lend it with a load that waits to be resumed, leave nothing running."""
    folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        cast = await asyncio.to_thread(make_cast)
        cast.trust(host.place / "trust")
        gateway = LoneGateway(host)
        stack.push_async_callback(gateway.dispose)
        await gateway.begin(folder / "gateway.log")
        tokens = await _connect(gateway)
        books = Books(folder / "ledger")
        stack.callback(books.close)
        load = Load(cast, [gateway], books, seed=plan.seed, tokens=tokens)
        load.gateways = {NORTH: gateway, SOUTH: gateway}
        lone = Lone(
            plan=plan, folder=folder, gateways=(gateway,), books=books, cast=cast, load=load, host=host
        )
        stack.push_async_callback(load.stop)
        await load.start(plan.senders)
        yield lone


async def _connect(gateway: LoneGateway) -> dict[str, str]:
    """Load the agencies and connect all systems here; return their tokens."""
    tokens = {}
    async with gateway.admin() as admin:
        await admin.load_agencies(AGENCIES.encode())
        for system in SYSTEMS:
            await admin.add_member(system.member, name=system.member, prefixes=(system.prefix,))
            tokens[system.member] = (await admin.issue_member_token(system.member)).token
    return tokens
