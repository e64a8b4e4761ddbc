"""Receiving on RabbitMQ: a connection with its channels, what they delivered, and what of that is settled.

Invariants: a message is acknowledged only when its receiver says so, and "this and all before" only when all before are settled;
a subscription ends once and for all, with a reason, when its channel, its connection or a consumer is lost; settling what an
ended one delivered does nothing, because the broker has put those messages back already.

A queue is consumed with care first, one message at a time, because what was handed out before and never settled comes first, and
one of these may be what ended the process. Were its neighbours handed out with it, each further end would count against them
too, and at the delivery limit they would die with it. The first message that nobody had before says that the suspects are
through: from then on the queue is consumed at full width, on the channel that all share. Before, each has one of its own: what
gets no answer is stuck for 65 seconds, and keeps whatever else it consumes from everybody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final, cast

from aiormq.abc import AbstractChannel, DeliveredMessage

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Broker, being_cancelled
from gateway.axis.amqp_incoming import incoming_of
from gateway.axis.amqp_lane import Ahead, Lane
from gateway.axis.amqp_silence import ANSWER_SECONDS, Silence
from gateway.axis.amqp_topology import CANARY
from gateway.axis.errors import AxisUnreachableError, QueuesSilentError
from gateway.records import Incoming

BATCH = 200

CAREFUL: Final = 200
"""Channels for consuming with care; of more queues some share one."""

SUSPICION: Final = 10.0
"""Seconds after which a message that was handed out before, and is not settled, may have company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Which delivery of which lane of which subscription a message was."""

    subscription: Subscription
    lane: Lane
    number: int


class Subscription:
    """Consumers on a set of queues, from `subscribe` until something breaks or `close`."""

    def __init__(
        self,
        broker: Broker,
        connection: AxisConnection,
        *,
        wide: AbstractChannel,
        on_canary: Callable[[str], None],
    ) -> None:
        self.ended = ""
        self._on_canary = on_canary
        self._broker = broker
        self._connection = connection
        self._wide = Lane(wide)
        self._arrived: deque[Incoming] = deque()
        self._wake = asyncio.Event()
        self._settling = asyncio.Lock()
        self._careful: dict[str, tuple[Lane, str]] = {}
        """The channel and the consumer tag of each queue that is still consumed with care."""
        self._widening: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

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

    async def settle(self, *, done: Iterable[Tag], dead: Iterable[Tag]) -> None:
        """Acknowledge deliveries and send dead ones to their dead-letter queue; repeated or late ones do nothing."""
        numbers: dict[Lane, tuple[set[int], set[int]]] = {}
        for which, tags in enumerate((done, dead)):
            for tag in tags:
                numbers.setdefault(tag.lane, (set(), set()))[which].add(tag.number)
        if numbers.keys() - {self._wide} and self._widening:
            await asyncio.wait(tuple(self._widening))
        async with self._settling:
            steps = [
                step for lane, (good, bad) in numbers.items() for step in lane.steps(done=good, dead=bad)
            ]
            if self.ended or not steps:
                return
            await self._guarded(partial(self._take, steps))

    async def close(self) -> None:
        """End the subscription and its connection; the broker puts back what is not settled."""
        self.end("closed")
        for task in self._tasks:
            task.cancel()
        await self._connection.leave()

    async def start(self, queues: Sequence[str], *, prefetch: int) -> None:
        """Begin to consume with care, and to notice when that stops.

        Raises:
            QueuesSilentError: some of them give no answer; their channels are stuck, and soon the broker ends the connection.

        """
        await self._prepare(self._wide, prefetch)
        groups = [queues[first::CAREFUL] for first in range(min(CAREFUL, len(queues)))]
        found = await asyncio.gather(*map(self._begin, groups), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException):
                raise each
        if silent := frozenset(chain.from_iterable(cast("list[list[str]]", found))):
            raise QueuesSilentError(silent)

    async def _begin(self, queues: Sequence[str]) -> list[str]:
        """Consume from queues over a channel of their own; return the one that gave no answer, with those behind it."""
        channel = await self._connection.channel(publisher_confirms=False)
        lane = Lane(await channel.get_underlay_channel())
        await self._prepare(lane, 1)
        for number, queue in enumerate(queues):
            # Named here, because a message may be there before the broker's answer is.
            consumer = f"careful-{number}"
            self._careful[queue] = (lane, consumer)
            try:
                await lane.channel.basic_consume(
                    queue,
                    partial(self._on_message, lane, queue),
                    consumer_tag=consumer,
                    timeout=ANSWER_SECONDS,
                )
            except TimeoutError:
                return list(queues[number:])
        return []

    async def _prepare(self, lane: Lane, ahead: int) -> None:
        lane.channel.closing.add_done_callback(self._on_channel_closed)
        lane.channel.on_consumer_cancel_callbacks.add(self._on_consumer_cancelled)
        await lane.channel.basic_qos(prefetch_count=ahead, timeout=self._broker.timeout)

    def watch(self, queues: frozenset[str], *, consumed: frozenset[str], interval: float) -> None:
        """Check every `interval` seconds that the broker still knows our consumers, and whether missing queues have appeared."""
        self._keep(self._check(queues, consumed=consumed, interval=interval))

    def await_one_of(self, silent: frozenset[str], silence: Silence) -> None:
        """End the subscription when one of the queues that it left out answers."""
        self._keep(self._await(silent, silence))

    async def _await(self, silent: frozenset[str], silence: Silence) -> None:
        self.end(f"queue {await silence.one_answers(silent)} answers again")

    def _keep(self, work: Coroutine[Any, Any, None], *others: set[asyncio.Task[None]]) -> None:
        """Do something beside, remembered among the tasks and the others as long as it runs."""
        task = asyncio.create_task(work)
        for group in (self._tasks, *others):
            group.add(task)
            task.add_done_callback(group.discard)

    async def _check(self, queues: frozenset[str], *, consumed: frozenset[str], interval: float) -> None:
        while not self.ended:
            await asyncio.sleep(interval)
            await self._guarded(partial(self._compare, queues, consumed))

    async def _compare(self, queues: frozenset[str], consumed: frozenset[str]) -> None:
        counts = await amqp_topology.consumer_counts(self._connection, queues, seconds=self._broker.timeout)
        if lost := sorted(queue for queue in consumed if not counts.get(queue)):
            self.end(f"no consumer left on {lost[0]}")
        if appeared := sorted(counts.keys() - consumed):
            self.end(f"queue {appeared[0]} has appeared")

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something with the broker; if it fails, the subscription is over."""
        try:
            await work()
        except asyncio.CancelledError:
            if being_cancelled():
                self.end("it was cancelled while it spoke with the broker")
                raise
            self.end("the broker fell silent")
        except Exception as error:  # noqa: BLE001 - a lost connection surfaces as OSError, RuntimeError, KeyError and more
            self.end(self._broker.explain(error))

    async def _take(self, steps: list[Callable[..., Awaitable[None]]]) -> None:
        async with asyncio.timeout(self._broker.timeout):
            for step in steps[:-1]:
                await step(wait=False)
            # The last one waits until all are written, so that closing right afterwards loses none.
            await steps[-1](wait=True)

    def _begin_widening(self, queue: str) -> None:
        if careful := self._careful.pop(queue, None):
            self._keep(self._guarded(partial(self._widen, queue, *careful)), self._widening)

    async def _widen(self, queue: str, lane: Lane, consumer: str) -> None:
        """Consume a queue at full width: the new consumer first, so that the queue is never without one.

        The message at hand is settled only afterwards: until then the broker hands out nothing more to the old consumer, and what
        reached that one after its end would be lost to us without a word.
        """
        await self._wide.channel.basic_consume(
            queue, partial(self._on_message, self._wide, queue), timeout=self._broker.timeout
        )
        await lane.channel.basic_cancel(consumer, timeout=self._broker.timeout)

    async def _lose_suspicion(self, queue: str, lane: Lane, number: int) -> None:
        """Widen if a suspect is held for so long: it is part of something bigger, and has ended nobody."""
        await asyncio.sleep(SUSPICION)
        if not self.ended and lane.is_open(number):
            self._begin_widening(queue)

    async def _on_message(self, lane: Lane, queue: str, message: DeliveredMessage) -> None:
        number = message.delivery_tag
        if number is None or self.ended:
            return
        lane.arrived(number)
        tag = Tag(subscription=self, lane=lane, number=number)
        if message.header.properties.message_type == CANARY:
            self._on_canary(message.header.properties.message_id or "")
            await self.settle(done=(tag,), dead=())
            return
        self._arrived.append(incoming_of(queue, message, tag))
        self._wake.set()
        if not message.redelivered:
            self._begin_widening(queue)
        elif lane is not self._wide:
            self._keep(self._lose_suspicion(queue, lane, number))

    def _on_channel_closed(self, closing: asyncio.Future[object]) -> None:
        error = None if closing.cancelled() else closing.exception()
        self.end(self._broker.explain(error) if error else "the channel was closed")

    def _on_consumer_cancelled(self, frame: object) -> None:
        self.end(f"the broker cancelled a consumer: {frame}")


