"""Canaries: empty messages that go through a queue before it is used, and that receivers drop; and what is done without them.

Member queues hand their messages to one consumer at a time. If the receiver is there already, it gets the canary, acknowledges
it and drops it by its type; that it is there and the broker's confirm have to do then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from uuid import uuid4

import structlog
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq import ChannelAccessRefused, DeliveryError, PublishError

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Broker
from gateway.axis.amqp_silence import ANSWER_SECONDS, send_canary, try_to_consume, unanswered
from gateway.axis.amqp_topology import CANARY
from gateway.axis.errors import AxisUnreachableError, QueueGoneError, QueuesSilentError, TopologyMissingError

CANARY_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Canaries:
    """Sends canaries and hears of those that came out."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._flights: dict[str, asyncio.Event] = {}

    def came(self, canary: str) -> None:
        """Hear that a canary came out, here or at a receiver of this process."""
        if (flight := self._flights.get(canary)) is not None:
            flight.set()

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
        log.info("axis_queues_in_use", queues=sorted(queues))

    async def silent(self, *, new: Iterable[str], others: Iterable[str]) -> frozenset[str]:
        """Return which queues do not answer; only what is new, and has nothing but canaries in it, is asked for what it has.

        Raises:
            AxisUnreachableError: the broker cannot be reached, or answers nothing at all.

        """
        return await unanswered(self._broker, new, try_to_consume) | await unanswered(
            self._broker, others, partial(send_canary, exchange="")
        )

    async def bury(self, queue: str, dead: Iterable[str]) -> None:
        """Delete silent queues that have nothing in them, which is so while no document was let into `queue`.

        Raises:
            QueuesSilentError: it takes documents already, so it is not deleted.
            AxisError: the broker cannot be reached, or this account may not.

        """
        connection = await self._broker.connect("canary")
        try:
            async with self._broker.guard(connection):
                if not await self._is_returned(connection, queue):
                    raise QueuesSilentError(frozenset({queue}))
                async with amqp_topology.opened(connection, seconds=self._broker.timeout) as channel:
                    for each in sorted(dead):
                        await channel.queue_delete(each, timeout=self._broker.timeout)
        except ChannelAccessRefused:
            raise TopologyMissingError(missing=queue) from None
        finally:
            await connection.drop()

    async def _is_returned(self, connection: AxisConnection, queue: str) -> bool:
        """Say whether what is sent to a queue as documents are comes back."""
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await send_canary(channel, queue)
        except PublishError:
            return True
        except (TimeoutError, DeliveryError):
            return False
        return False

    async def _fly(self, connection: AxisConnection, queue: str, *, is_new: bool) -> None:
        """Send one canary and wait until it comes out, if that can be seen without touching documents."""
        seconds, canary, flight = self._broker.timeout, uuid4().hex, asyncio.Event()
        self._flights[canary] = flight
        try:
            # Only the consumer that comes first gets anything, and only that one is counted.
            counts = await amqp_topology.consumer_counts(connection, (queue,), seconds=seconds)
            if queue not in counts:
                raise QueueGoneError(f"{queue} is not there any more")
            is_alone = is_new and not counts.get(queue)
            async with amqp_topology.opened(connection, seconds=seconds) as channel:
                if is_alone:
                    await self._catch(channel, queue)
                await self._let_go(connection, queue, canary)
                if is_alone and not await within(flight, CANARY_SECONDS):
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
            await send_canary(channel, queue, exchange="", canary_id=canary)
            await channel.close()


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event so long, and say whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
