"""Two gateways as processes that share nothing but a broker: each has its own data folder, database and payloads."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.app import Running, running
from gateway.client import Client
from gateway.peers import PeerGateway
from gateway.settings import Settings
from tests.support.exchange import Correspondents, connect
from tests.support.rabbitmq import RabbitMQ
from tests.support.service import Service

NORTH: Final = "gw.north"
SOUTH: Final = "gw.south"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the gateways: its folder, and the token of the system that it hosts."""

    name: str
    data: Path
    token: str


class Process(Service):
    """A gateway that runs, and can be killed and started again on the same port."""

    def __init__(self, side: Side, settings: Mapping[str, str]) -> None:
        super().__init__(
            side.data,
            {**settings, "VANTHU_NAME": side.name},
            output=side.data.with_name(f"{side.name}.output"),
        )
        self.token = side.token

    def client(self) -> Client:
        """Call it as the system that it hosts."""
        return Client(self.url, token=self.token)

    async def kill(self) -> None:
        """End it as a power cut of the process would."""
        await self.end(signal.SIGKILL)

    @property
    def peak(self) -> int:
        """Octets of memory that it had at most."""
        assert self.pid is not None
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@asynccontextmanager
async def apart(
    folder: Path, rabbitmq: RabbitMQ, people: Correspondents, **environment: str
) -> AsyncIterator[tuple[Process, Process]]:
    """Run the gateway of the sender (Hà Nội) and the one of the recipient (Tuyên Quang)."""
    north, south = await _introduced(folder, people)
    settings = {
        "VANTHU_AXIS": rabbitmq.url,
        "VANTHU_AXIS_QUEUE_AGE": "0",
        "VANTHU_LOG_LEVEL": "warning",
        **environment,
    }
    processes = (Process(north, settings), Process(south, settings))
    try:
        for process in processes:
            await process.start()
        yield processes
    finally:
        for process in processes:
            await process.dispose()


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
