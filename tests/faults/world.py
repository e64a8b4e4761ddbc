"""The world of a trial: a broker and a database server of its own, gateways as processes, and everybody who uses them.

Two gateways with databases of their own meet only on the broker (federation); one of them has several processes on one PostgreSQL
(hub). Each sees the broker through a proxy. The database's clock can be set forward. Every wait is bounded, and nothing outlives
the block.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from gateway.flow.shipping import LEASE
from tests.faults.cast import AGENCIES, NORTH, SOUTH, SYSTEMS, YOUNG, Cast, make_cast
from tests.faults.gateways import Gateway
from tests.faults.ledger import CALM, WARM_UP, Books, Phase, now
from tests.faults.load import Load
from tests.support.postgres import Cluster, running_cluster
from tests.support.rabbitmq import RabbitMQ, running_node
from tests.support.service import SERVE

OUTBOX_ROWS: Final = 200
"""How much a gateway takes while the broker is away; more than what is under way otherwise."""

HEAL_SECONDS: Final = 120.0
PASSING: Final = LEASE + timedelta(seconds=5)
_LOOK: Final = 0.3
_CALM_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a world is made of; `settings` are environment variables for every gateway."""

    seed: int
    processes: Mapping[str, int] = field(default_factory=lambda: {NORTH: 2, SOUTH: 1})
    senders: int = 4
    shares_payloads: bool = True
    """Whether big bodies lie where both gateways read them, or travel in pieces over the broker."""

    command: Sequence[str] = SERVE
    settings: Mapping[str, str] = field(default_factory=dict)
    patience: float = HEAL_SECONDS
    """For how many seconds it is waited until everything is settled."""

    tell: Callable[[str], None] = lambda _line: None


@dataclass(kw_only=True)
class Site:
    """What all worlds have in common."""

    plan: Plan
    folder: Path
    gateways: tuple[Gateway, ...]
    books: Books
    cast: Cast
    load: Load
    heal_seconds: dict[str, float | None] = field(default_factory=dict)
    young: list[str] = field(default_factory=lambda: list(YOUNG))
    """Agencies that can still be connected."""

    poison: int = 0
    """How many messages that are no envelopes were put on the axis by a stranger."""

    broken: list[tuple[str, str]] = field(default_factory=list)
    """What faults saw that must not be: the invariant it is about, and what."""

    def wrong(self, invariant: str, text: str) -> None:
        """Note something that must not be, for the checker."""
        self.broken.append((invariant, text))

    async def begin(self, fault: str) -> None:
        """Begin the phase of a fault, under load."""
        await self.books.write(Phase(fault=fault, what="began", t=now()))
        self.load.resume()

    async def warm_up(self) -> None:
        """Use everything, so that new queues are old enough for what comes; then let an undisturbed time pass.

        Raises:
            TimeoutError: it does not come to rest.

        """
        for phase in (WARM_UP, CALM):
            await self.begin(phase)
            await asyncio.sleep(_CALM_SECONDS)
            if await self.rest(phase) is None:
                raise TimeoutError("; ".join(await self.unsettled()))

    async def rest(self, fault: str) -> float | None:
        """End the phase of a fault: no new documents; wait until all is settled and return how long it took, or None."""
        self.load.pause()
        began = now()
        await self.books.write(Phase(fault=fault, what="healed", t=began))
        seconds = None
        while now() - began < self.plan.patience:
            if not await self.unsettled():
                seconds = now() - began
                break
            await asyncio.sleep(_LOOK)
        await self.books.write(Phase(fault=fault, what="settled", t=now()))
        self.heal_seconds[fault] = seconds
        return seconds

    async def unsettled(self) -> list[str]:
        """Say what is not settled."""
        found = [f"{self.load.unanswered} documents without an answer"] if self.load.unanswered else []
        for gateway in self.gateways:
            owed = await gateway.owed()
            found += [f"{gateway.name}: {count} in {place}" for place, count in owed.items() if count]
        if not found:
            for gateway in self.gateways:
                found += await gateway.unready()
        return found


