"""The axis over RabbitMQ: `AxisLink` between gateways that share nothing but a broker.

One connection sends, one for each `receive` takes in; both are plain connections under our own supervision, reopened with growing
pauses. The broker's confirm is never the end of the sender's responsibility: that is the receiver's signed receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import replace

import structlog

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import Backoff, Broker
from gateway.axis.amqp_lane import IN_PIECES, WHOLE, Ahead
from gateway.axis.amqp_publisher import Publisher
from gateway.axis.amqp_security import PLAIN, Security
from gateway.axis.amqp_silence import Silence, try_to_consume
from gateway.axis.amqp_subscription import Subscription, Tag, subscribe
from gateway.axis.amqp_young import YoungQueues
from gateway.axis.errors import AxisError
from gateway.records import AxisMessage, Incoming, SendOutcome, SendResult

TIMEOUT = 20.0
HEARTBEAT = 10
"""aiormq's default of 60 would mean 183 s of blindness."""

WATCH_INTERVAL = 30.0

log = structlog.get_logger(__name__)


class AmqpLink:
    """`AxisLink` on one RabbitMQ broker or cluster."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT,
        heartbeat: int = HEARTBEAT,
        max_queue_bytes: int = amqp_topology.MAX_QUEUE_BYTES,
        watch_interval: float = WATCH_INTERVAL,
        queue_age: float = 0.0,
        security: Security = PLAIN,
    ) -> None:
        """Take the broker's address; nothing is opened yet.

        `timeout`: seconds to wait for the broker in each step. `heartbeat`: seconds between signs of life; a peer that is silent
        for three times as long and 3 s more is given up. `max_queue_bytes`: bodies waiting in one queue beyond which the broker
        refuses more; part of a queue's declaration, so the same for all who declare it. `watch_interval`: seconds between two
        checks of our consumers. `queue_age`: seconds for which a new queue takes no documents; with 0, declaring a queue also
        brings it into use. `security`: certificates, and the file of the password.

        Raises:
            ValueError: the address is not one of AMQP (the text does not repeat it), or a certificate cannot be used.
            GatewayError: the file of the password cannot be used, or others can read it.

        """
        self._broker = Broker(url, timeout=timeout, heartbeat=heartbeat, security=security)
        self._young = YoungQueues(self._broker, self._declare, age=queue_age)
        self._publisher = Publisher(self._broker, on_answer=self._young.opened.set)
        self._subscriptions: set[Subscription] = set()
        self._silence = Silence(self._broker, try_to_consume, blocks="be received from")
        self._closed = asyncio.Event()
        self._max_queue_bytes = max_queue_bytes
        self._watch_interval = watch_interval
        self._known: frozenset[str] = frozenset()

    @property
    def blocked(self) -> str:
        """Why the broker takes no messages, in its own words (an alarm about memory or disk); empty while it does."""
        return self._publisher.blocked

    @property
    def silent(self) -> frozenset[str]:
        """Queues that do not answer although the broker does."""
        return self._publisher.silent | self._silence.queues

    async def declare(self, queues: frozenset[str]) -> None:
        """Make sure these queues and their dead-letter queues exist; new ones take documents when they are old enough.

        Raises:
            ValueError: a name is too long for AMQP.
            AxisError: the broker cannot be reached, holds one of them with other properties, or lacks some that this account
                may not declare.

        """
        if longest := [queue for queue in queues if not _fits(queue)]:
            raise ValueError(f"a queue name may have {amqp_topology.MAX_NAME} bytes: {longest[0][:80]}…")
        self._known |= queues
        declared = await self._declare(queues)
        self._young.may_declare = declared.may_declare
        await self._young.take(declared)

    async def _declare(self, queues: frozenset[str]) -> amqp_topology.Declared:
        connection = await self._publisher.connection()
        async with self._broker.guard(connection):
            return await amqp_topology.declare(
                connection, queues, max_bytes=self._max_queue_bytes, seconds=self._broker.timeout
            )

    async def opened(self) -> None:
        """Wait until queues came into use."""
        await self._young.opened.wait()
        self._young.opened.clear()

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Send messages; see `Publisher` for what each outcome means."""
        unusable = {message.queue: self._unusable(message.queue) for message in messages}
        sent = iter(await self._publisher.send([each for each in messages if not unusable[each.queue]]))
        outcomes = [
            SendOutcome(result=SendResult.RETURNED, reason=reason)
            if (reason := unusable[message.queue])
            else next(sent)
            for message in messages
        ]
        returned = {
            message.queue
            for message, outcome in zip(messages, outcomes, strict=True)
            if outcome.result is SendResult.RETURNED
        }
        self._young.lost(returned & self._known)
        return tuple(outcomes) if self._young.may_declare else tuple(map(_told, outcomes))

    def _unusable(self, queue: str) -> str:
        """Say why nothing can be sent to a queue, if that is known beforehand."""
        return self._young.reason(queue) if _fits(queue) else "no queue can have such a long name"

    async def receive(
        self, queues: frozenset[str], *, in_pieces: bool = False
    ) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield batches as they arrive; a lost connection is opened again, and what was not settled comes again."""
        backoff = Backoff()
        while not self._closed.is_set():
            try:
                subscription = await self._subscribe(queues, IN_PIECES if in_pieces else WHOLE)
            except AxisError as error:
                pause = backoff.pause()
                log.warning("axis_not_receiving", reason=str(error), retry_seconds=round(pause, 1))
                await self._sleep(pause)
                continue
            self._subscriptions.add(subscription)
            try:
                while batch := await subscription.next_batch():
                    backoff.reset()
                    yield batch
            finally:
                self._subscriptions.discard(subscription)
                await subscription.close()
            if not self._closed.is_set():
                log.warning("axis_receiving_interrupted", reason=subscription.ended)
                await self._sleep(backoff.pause())

    async def _subscribe(self, queues: frozenset[str], ahead: Ahead) -> Subscription:
        return await subscribe(
            self._broker,
            queues,
            silence=self._silence,
            ahead=ahead,
            watch_interval=self._watch_interval,
            on_canary=self._young.came,
        )

    def receive_dead(self, queues: frozenset[str]) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield what is on the dead-letter queues of these queues, in the same way."""
        return self.receive(frozenset(queue + amqp_topology.DEAD_SUFFIX for queue in queues))

    async def settle(self, *, done: Sequence[Incoming], dead: Sequence[Incoming] = ()) -> None:
        """Acknowledge `done` and send `dead` to the dead-letter queues; what an earlier connection delivered is passed over."""
        by_subscription: dict[Subscription, tuple[list[Tag], list[Tag]]] = {}
        for which, messages in enumerate((done, dead)):
            for message in messages:
                if not isinstance(message.tag, Tag):
                    raise TypeError("this message came from another link")
                by_subscription.setdefault(message.tag.subscription, ([], []))[which].append(message.tag)
        for subscription, (settled, refused) in by_subscription.items():
            await subscription.settle(done=settled, dead=refused)

    async def ready(self) -> None:
        """Send a message that comes straight back.

        Raises:
            AxisUnreachableError: it cannot be sent, or does not come back.

        """
        await self._publisher.probe()

    async def close(self) -> None:
        """End every `receive` and close the connections; what is not settled comes again next time."""
        self._closed.set()
        await self._young.close()
        await self._silence.close()
        for subscription in tuple(self._subscriptions):
            await subscription.close()
        await self._publisher.close()

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than this link lives."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()


def _told(outcome: SendOutcome) -> SendOutcome:
    """Say what to do about a return where this process cannot mend it."""
    if outcome.result is not SendResult.RETURNED:
        return outcome
    return replace(outcome, reason=f"{outcome.reason}: the broker lacks the queue, see vanthu axis topology")


def _fits(queue: str) -> bool:
    return len(queue.encode()) <= amqp_topology.MAX_NAME
