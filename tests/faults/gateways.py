"""Gateways as processes: each with a database and a proxy to the broker of its own, and one or more processes on them."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import aiohttp
from sqlalchemy import Select, create_engine, func, select
from sqlalchemy.pool import NullPool
from yarl import URL

from gateway.client import Client
from gateway.keys import GatewayKeys, load_keys
from gateway.peers import PeerGateway
from gateway.store import SqlStore, open_store
from gateway.store.tables import arrival, delivery, log_entry, outbox, parked
from routing.delivery import DeliveryState
from tests.faults.proxy import Address, Proxy
from tests.support.clocks import InjectedClock
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ
from tests.support.service import SERVE, Service, ServiceError

_FINAL: Final = [state.value for state in DeliveryState if state.is_final]
_OWED: Final[Mapping[str, Select[int]]] = {
    "deliveries": select(func.count()).select_from(delivery).where(delivery.c.state.not_in(_FINAL)),
    "outbox": select(func.count()).select_from(outbox),
    "parked": select(func.count()).select_from(parked).where(parked.c.state == "parked"),
    "log": select(func.count()).select_from(log_entry).where(log_entry.c.tree_index.is_(None)),
    "inbox": select(func.count())
    .select_from(arrival)
    .where(arrival.c.acknowledged_at.is_(None), arrival.c.refusal.is_(None)),
}


class Gateway:
    """One gateway of a trial; its processes share a database and speak with one voice."""

    def __init__(self, name: str, folder: Path, *, cluster: Cluster, rabbitmq: RabbitMQ, seed: int) -> None:
        self.name = name
        self.folder = folder
        self.database = cluster.create()
        self.database_url = cluster.url(self.database)
        folder.mkdir(parents=True)
        self.clock = InjectedClock(cluster, self.database, folder / "clock")
        self.axis = Proxy(Address(port=rabbitmq.port), seed=seed)
        """The broker, as this gateway sees it."""

        self.payloads = folder / "payloads"
        self.services: list[Service] = []
        self.keys: GatewayKeys = load_keys(folder / "0" / "keys", gateway=name)
        self._broker_url = URL(rabbitmq.url)

    async def open_store(self) -> SqlStore:
        """Open its store once more, in this process."""
        return await open_store(
            self.database_url,
            clock=None,
            gateway_name=self.name,
            log_key=self.keys.log.private,
            own_verifier_key=self.keys.axis.verifier,
        )

    async def introduce(self, peers: Sequence[Gateway], *, shares_payloads: bool) -> None:
        """Let it believe what other gateways seal."""
        store = await self.open_store()
        for peer in peers:
            known = PeerGateway(
                name=peer.name, verifier_key=peer.keys.axis.verifier, shares_payloads=shares_payloads
            )
            await store.registry.put_peer(known, actor="trial")
        await store.close()
        self.payloads = (self.folder.parent if shares_payloads else self.folder) / "payloads"

    async def start(self, count: int, settings: Mapping[str, str], *, command: Sequence[str] = SERVE) -> None:
        """Start so many processes; each has a data folder of its own with copies of the keys."""
        common = {
            "VANTHU_NAME": self.name,
            "VANTHU_DATABASE": self.database_url,
            "VANTHU_AXIS": str(self._broker_url.with_port(self.axis.port)),
            "VANTHU_LOG_LEVEL": "warning",
            **settings,
        }
        for number in range(count):
            data = self.folder / str(number)
            if number:
                shutil.copytree(self.folder / "0" / "keys", data / "keys")
            output = self.folder / f"{number}.log"
            self.services.append(Service(data, common, command=command, output=output))
        await self.services[0].start()
        await asyncio.gather(*(service.start() for service in self.services[1:]))

    async def stop(self) -> None:
        """Stop its processes as an operator would.

        Raises:
            ServiceError: one ended badly.

        """
        codes = await asyncio.gather(
            *(each.end(signal.SIGTERM) for each in self.services if each.pid is not None)
        )
        if any(codes):
            raise ServiceError(f"processes of {self.name} ended with {codes}")

    async def dispose(self) -> None:
        """Make sure that nothing is left of its processes."""
        for service in self.services:
            await service.dispose()

    async def revive(self) -> None:
        """Thaw what is frozen and start what is dead."""
        for service in self.services:
            service.send(signal.SIGCONT)
        await asyncio.gather(*(each.start() for each in self.services if each.pid is None))

    def admin(self) -> Client:
        """Return a client with the rights of the first administrator."""
        token = (self.services[0].data / "admin.token").read_text().strip()
        return Client(self.services[0].url, token=token)

    async def owed(self) -> dict[str, int]:
        """Count, by place, what is not settled yet."""
        return await asyncio.to_thread(self._owed)

    def _owed(self) -> dict[str, int]:
        engine = create_engine(self.database_url, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                return {place: connection.execute(query).scalar_one() for place, query in _OWED.items()}
        finally:
            engine.dispose()

    async def tells_of_the_axis(self) -> bool:
        """Say whether all its processes tell that the axis takes nothing, and are ready for all that unless they are full."""
        told = await asyncio.gather(*(_readiness(service) for service in self.services))
        return all(status in {200, 503} and _blames_the_axis(text) for status, text in told)

    async def unready(self) -> list[str]:
        """Name the processes that do not call themselves ready."""
        found = await asyncio.gather(*(_why_unready(service) for service in self.services))
        return [f"{self.name}/{number}: {why}" for number, why in enumerate(found) if why]


def _blames_the_axis(text: str) -> bool:
    shown = json.loads(text)
    failed = {name for name, check in shown["checks"].items() if not check["ok"]}
    return failed == {"axis"} if shown["status"] == "degraded" else failed == {"axis", "pressure"}


async def _why_unready(service: Service) -> str | None:
    status, text = await _readiness(service)
    return None if status == 200 else text[:500]


async def _readiness(service: Service) -> tuple[int, str]:
    """Return status and text of what a process says about itself; 0 and why if it says nothing."""
    try:
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{service.url}/readyz") as answer,
        ):
            return answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return 0, str(error)[:200] or type(error).__name__
