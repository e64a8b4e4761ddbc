"""Two gateways as processes that share nothing but a broker: each has its own data folder, database and payloads."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.app import Running, running
from gateway.client import Backoff, Client, ClientError
from gateway.peers import PeerGateway
from gateway.settings import Settings
from tests.cli.world import ROOT, clean_environment
from tests.support.exchange import Correspondents, connect
from tests.support.rabbitmq import RabbitMQ, free_ports

NORTH: Final = "gw.north"
SOUTH: Final = "gw.south"
START_SECONDS: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the gateways: its folder, and the token of the system that it hosts."""

    name: str
    data: Path
    token: str


class Process:
    """A gateway that runs, and can be killed and started again on the same port."""

    def __init__(self, side: Side, environment: Mapping[str, str]) -> None:
        (port,) = free_ports(1)
        self.side = side
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **clean_environment(),
            **environment,
            "VANTHU_NAME": side.name,
            "VANTHU_DATA": str(side.data),
            "VANTHU_PORT": str(port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process is not None
        return self._process.pid

    def client(self) -> Client:
        """Call it as the system that it hosts."""
        return Client(self.url, token=self.side.token)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.side.data / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - starting one takes milliseconds
                [sys.executable, "-m", "gateway", "serve"],
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers():
                assert self._process.poll() is None, (self.side.data / "output.txt").read_text()[-2000:]
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut of the process would."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=30)

    async def _answers(self) -> bool:
        with suppress(ClientError):
            async with Client(self.url, backoff=Backoff(tries=1)) as client:
                await client.checkpoint()
                return True
        return False


@asynccontextmanager
async def apart(
    folder: Path, rabbitmq: RabbitMQ, people: Correspondents, **environment: str
) -> AsyncIterator[tuple[Process, Process]]:
    """Run the gateway of the sender (Hà Nội) and the one of the recipient (Tuyên Quang)."""
    north, south = await _introduced(folder, people)
    facts = {"VANTHU_AXIS": rabbitmq.url, "VANTHU_AXIS_QUEUE_AGE": "0", "VANTHU_LOG_LEVEL": "warning"}
    facts |= environment
    processes = (Process(north, facts), Process(south, facts))
    try:
        for process in processes:
            await process.start()
        yield processes
    finally:
        for process in processes:
            process.kill()


async def _introduced(folder: Path, people: Correspondents) -> tuple[Side, Side]:
    """Let each gateway know the other and both systems, while neither is on a broker yet."""
    names = (NORTH, SOUTH)
    settings = [Settings(data=folder / name, name=name, port=0, log_level="error") for name in names]
    for each in settings:
        people.trust(each.data / "trust")
    async with running(settings[0]) as north, running(settings[1]) as south:
        for one, other in ((north, south), (south, north)):
            peer = PeerGateway(
                name=other.settings.name, verifier_key=other.keys.axis.verifier, shares_payloads=False
            )
            await one.store.registry.put_peer(peer, actor="test")
        async with _admin(north) as admin:
            hanoi, _ = await connect(admin, hosts=(None, SOUTH))
        async with _admin(south) as admin:
            _, tuyen_quang = await connect(admin, hosts=(NORTH, None))
    return (
        Side(name=NORTH, data=settings[0].data, token=hanoi),
        Side(name=SOUTH, data=settings[1].data, token=tuyen_quang),
    )


def _admin(gateway: Running) -> Client:
    return Client(gateway.url, token=gateway.admin_token_file.read_text().strip())
