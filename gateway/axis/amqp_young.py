"""Queues that were made a moment ago: no document goes through one before it is old enough and a canary came out of it.

A quorum queue whose broker dies within its first second may never come back, with all that was confirmed on it; one that is some
seconds old does. So a new queue is not bound to `vanthu.axis` at first. The broker then returns whatever is sent to it, to every
gateway alike, and the documents wait in their outboxes. When the queue has its age, a canary (an empty message of type `CANARY`)
goes in and has to come out; then the queue is bound. Whoever finds a queue that returns documents does the same again, so it does
not matter which process dies in between, or who deletes a queue.

Member queues hand their messages to one consumer at a time. If the receiver is there already, it gets the canary, acknowledges
it and drops it by its type; that it is there and the broker's confirm have to do then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq import ChannelAccessRefused

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Broker
from gateway.axis.amqp_topology import CANARY
from gateway.axis.errors import AxisError, AxisUnreachableError, TopologyMissingError

CANARY_SECONDS = 3.0
RETRY_SECONDS = 5.0
PAUSE = 1.0
"""Seconds between finding that a queue is gone and declaring it again. If it came back within milliseconds, RabbitMQ would move
its consumers over by itself instead of cancelling them (`handle_consuming_queue_down_or_eol` in rabbit_channel.erl); those of a
quorum queue then count as consumers and never get a message again."""

log = structlog.get_logger(__name__)

Declare = Callable[[frozenset[str]], Awaitable[amqp_topology.Declared]]


@dataclass(slots=True)
class _Young:
    """A queue that takes no documents yet."""

    due: float
    is_new: bool
    """Whether nothing but canaries can be in it."""
    reason: str = ""


class YoungQueues:
    """The queues that this process brings into use; one task, which lives while there are any."""

    def __init__(self, broker: Broker, declare: Declare, *, age: float) -> None:
        """Take the collaborators; `age` is how old a queue must be, in seconds."""
        self._broker = broker
        self._declare = declare
        self._age = age
        self._young: dict[str, _Young] = {}
        self._lost: dict[str, float] = {}
        """Queues that have to be declared again, each with the time from which on that is safe."""
        self._flights: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.opened = asyncio.Event()
        """Set when queues came into use; whoever waits for that clears it."""
        self.may_declare = True

    async def take(self, queues: Iterable[str]) -> None:
        """Bring new queues into use: right now if no age is asked for, else in the background.

        Raises:
            AxisError: right now was asked for, and it did not work.

        """
        new = frozenset(queues) - self._young.keys()
        if not new:
            return
        if self._age <= 0:
            await self.prove(dict.fromkeys(new, True))
            return
        log.info("axis_queues_new", queues=sorted(new), age_seconds=self._age)
        self._add(new, is_new=True)

    def lost(self, queues: Iterable[str]) -> None:
        """Mend queues that returned what was sent to them: declare them again and bring them into use."""
        found = frozenset(queues) - self._young.keys()
        if found and self.may_declare:
            due = asyncio.get_running_loop().time() + PAUSE
            self._lost = dict.fromkeys(found, due) | self._lost
            self._start()

    def reason(self, queue: str) -> str:
        """Say why a queue takes no documents yet; nothing if this process knows of no reason."""
        young = self._young.get(queue)
        if young is None:
            return ""
        if young.reason:
            return f"the queue is not in use yet: {young.reason}"
        return f"the queue is new and not in use before it is {self._age:g} s old and a canary came through"

    def came(self, canary: str) -> None:
        """Hear that a canary came out, here or at a receiver of this process."""
        if (flight := self._flights.get(canary)) is not None:
            flight.set()

    async def close(self) -> None:
        """Stop; whoever comes next goes on."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _add(self, queues: Iterable[str], *, is_new: bool) -> None:
        due = asyncio.get_running_loop().time() + self._age
        for queue in queues:
            self._young.setdefault(queue, _Young(due=due, is_new=is_new))
        self._start()

    def _start(self) -> None:
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._bring_up())

    async def _bring_up(self) -> None:
        """Go on until every queue is in use, or until it turns out that this account may not do it."""
        clock = asyncio.get_running_loop().time
        while self.may_declare and (self._lost or self._young):
            self._wake.clear()
            await self._declare_lost()
            if due := {queue: each.is_new for queue, each in self._young.items() if each.due <= clock()}:
                await self._try(due)
            if times := (*self._lost.values(), *(each.due for each in self._young.values())):
                await _within(self._wake, max(0.0, min(times) - clock()))
        self._young.clear()
        self._lost.clear()

    async def _declare_lost(self) -> None:
        now = asyncio.get_running_loop().time()
        lost = frozenset(queue for queue, due in self._lost.items() if due <= now)
        if not lost:
            return
        try:
            declared = await self._declare(lost)
        except TopologyMissingError as error:
            self._give_up(error)
        except AxisError as error:
            log.warning("axis_queue_not_ready", queues=sorted(lost), reason=str(error))
            self._lost.update(dict.fromkeys(lost, now + RETRY_SECONDS))
        else:
            for queue in lost:
                del self._lost[queue]
            self._add(declared.new, is_new=True)
            self._add(lost, is_new=False)

    async def _try(self, due: dict[str, bool]) -> None:
        for queue, is_new in due.items():
            try:
                await self.prove({queue: is_new})
            except TopologyMissingError as error:
                self._give_up(error)
                return
            except AxisError as error:
                log.warning("axis_queue_not_ready", queues=[queue], reason=str(error))
                young = self._young[queue]
                young.reason, young.due = (
                    str(error),
                    asyncio.get_running_loop().time() + RETRY_SECONDS,
                )
            else:
                del self._young[queue]

    def _give_up(self, error: TopologyMissingError) -> None:
        self.may_declare = False
        log.warning("axis_topology_missing", reason=str(error), fix=error.fix_en.format(**error.facts))

    async def prove(self, queues: dict[str, bool]) -> None:
        """Send a canary through each queue and bind it; the values say whether nothing else can be in it.

        Raises:
            TopologyMissingError: this account may not.
            AxisError: a canary did not come out, or the broker cannot be reached.

        """
        connection = await self._broker.connect("canary")
        try:
            async with self._broker.guard(connection):
                for queue, is_new in queues.items():
                    await self._fly(connection, queue, is_new=is_new)
                await amqp_topology.bind(connection, queues, seconds=self._broker.timeout)
        finally:
            await connection.leave()
        self.opened.set()
        log.info("axis_queues_in_use", queues=sorted(queues))

    async def _fly(self, connection: AxisConnection, queue: str, *, is_new: bool) -> None:
        """Send one canary and wait until it comes out, if that can be seen without touching documents."""
        seconds, canary, flight = self._broker.timeout, uuid4().hex, asyncio.Event()
        self._flights[canary] = flight
        try:
            # Only the consumer that comes first gets anything, and only that one is counted.
            counts = await amqp_topology.consumer_counts(connection, (queue,), seconds=seconds)
            is_alone = is_new and not counts.get(queue)
            async with amqp_topology.opened(connection, seconds=seconds) as channel:
                if is_alone:
                    await self._catch(channel, queue)
                await self._let_go(connection, queue, canary)
                if is_alone and not await _within(flight, CANARY_SECONDS):
                    raise AxisUnreachableError(f"a canary did not come out of {queue}")
        except ChannelAccessRefused:
            raise TopologyMissingError(missing=queue) from None
        finally:
            del self._flights[canary]

    async def _catch(self, channel: AbstractChannel, queue: str) -> None:
        async def caught(message: AbstractIncomingMessage) -> None:
            if message.type == CANARY:
                self.came(message.message_id or "")
                await message.ack()
            else:
                await message.nack(requeue=True)

        await channel.set_qos(prefetch_count=1, timeout=self._broker.timeout)
        await (await channel.get_queue(queue, ensure=False)).consume(caught, timeout=self._broker.timeout)

    async def _let_go(self, connection: AxisConnection, queue: str, canary: str) -> None:
        async with asyncio.timeout(self._broker.timeout):
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            message = Message(b"", message_id=canary, type=CANARY, delivery_mode=DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, queue, mandatory=True)
            await channel.close()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
