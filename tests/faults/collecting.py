"""Collecting evidence at the end of a trial: databases, logs, the offline verifier, drained queues, the ledger."""

from __future__ import annotations

import asyncio
import bisect
import random
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import uuid4

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel

from gateway.cli.audit import Conclusion, audit_database
from gateway.clock import utc_now
from gateway.store import open_audit
from routing.audit import Outcome, audit
from routing.checkpoint import open_checkpoint
from routing.errors_log import LogError
from routing.log import read_leaf
from routing.note import Verifier
from tests.faults.evidence import Deposition, Evidence, Fate, Placed
from tests.faults.falsifying import Copy, Row, unnoticed
from tests.faults.gateways import Gateway
from tests.faults.ledger import Ledger, read
from tests.faults.world import Site, World
from tests.support.replaying import directories, replay

DRAIN_SECONDS: Final = 60.0


async def collect(world: Site) -> Evidence:
    """Stop the gateways and gather everything that they left."""
    unready = [each for gateway in world.gateways for each in await gateway.unready()]
    owed = {gateway.name: await gateway.owed() for gateway in world.gateways}
    await asyncio.gather(*(gateway.stop() for gateway in world.gateways))
    leftovers = await drain(world) if isinstance(world, World) else {}
    ledger = await asyncio.to_thread(read, world.books.folder)
    chance = random.Random(world.plan.seed)
    depositions = [
        await asyncio.to_thread(_deposition, gateway, ledger, owed[gateway.name], chance)
        for gateway in world.gateways
    ]
    return Evidence(
        ledger=ledger,
        depositions=tuple(depositions),
        leftovers=leftovers,
        heal_seconds=dict(world.heal_seconds),
        poison=world.poison,
        broken=tuple(world.broken),
        expiry=world.cast.expiry,
        unready=tuple(unready),
    )


async def drain(world: World) -> dict[str, int]:
    """Take everything out of all queues and count it; a count that the broker tells may lag, so none is asked for."""
    listed = await asyncio.to_thread(world.rabbitmq.control, "list_queues", "name")
    names = [line for line in listed.split() if line.startswith("member.")]
    async with asyncio.timeout(DRAIN_SECONDS):
        connection = await aio_pika.connect(world.rabbitmq.url)
        async with connection:
            channel = await connection.channel(publisher_confirms=True)
            return {name: await _drain_one(channel, name) for name in names}


async def _drain_one(channel: AbstractChannel, name: str) -> int:
    """Count what comes before a message of our own, which was the last to be put in."""
    last = uuid4().hex
    body = Message(last.encode(), delivery_mode=DeliveryMode.PERSISTENT, message_id=last)
    await channel.default_exchange.publish(body, routing_key=name)
    queue = await channel.get_queue(name, ensure=False)
    count = 0
    async with queue.iterator(no_ack=True) as messages:
        async for message in messages:
            if message.message_id == last:
                break
            count += 1
    return count


def _deposition(gateway: Gateway, ledger: Ledger, owed: dict[str, int], chance: random.Random) -> Deposition:
    verifiers = (Verifier.of(gateway.keys.log.name, gateway.keys.log.private.public_key()),)
    verdict = audit_database(
        gateway.database_url, verifiers=verifiers, payloads=gateway.payloads, at=utc_now()
    )
    with open_audit(gateway.database_url) as database, directories(gateway.database_url) as of_version:
        rows: list[Row] = list(database.entries())
        checkpoints = tuple(database.checkpoints())
        fates = tuple(
            Fate(message_id=each.message_id, code=each.code, state=each.state.value, reason=each.reason)
            for each in database.deliveries()
        )
        shown = list(_shown(gateway, ledger, verifiers))
        # The same log once more, together with what others were shown of it.
        report = audit(
            iter(rows),
            checkpoints=sorted({*checkpoints, *((size, note) for size, note, _ in shown)}),
            origin=verifiers[0].name,
            verifiers=verifiers,
            nodes=database.node,
        )
        placed = tuple(_placed(rows, shown))
        copy = Copy(origin=verifiers[0].name, verifiers=verifiers, rows=tuple(rows), checkpoints=checkpoints)
        return Deposition(
            gateway=gateway.name,
            placed=placed,
            fates=fates,
            verified=verdict.conclusion is Conclusion.VALID and report.outcome is Outcome.VALID,
            findings=(
                *(f"{each.code} {each.where} {each.en}" for each in verdict.findings),
                *(f"{each.code} {each}" for each in report.findings),
            ),
            unnoticed=tuple(unnoticed(copy, chance)),
            unreplayable=tuple(text for each in placed for text in replay(each.entry, of_version)),
            backlog=owed,
        )


def _shown(
    gateway: Gateway, ledger: Ledger, verifiers: Sequence[Verifier]
) -> Iterator[tuple[int, str, float]]:
    """Yield size, note and time of the checkpoints that were shown; one that cannot be opened is for the audit to find."""
    for each in ledger.shown:
        if each.gateway != gateway.name:
            continue
        try:
            size = open_checkpoint(each.note, origin=verifiers[0].name, verifiers=verifiers).size
        except LogError:
            size = 0
        yield size, each.note, each.t


def _placed(rows: Sequence[Row], shown: Sequence[tuple[int, str, float]]) -> Iterator[Placed]:
    """Read the entries; each was shown to somebody with the first checkpoint that is larger than its place."""
    first: list[tuple[int, float]] = []
    for size, _, at in sorted(shown, key=lambda each: each[2]):
        if not first or size > first[-1][0]:
            first.append((size, at))
    sizes = [size for size, _ in first]
    for index, raw, stored in rows:
        position = len(sizes) if index is None else bisect.bisect_right(sizes, index)
        shown_at = first[position][1] if position < len(first) else None
        yield Placed(index=index, leaf_sha256=stored.hex(), entry=read_leaf(raw), shown_at=shown_at)
