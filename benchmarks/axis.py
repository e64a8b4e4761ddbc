"""How many envelopes of 1 KB a second RabbitMQ confirms to a gateway, held against publishing one by one.

    python -m benchmarks.axis [--cluster]

Medians of alternating rounds of one run, on a quorum queue of one node or, with --cluster, of three nodes on this machine.
`gateway` is the link of this gateway (`AmqpLink.send` in batches as they come from the outbox), `one by one` the same 100
messages under way with aio-pika's own `publish`. Both persistent, mandatory and confirmed. `receive` is taking in and
acknowledging, ours in batches and aio-pika's message by message. `CPU` is this process's own, in microseconds a message; broker
and client share the machine's cores, so rates are floors. Bars: gateway ≥ 8,000/s on one node, ≥ 5,000/s on three.
"""

import asyncio
import logging
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from itertools import repeat
from typing import Final
from uuid import uuid4

import aio_pika
import uvloop
from rich.console import Console
from rich.table import Table

from gateway.axis import amqp_topology
from gateway.axis.amqp import AmqpLink
from gateway.records import AxisMessage, SendResult
from tests.support.rabbitmq import running_node
from tests.support.rabbitmq_cluster import running_rabbitmq_cluster

ENVELOPE: Final = 1024
BATCH: Final = 100
SENDERS: Final = 4
"""Batches that are on their way at a time, as from several workers or from a forwarder that does not wait."""
ROUNDS: Final = 5
SECONDS: Final = 3.0
QUEUE: Final = "bench.axis"
WAITING: Final = 5_000
"""Messages that a round of receiving takes in, if so many were sent."""
BARS: Final = {False: 8_000, True: 5_000}

Round = Callable[[], Awaitable[int]]


class Rate:
    """What the rounds of one way came to."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.costs: list[float] = []

    async def measure(self, one_round: Round) -> int:
        """Run a round, note messages a second and microseconds of this process a message, and return how many there were."""
        begun, used = time.perf_counter(), time.process_time()
        count = await one_round()
        self.rates.append(count / (time.perf_counter() - begun))
        self.costs.append((time.process_time() - used) / count * 1e6)
        return count

    @property
    def rate(self) -> float:
        """Messages a second."""
        return statistics.median(self.rates)

    @property
    def cost(self) -> float:
        """Microseconds a message."""
        return statistics.median(self.costs)


async def send_ours(link: AmqpLink) -> int:
    """Send batches for a while and return how many messages were confirmed."""
    body = os.urandom(ENVELOPE)
    until = time.perf_counter() + SECONDS

    async def one_after_the_other() -> int:
        confirmed = 0
        while time.perf_counter() < until:
            batch = [AxisMessage(id=uuid4().hex, queue=QUEUE, body=body) for _ in range(BATCH)]
            outcomes = await link.send(batch)
            confirmed += sum(outcome.result is SendResult.CONFIRMED for outcome in outcomes)
        return confirmed

    return sum(await asyncio.gather(*(one_after_the_other() for _ in range(SENDERS))))


async def send_one_by_one(exchange: aio_pika.abc.AbstractExchange) -> int:
    """Publish with aio-pika, as many under way as ours has, and return how many were confirmed."""
    body = os.urandom(ENVELOPE)
    until = time.perf_counter() + SECONDS

    async def one_after_the_other() -> int:
        confirmed = 0
        while time.perf_counter() < until:
            message = aio_pika.Message(
                body, message_id=uuid4().hex, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            )
            await exchange.publish(message, QUEUE, mandatory=True, timeout=30)
            confirmed += 1
        return confirmed

    return sum(await asyncio.gather(*(one_after_the_other() for _ in repeat(None, BATCH))))


async def receive_ours(link: AmqpLink, count: int) -> int:
    """Take in and acknowledge this many messages in batches."""
    taken = 0
    async with aclosing(link.receive(frozenset({QUEUE}))) as batches:
        async for batch in batches:
            await link.settle(done=batch)
            taken += len(batch)
            if taken >= count:
                break
    return taken


async def receive_one_by_one(connection: aio_pika.abc.AbstractConnection, count: int) -> int:
    """Take in and acknowledge this many messages with aio-pika, one by one."""
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=200)
    queue = await channel.get_queue(QUEUE)
    taken = 0
    async with queue.iterator() as messages:
        async for message in messages:
            await message.ack()
            taken += 1
            if taken >= count:
                break
    await channel.close()
    return taken


async def measure(url: str) -> dict[str, Rate]:
    """Alternate between the ways and return what each came to."""
    link = AmqpLink(url)
    await link.declare(frozenset({QUEUE}))
    connection = await aio_pika.connect(url.split(maxsplit=1)[0])
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    exchange = await channel.get_exchange(amqp_topology.EXCHANGE)
    purge = (await channel.get_queue(QUEUE)).purge
    rates = {way: Rate() for way in ("gateway", "one by one", "receive", "receive one by one")}
    for _ in range(ROUNDS):
        count = min(WAITING, await rates["gateway"].measure(lambda: send_ours(link)))
        await rates["receive"].measure(partial(receive_ours, link, count))
        await purge()
        count = min(WAITING, await rates["one by one"].measure(lambda: send_one_by_one(exchange)))
        await rates["receive one by one"].measure(partial(receive_one_by_one, connection, count))
        await purge()
    await connection.close()
    await link.close()
    return rates


@contextmanager
def broker(*, is_cluster: bool) -> Iterator[str]:
    """Start one node or three, and yield the address."""
    if is_cluster:
        with running_rabbitmq_cluster() as cluster:
            yield cluster.url
    else:
        with running_node() as node:
            yield node.url


def main() -> None:
    """Measure and print."""
    is_cluster = "--cluster" in sys.argv
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    with broker(is_cluster=is_cluster) as url:
        rates = uvloop.run(measure(url))
    table = Table(
        "", "messages/s", "CPU µs", "times one by one", title="three nodes" if is_cluster else "one node"
    )
    for way, base in (("gateway", "one by one"), ("receive", "receive one by one")):
        for each in (way, base):
            table.add_row(
                each,
                f"{rates[each].rate:,.0f}",
                f"{rates[each].cost:.0f}",
                f"{rates[each].rate / rates[base].rate:.1f}",
            )
    console = Console(width=110)
    console.print(table)
    bar = BARS[is_cluster]
    console.print(f"bar {bar:,}/s: {'met' if rates['gateway'].rate >= bar else 'missed'}")


if __name__ == "__main__":
    main()