@dataclass(kw_only=True)
class World(Site):
    """What most faults act upon."""

    rabbitmq: RabbitMQ
    cluster: Cluster

    @property
    def north(self) -> Gateway:
        """The gateway with several processes."""
        return self.gateways[0]

    @property
    def south(self) -> Gateway:
        """The gateway with one process."""
        return self.gateways[1]

    async def connect(self, code: str) -> str:
        """Connect a system for one more agency, at the first gateway; return the name of its queue."""
        member = f"tre-{code.lower()}"
        for gateway in self.gateways:
            host = None if gateway is self.north else self.north.name
            async with gateway.admin() as admin:
                await admin.add_member(member, name=member, prefixes=(code,), gateway=host)
        return f"member.{member}"

    async def hasten(self) -> None:
        """Let a minute and more have passed: what was leased by the dead, and what waits for its next try, is due."""
        for gateway in self.gateways:
            await asyncio.to_thread(gateway.clock.set, gateway.clock.now() + PASSING)


@asynccontextmanager
async def running_world(plan: Plan, folder: Path) -> AsyncIterator[World]:
    """Start a world with its ledger in `folder`, lend it, and leave nothing of it but that folder."""
    with ExitStack() as servers:
        cluster, rabbitmq = await asyncio.gather(
            asyncio.to_thread(servers.enter_context, running_cluster()),
            asyncio.to_thread(servers.enter_context, running_node()),
        )
        async with AsyncExitStack() as stack:
            gateways = []
            for number, name in enumerate(plan.processes):
                gateway = Gateway(
                    name, folder / name, cluster=cluster, rabbitmq=rabbitmq, seed=plan.seed + number
                )
                await stack.enter_async_context(gateway.axis)
                stack.push_async_callback(gateway.dispose)
                gateways.append(gateway)
            cast = make_cast()
            await _start(plan, folder, gateways, cast)
            books = Books(folder / "ledger")
            stack.callback(books.close)
            tokens = await _connect(gateways)
            load = Load(cast, gateways, books, seed=plan.seed, tokens=tokens)
            world = World(
                plan=plan,
                folder=folder,
                rabbitmq=rabbitmq,
                cluster=cluster,
                gateways=tuple(gateways),
                books=books,
                cast=cast,
                load=load,
            )
            stack.push_async_callback(load.stop)
            await load.start(plan.senders)
            yield world


async def _start(plan: Plan, folder: Path, gateways: Sequence[Gateway], cast: Cast) -> None:
    """Introduce the gateways to each other and start them."""
    cast.trust(folder / "trust")
    settings = {
        "VANTHU_TRUST": str(folder / "trust"),
        "VANTHU_RESEND_AFTER": "10",
        "VANTHU_AXIS_QUEUE_AGE": "3",
        "VANTHU_OUTBOX_ROWS": str(OUTBOX_ROWS),
        **plan.settings,
    }
    for gateway in gateways:
        await gateway.introduce(
            [peer for peer in gateways if peer is not gateway], shares_payloads=plan.shares_payloads
        )
    async with asyncio.TaskGroup() as group:
        for gateway in gateways:
            own = {**settings, "VANTHU_PAYLOADS": str(gateway.payloads)}
            group.create_task(gateway.start(plan.processes[gateway.name], own, command=plan.command))


async def _connect(gateways: Sequence[Gateway]) -> dict[str, str]:
    """Load the agencies and connect the systems at every gateway; return the systems' tokens."""
    tokens = {}
    for gateway in gateways:
        async with gateway.admin() as admin:
            await admin.load_agencies(AGENCIES.encode())
            for system in SYSTEMS:
                host = None if system.gateway == gateway.name else system.gateway
                await admin.add_member(
                    system.member, name=system.member, prefixes=(system.prefix,), gateway=host
                )
                if host is None:
                    tokens[system.member] = (await admin.issue_member_token(system.member)).token
    return tokens
