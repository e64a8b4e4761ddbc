"""Kill one node after the other under load, and tell what each cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from tests.cluster.load import Load, loaded
from tests.support.rabbitmq import RabbitMQ
from tests.support.rabbitmq_cluster import RabbitMQCluster

QUEUE = "cluster.test"
YOUNG = 10.0
"""Seconds for which a new queue is left alone: one that is younger may not survive a kill."""

PATIENCE = 120.0
"""Seconds in which confirms have to come again after a kill."""

GOING_ON = 200
"""Confirms after a kill that show that the load goes on: more than were under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What happened around one kill."""

    what: str
    confirmed: int
    stall: float
    """Seconds of the longest time without a confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out in the end."""

    kills: tuple[Killed, ...]
    confirmed: int
    lost: tuple[int, ...]
    repeated: int


def sender_node(cluster: RabbitMQCluster) -> RabbitMQ:
    """Return the node to which the sending connection goes."""
    for node in cluster.nodes:
        told = node.control("list_connections", "pid", "client_properties")
        for line in told.splitlines():
            if "vanthu publisher" in line:
                name = line.split("\t")[0].strip("<").split(".")[0]
                found = [each for each in cluster.nodes if each.name == name]
                if found:
                    return found[0]
    message = "no node has the sender's connection"
    raise LookupError(message)


def leader(cluster: RabbitMQCluster) -> RabbitMQ:
    """Return the node that leads the queue."""
    return cluster.leader(QUEUE)


def follower(cluster: RabbitMQCluster) -> RabbitMQ:
    """Return a node that does not lead the queue."""
    leading = cluster.leader(QUEUE)
    return next(node for node in cluster.nodes if node is not leading)


TARGETS: dict[str, Callable[[RabbitMQCluster], RabbitMQ]] = {
    "queue leader": leader,
    "node of the sender": sender_node,
    "follower": follower,
}


async def kill_under_load(
    cluster: RabbitMQCluster,
    targets: list[str],
    *,
    seconds: float,
    age: float,
    told: Callable[[str], None],
) -> Outcome:
    """Run the load, kill each target after `seconds` of it, letting the one before come back, and return the ledger's sums."""
    kills: list[Killed] = []
    async with loaded(cluster.url, QUEUE) as load:
        await asyncio.sleep(age)
        async for killed in _kills(cluster, load, targets, seconds=seconds):
            told(f"{killed.what}: longest time without a confirm {killed.stall:.2f} s")
            kills.append(killed)
    ledger = load.ledger
    return Outcome(
        kills=tuple(kills),
        confirmed=len(ledger.confirmed),
        lost=tuple(sorted(ledger.lost)),
        repeated=ledger.repeated,
    )


async def _kills(
    cluster: RabbitMQCluster, load: Load, targets: list[str], *, seconds: float
) -> AsyncIterator[Killed]:
    for what in targets:
        await asyncio.to_thread(cluster.complete)
        await asyncio.sleep(seconds)
        node = await asyncio.to_thread(TARGETS[what], cluster)
        before = len(load.ledger.confirmed)
        load.ledger.begin()
        await asyncio.to_thread(node.kill)
        async with asyncio.timeout(PATIENCE):
            while len(load.ledger.confirmed) < before + GOING_ON:
                await asyncio.sleep(0.05)
        await asyncio.sleep(seconds)
        confirmed, stall = len(load.ledger.confirmed) - before, load.ledger.longest
        yield Killed(what=what, confirmed=confirmed, stall=stall)
