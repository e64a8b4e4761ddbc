"""Receiving on RabbitMQ: one channel of one connection, what it delivered, and what of that is settled.

Invariants: a message is acknowledged only when its receiver says so, and "this and all before" only when all before are settled;
a subscription ends once and for all, with a reason, when its channel, its connection or a consumer is lost; settling what an
ended one delivered does nothing, because the broker has put those messages back already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from aiormq.abc import AbstractChannel, DeliveredMessage

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Broker, being_cancelled
from gateway.axis.amqp_young import CANARY
from gateway.axis.errors import AxisUnreachableError
from gateway.records import Incoming

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How many messages the broker hands out ahead, for one queue and for all together: what a process may have to hold."""

    queue: int
    all: int

    def of_each(self, queues: int) -> int:
        """Return how many for each of so many queues."""
        return max(1, min(self.queue, self.all // queues))


WHOLE = Ahead(queue=200, all=4_000)
"""Messages of at most 17 KiB: 3.4 MiB for one queue, 68 MiB for all."""

IN_PIECES = Ahead(queue=64, all=250)
"""Messages of at most 129 KiB: 8 MiB for one queue, 32 MiB for all but where more than 250 queues are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Which delivery of which subscription a message was."""

    subscription: Subscription
    number: int


class Subscription:
    """Consumers on a set of queues, from `subscribe` until something breaks or `close`."""

    def __init__(
        self,
        broker: Broker,
        connection: AxisConnection,
        channel: AbstractChannel,
        *,
        on_canary: Callable[[str], None],
    ) -> None:
        self.ended = ""
        self._on_canary = on_canary
        self._broker = broker
        self._connection = connection
        self._channel = channel
        self._arrived: deque[Incoming] = deque()
        self._wake = asyncio.Event()
        self._unsettled: set[int] = set()
        self._last = 0
        self._settling = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None

    def end(self, reason: str) -> None:
        """Declare the subscription over; the first reason counts."""
        self.ended = self.ended or reason
        self._wake.set()

    async def next_batch(self) -> tuple[Incoming, ...]:
        """Return what has arrived, at most `BATCH` messages; nothing once the subscription has ended."""
        while not self._arrived and not self.ended:
            self._wake.clear()
            await self._wake.wait()
        if self.ended:
            return ()
        return tuple(self._arrived.popleft() for _ in range(min(BATCH, len(self._arrived))))

    async def settle(self, *, done: Iterable[int], dead: Iterable[int]) -> None:
        """Acknowledge deliveries and send dead ones to their dead-letter queue; repeated or late ones do nothing."""
        async with self._settling:
            steps = self._steps(done=set(done) & self._unsettled, dead=set(dead) & self._unsettled)
            if self.ended or not steps:
                return
            try:
                async with asyncio.timeout(self._broker.timeout):
                    for step in steps[:-1]:
                        await step(wait=False)
                    # The last one waits until all are written, so that closing right afterwards loses none.
                    await steps[-1](wait=True)
            except asyncio.CancelledError:
                if being_cancelled():
                    self.end("settling was cancelled")
                    raise
                self.end("the broker fell silent")
            except Exception as error:  # noqa: BLE001 - a lost connection surfaces as OSError, RuntimeError, KeyError and more
                self.end(self._broker.explain(error))

    async def close(self) -> None:
        """End the subscription and its connection; the broker puts back what is not settled."""
        self.end("closed")
        if self._watch is not None:
            self._watch.cancel()
        await self._connection.leave()

    async def start(self, queues: Iterable[str], *, prefetch: int) -> None:
        """Begin to consume, and to notice when that stops."""
        self._channel.closing.add_done_callback(self._on_channel_closed)
        self._channel.on_consumer_cancel_callbacks.add(self._on_consumer_cancelled)
        await self._channel.basic_qos(prefetch_count=prefetch, timeout=self._broker.timeout)
        for queue in queues:
            await self._channel.basic_consume(
                queue, partial(self._on_message, queue), timeout=self._broker.timeout
            )

    def watch(self, queues: frozenset[str], *, consumed: frozenset[str], interval: float) -> None:
        """Check every `interval` seconds that the broker still knows our consumers, and whether missing queues have appeared."""
        self._watch = asyncio.create_task(self._check(queues, consumed=consumed, interval=interval))

    async def _check(self, queues: frozenset[str], *, consumed: frozenset[str], interval: float) -> None:
        while not self.ended:
            await asyncio.sleep(interval)
            try:
                counts = await amqp_topology.consumer_counts(
                    self._connection, queues, seconds=self._broker.timeout
                )
            except asyncio.CancelledError:
                if being_cancelled():
                    raise
                self.end("the broker fell silent")
            except Exception as error:  # noqa: BLE001 - as above
                self.end(self._broker.explain(error))
            else:
                if lost := sorted(queue for queue in consumed if not counts.get(queue)):
                    self.end(f"no consumer left on {lost[0]}")
                if appeared := sorted(counts.keys() - consumed):
                    self.end(f"queue {appeared[0]} has appeared")

    def _steps(self, *, done: set[int], dead: set[int]) -> list[Callable[..., Awaitable[None]]]:
        """Return the fewest commands that settle these deliveries, and count them as settled."""
        channel = self._channel
        self._unsettled -= done | dead
        steps: list[Callable[..., Awaitable[None]]] = [
            partial(channel.basic_reject, tag, requeue=False) for tag in sorted(dead)
        ]
        first_open = min(self._unsettled, default=self._last + 1)
        if all_before := [tag for tag in done if tag < first_open]:
            steps.append(partial(channel.basic_ack, max(all_before), multiple=True))
        steps += [partial(channel.basic_ack, tag) for tag in sorted(done) if tag > first_open]
        return steps

    async def _on_message(self, queue: str, message: DeliveredMessage) -> None:
        tag = message.delivery_tag
        if tag is None or self.ended:
            return
        # A number that was skipped belongs to a message that never got here: it must stay open.
        self._unsettled.update(range(self._last + 1, tag + 1))
        self._last = max(self._last, tag)
        if message.header.properties.message_type == CANARY:
            self._on_canary(message.header.properties.message_id or "")
            await self.settle(done=(tag,), dead=())
            return
        self._arrived.append(Incoming(queue=queue, body=message.body, tag=Tag(subscription=self, number=tag)))
        self._wake.set()

    def _on_channel_closed(self, closing: asyncio.Future[object]) -> None:
        error = None if closing.cancelled() else closing.exception()
        self.end(self._broker.explain(error) if error else "the channel was closed")

    def _on_consumer_cancelled(self, frame: object) -> None:
        self.end(f"the broker cancelled a consumer: {frame}")


async def subscribe(
    broker: Broker,
    queues: frozenset[str],
    *,
    ahead: Ahead,
    watch_interval: float,
    on_canary: Callable[[str], None],
) -> Subscription:
    """Open a connection and consume from those of the queues that exist; `on_canary` hears of the ids of canaries.

    A queue that is missing is not declared: that needs rights which a receiver may not have. It is looked for every
    `watch_interval` seconds.

    Raises:
        AxisUnreachableError: there is no connection, or not one of the queues exists.

    """
    connection = await broker.connect("consumer")
    async with broker.guard(connection):
        counts = await amqp_topology.consumer_counts(connection, queues, seconds=broker.timeout)
        if not counts:
            raise AxisUnreachableError(f"{broker}: none of the {len(queues)} queues to receive from exists")
        async with asyncio.timeout(broker.timeout):
            channel = await connection.channel(publisher_confirms=False)
        subscription = Subscription(
            broker, connection, await channel.get_underlay_channel(), on_canary=on_canary
        )
        await subscription.start(counts, prefetch=ahead.of_each(len(counts)))
        subscription.watch(queues, consumed=frozenset(counts), interval=watch_interval)
        return subscription