async def subscribe(
    broker: Broker,
    queues: frozenset[str],
    *,
    silence: Silence,
    ahead: Ahead,
    watch_interval: float,
    on_canary: Callable[[str], None],
) -> Subscription:
    """Open a connection and consume from those of the queues that exist and answer; `on_canary` hears of the ids of canaries.

    A queue that is missing is not declared: that needs rights which a receiver may not have. It is looked for every
    `watch_interval` seconds. One that is silent is left out until it answers; then the subscription ends, for a new one with it.

    Raises:
        AxisUnreachableError: there is no connection, or not one of the queues exists.
        QueuesSilentError: some became silent just now; the next try leaves it out.

    """
    connection = await broker.connect("consumer")
    async with broker.guard(connection):
        counts = await amqp_topology.consumer_counts(connection, queues, seconds=broker.timeout)
        if not counts:
            raise AxisUnreachableError(f"{broker}: none of the {len(queues)} queues to receive from exists")
        silent = silence.among(counts)
        async with asyncio.timeout(broker.timeout):
            wide = await connection.channel(publisher_confirms=False)
        subscription = Subscription(
            broker,
            connection,
            wide=await wide.get_underlay_channel(),
            on_canary=on_canary,
        )
        consumed = counts.keys() - silent
        try:
            await subscription.start(sorted(consumed), prefetch=ahead.of_each(len(counts)))
        except QueuesSilentError as error:
            await silence.find(error.queues)
            raise
        subscription.watch(queues - silent, consumed=frozenset(consumed), interval=watch_interval)
        if silent:
            subscription.await_one_of(silent, silence)
        return subscription
