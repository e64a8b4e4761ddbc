"""The night itself: set up, run the load across the instant, let days pass, and hand everything to the checker."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import create_engine, func, select
from sqlalchemy.pool import NullPool

import gateway.demo
from gateway.client import Client
from gateway.store.tables import delivery
from routing.delivery import DeliveryState
from tests.rehearsal.cast import EVENING, INSTANT, SYSTEMS, Cast, make_cast
from tests.rehearsal.change import schedule
from tests.rehearsal.checker import Report, check
from tests.rehearsal.gateways import gateways
from tests.rehearsal.ledger import Ledger
from tests.rehearsal.load import Load, numbered
from tests.support.clocks import InjectedClock
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ

SHIPPED: Final = Path(gateway.demo.__file__).parent
AGENCIES: Final = SHIPPED / "agencies-2025-06-30.csv"

BROKER_STANDS: Final = timedelta(seconds=3)
"""The broker stands still from so long before the instant until so long after it, so that documents are under way."""

LATER: Final = (timedelta(days=4), timedelta(days=8), timedelta(days=9))
"""When to look again: held documents have been given up, old queues have been left, and everything is over."""

STILL: Final = 8.0
"""Seconds without a change after which nothing is expected to change by itself."""

Unsettled = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how hard: seconds of load on each side of the instant, senders for each pen, gateway processes."""

    before: float
    since: float
    senders: int
    processes: int
    patience: float = 120.0
    tell: Callable[[str], None] = lambda _line: None


async def rehearse(plan: Plan, cluster: Cluster, rabbitmq: RabbitMQ) -> tuple[Ledger, Report]:
    """Go through the night once and check it."""
    name = cluster.create()
    with tempfile.TemporaryDirectory(prefix="vanthu-rehearsal-") as text:
        folder, cast = Path(text), make_cast()
        (folder / "trust").mkdir()
        (folder / "trust" / "root.pem").write_bytes(cast.root.public_bytes(Encoding.PEM))
        clock = InjectedClock(cluster, name, folder / "clock")
        clock.set(EVENING)
        url = cluster.url(name)
        async with gateways(
            folder, folder / "clock", database=url, axis=rabbitmq.url, count=plan.processes
        ) as urls:
            token = (folder / "gateway-0" / "admin.token").read_text().strip()
            async with Client(urls[0], token=token) as admin:
                plan.tell("loading the agencies of 30 June 2025 and scheduling 14,481 changes")
                tokens = await _prepare(admin, clock)
            load = Load(clock=clock, ledger=Ledger(), urls=urls, tokens=tokens, over=asyncio.Event())
            await _run(plan, load, cast, rabbitmq, _unsettled(url))
        plan.tell("checking every decision against the registry version that it names")
        return load.ledger, await asyncio.to_thread(check, url, load.ledger)


async def _prepare(admin: Client, clock: InjectedClock) -> dict[str, str]:
    """Load the list, schedule the change and connect the systems; return their tokens."""
    await admin.load_agencies(AGENCIES.read_bytes())
    await schedule(admin, at=clock.now())
    tokens = {}
    for system in SYSTEMS:
        await admin.add_member(system.id, name=system.id, prefixes=(system.prefix,), since=system.since)
        tokens[system.id] = (await admin.issue_member_token(system.id)).token
    return tokens


async def _run(plan: Plan, load: Load, cast: Cast, rabbitmq: RabbitMQ, unsettled: Unsettled) -> None:
    plan.tell(f"{len(load.urls)} processes, {plan.senders * len(cast.pens)} senders: the load begins")
    load.clock.set(INSTANT - timedelta(seconds=plan.before))
    receivers = [asyncio.create_task(load.take(system.id, number)) for number, system in enumerate(SYSTEMS)]
    try:
        async with asyncio.TaskGroup() as group:
            for number, pen in numbered(cast.pens, plan.senders):
                group.create_task(load.send(pen, number))
            await _through_the_instant(plan, load, cast, rabbitmq)
        plan.tell(f"{len(load.ledger.sent)} documents sent, {len(load.ledger.accepted)} accepted; days pass")
        await _let_days_pass(plan, load, unsettled)
    finally:
        for receiver in receivers:
            receiver.cancel()
        await asyncio.gather(*receivers, return_exceptions=True)


async def _through_the_instant(plan: Plan, load: Load, cast: Cast, rabbitmq: RabbitMQ) -> None:
    await _at(load.clock, -BROKER_STANDS)
    rabbitmq.freeze()
    plan.tell("the broker stands still")
    # However slow the machine is, something for every fate is under way.
    await load.write_to_all(cast.pens[0])
    await _at(load.clock, BROKER_STANDS)
    rabbitmq.thaw()
    plan.tell(f"the instant has passed, the broker goes on; {len(load.ledger.sent)} documents so far")
    await _at(load.clock, timedelta(seconds=plan.since))
    load.over.set()


async def _let_days_pass(plan: Plan, load: Load, unsettled: Unsettled) -> None:
    """Set the clock forward step by step, each time nothing moves any more, until every delivery has come to its end."""
    for later in (timedelta(), *LATER):
        load.clock.set(max(load.clock.now(), INSTANT + later))
        left = await _stillness(unsettled, plan.patience)
        plan.tell(f"{later.days} days later {left} deliveries have not come to their end")
        if not left:
            return


async def _stillness(unsettled: Unsettled, patience: float) -> int:
    """Wait until the number of unsettled deliveries has not changed for a while, and return it."""
    left, since = await unsettled(), asyncio.get_running_loop().time()
    end = since + patience
    while left and (now := asyncio.get_running_loop().time()) < min(end, since + STILL):
        await asyncio.sleep(0.25)
        if (again := await unsettled()) != left:
            left, since = again, now
    return left


async def _at(clock: InjectedClock, after: timedelta) -> None:
    await asyncio.sleep(max(0.0, (INSTANT + after - clock.now()).total_seconds()))


def _unsettled(url: str) -> Unsettled:
    """Return what counts the deliveries that have not come to their end."""
    final = [state.value for state in DeliveryState if state.is_final]
    query = select(func.count()).select_from(delivery).where(delivery.c.state.not_in(final))
    engine = create_engine(url, poolclass=NullPool)

    def count() -> int:
        with engine.connect() as connection:
            return connection.execute(query).scalar_one()

    return lambda: asyncio.to_thread(count)
