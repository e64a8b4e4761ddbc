"""Sending on RabbitMQ: mandatory, persistent, confirmed, and honest about what is not known.

Messages that are sent together go into one write, because a write of its own for each costs three to four times the CPU, here and
in the broker. Invariants: a message is CONFIRMED only after the broker's ack and RETURNED only after its return; anything else,
a nack included, is UNKNOWN and may still be delivered; after a failure the channel and its connection are dropped, because nobody
knows what state they are in; a queue that is silent is found out (`amqp_silence`), and what is for it is UNKNOWN at once until it
answers. aiormq pairs a return with its message by `message_id`, so ids must differ (docs/adr/0004).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import cast
from uuid import uuid4

import structlog
from aiormq import Channel, DeliveryError, PublishError

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Backoff, Broker
from gateway.axis.amqp_line import Line
from gateway.axis.amqp_silence import CONTROL, Answer, Doubt, Silence, answers, send_canary
from gateway.axis.errors import AxisError, AxisUnreachableError, ChannelSpoiledError, QueuesSilentError
from gateway.records import AxisMessage, SendOutcome, SendResult

WRITES = 2
"""How many writes may wait for their confirms at the same time."""

WRITE_MESSAGES = 50
"""Messages in one write; with `WRITES` at most 100 unconfirmed."""

LOOK_AGAIN = 1.0
"""Seconds between two tries of a broker that takes nothing."""

WRITE_BYTES = 4 * 2**20
"""Bytes in one write; with `WRITES` at most 8 MiB in flight: above that asyncio copies its buffer again and again."""

PATIENCE = 2.0
"""Seconds without a confirm after which the queues in question are looked at."""

log = structlog.get_logger(__name__)


class Publisher:
    """Sends over one connection of its own, which it opens when needed and again after a failure."""

    def __init__(self, broker: Broker, *, on_answer: Callable[[], None]) -> None:
        """Take the broker; `on_answer` is called when a queue that was silent answers again."""
        self._broker = broker
        self._silence = Silence(broker, send_canary, blocks="take what is sent to it", on_answer=on_answer)
        self._doubts: dict[str, Doubt] = {}
        self._writes = asyncio.Semaphore(WRITES)
        self._parts: set[asyncio.Task[list[SendOutcome]]] = set()
        self._opening = asyncio.Lock()
        self._line: Line | None = None
        self._backoff = Backoff()
        self._retry_at = 0.0
        self._reason = ""
        self._closed = False
        self.blocked = ""
        """Why the broker takes no messages, in its own words; empty while it does, or while nobody knows."""
        self._trying: asyncio.Task[None] | None = None

    @property
    def silent(self) -> frozenset[str]:
        """Queues that take nothing, and do not answer."""
        return self._silence.queues

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Send messages and return the broker's word on each, in their order.

        A caller that is cancelled stops waiting; what it sent goes on, and so do its neighbours. While the broker is blocked
        nothing is sent: it would all be delivered later, although nobody here could tell.
        """
        if self.blocked:
            reason = f"the broker takes no messages: {self.blocked}"
            return (SendOutcome(result=SendResult.UNKNOWN, reason=reason),) * len(messages)
        return await self._send(messages)

    async def _send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        tasks = [asyncio.create_task(self._send_part(part)) for part in _parts(messages)]
        for task in tasks:
            self._parts.add(task)
            task.add_done_callback(self._parts.discard)
        return tuple(chain.from_iterable(await asyncio.shield(asyncio.gather(*tasks))))

    async def probe(self) -> None:
        """Send a message that no queue takes and wait until it comes back.

        Nothing else shows that the broker takes messages: one that an alarm blocks opens connections as ever. The message needs a
        body, because that is what such a broker does not read.

        Raises:
            AxisUnreachableError: it does not come back.

        """
        await self.connection()
        (outcome,) = await self._send((AxisMessage(id=uuid4().hex, queue=CONTROL, body=b"?"),))
        if outcome.result is SendResult.UNKNOWN:
            known = (
                f"an alarm blocks the broker ({self.blocked})"
                if self.blocked
                else "an alarm may block the broker"
            )
            raise AxisUnreachableError(f"no answer to a probe, {known}: {outcome.reason}")

    async def connection(self) -> AxisConnection:
        """Return the open connection, opening it now if there is none.

        Raises:
            AxisUnreachableError: it cannot be opened.

        """
        return (await self._open(patient=False)).connection

    async def close(self) -> None:
        """Close the connection; what still waits, and what is sent from now on, has an unknown outcome."""
        self._closed = True
        if self._trying is not None:
            self._trying.cancel()
        await self._silence.close()
        line, self._line = self._line, None
        if line is not None:
            await line.connection.leave()
        if self._parts:
            await asyncio.wait(self._parts)

    async def _send_part(self, messages: Sequence[AxisMessage]) -> list[SendOutcome]:
        """Send what fits in one write; as a task of its own, so that aiormq's stray cancellations end here."""
        sent: dict[str, asyncio.Future[object]] = {}
        reason = ""
        async with self._writes:
            silent = self._silence.among(message.queue for message in messages)
            fit = [message for message in messages if message.queue not in silent]
            try:
                if fit:
                    line = await self._open(patient=True)
                    async with self._broker.guard(line.connection), asyncio.timeout(self._broker.timeout):
                        under_way = dict(zip(await line.write(fit), fit, strict=True))
                        sent |= {message.id: word for word, message in under_way.items()}
                        await self._wait(under_way)
                        await self._doubt(under_way)
            except AxisError as error:
                reason = str(error)
        outcomes = [self._outcome(message, sent.get(message.id), reason) for message in messages]
        if any(outcome.result is not SendResult.UNKNOWN for outcome in outcomes):
            self._backoff.reset()
            self._told("")
        return outcomes

    async def _wait(self, sent: dict[asyncio.Future[object], AxisMessage]) -> None:
        """Wait for the broker's word on all messages, but not for a queue that is silent: it may hold up all others.

        Raises:
            QueuesSilentError: one of the queues is silent; the line has to be dropped.

        """
        waiting = set(sent)
        while waiting:
            _, waiting = await asyncio.wait(waiting, timeout=PATIENCE)
            await self._silence.check(sent[each].queue for each in waiting)

    async def _doubt(self, sent: dict[asyncio.Future[object], AxisMessage]) -> None:
        """Look whether a queue that this channel refuses takes a canary from another one.

        A channel that publishes for the first time while a queue changes its leader may refuse all there is for it, for ever
        (RabbitMQ 3.10.8), as if the queue were full.

        Raises:
            ChannelSpoiledError: it does; the line has to be dropped.

        """
        refused = {message.queue for confirmation, message in sent.items() if _is_refusal(confirmation)}
        doubted = {queue for queue in refused if self._doubts.setdefault(queue, Doubt()).is_due()}
        found: dict[str, Answer] = {}
        with suppress(AxisUnreachableError):
            found = await answers(self._broker, doubted, send_canary)
        if spoiled := sorted(queue for queue, answer in found.items() if answer is Answer.YES):
            log.warning("axis_channel_spoiled", queues=spoiled)
            raise ChannelSpoiledError(f"{self._broker}: the channel refuses what others may send")

    def _told(self, reason: str) -> None:
        """Note whether the broker takes messages; while it does not, try again and again whether that is over.

        Nothing else would find out: the connection that was told may be gone, and whoever sees that the axis is blocked sends
        nothing.
        """
        if reason == self.blocked:
            return
        was, self.blocked = self.blocked, reason
        if reason:
            log.warning("axis_blocked", broker=str(self._broker), reason=reason)
        else:
            log.warning("axis_unblocked", broker=str(self._broker), reason=was)
        if reason and (self._trying is None or self._trying.done()):
            self._trying = asyncio.create_task(self._try_until_unblocked())

    async def _try_until_unblocked(self) -> None:
        while self.blocked and not self._closed:
            await asyncio.sleep(LOOK_AGAIN)
            with suppress(AxisError):
                await self.probe()

    def _outcome(
        self, message: AxisMessage, confirmation: asyncio.Future[object] | None, reason: str
    ) -> SendOutcome:
        if confirmation is None or not confirmation.done() or confirmation.cancelled():
            if self._silence.among((message.queue,)):
                reason = str(QueuesSilentError(frozenset({message.queue})))
            return SendOutcome(result=SendResult.UNKNOWN, reason=reason)
        match confirmation.exception():
            case None:
                return SendOutcome(result=SendResult.CONFIRMED)
            case PublishError() as error:
                return SendOutcome(result=SendResult.RETURNED, reason=str(error.args[0]))
            case DeliveryError():
                return SendOutcome(result=SendResult.UNKNOWN, reason="the queue is full or failed (nack)")
            case error:
                return SendOutcome(result=SendResult.UNKNOWN, reason=reason or self._broker.explain(error))

    async def _open(self, *, patient: bool) -> Line:
        """Return the line, opened anew if it is broken; a patient caller respects the pause after a failure.

        Raises:
            AxisUnreachableError: it cannot be opened, or it was closed for good.

        """
        clock = asyncio.get_running_loop().time
        async with self._opening:
            if self._closed:
                raise AxisUnreachableError(f"{self._broker}: this link is closed")
            if self._line is not None and not self._line.channel.is_closed:
                return self._line
            if patient and clock() < self._retry_at:
                raise AxisUnreachableError(self._reason)
            broken, self._line = self._line, None
            try:
                line = await self._replace(broken)
            except AxisError as error:
                self._reason = str(error)
                self._retry_at = clock() + self._backoff.pause()
                raise
            if self._closed:
                await line.connection.leave()
                raise AxisUnreachableError(f"{self._broker}: this link was closed")
            self._line = line
            return line

    async def _replace(self, broken: Line | None) -> Line:
        if broken is not None:
            await broken.connection.drop()
            log.warning("axis_publisher_reconnecting", broker=str(self._broker))
        connection = await self._broker.connect("publisher")
        async with self._broker.guard(connection), asyncio.timeout(self._broker.timeout):
            await amqp_topology.ensure_exchange(connection, seconds=self._broker.timeout)
            connection.on_blocking(self._told)
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            return Line(connection=connection, channel=cast("Channel", await channel.get_underlay_channel()))


def _is_refusal(confirmation: asyncio.Future[object]) -> bool:
    """Say whether the broker answered with a nack."""
    if confirmation.cancelled():
        return False
    error = confirmation.exception()
    return isinstance(error, DeliveryError) and not isinstance(error, PublishError)


def _parts(messages: Sequence[AxisMessage]) -> Iterator[list[AxisMessage]]:
    """Cut a batch into what goes into one write; a body over the limit goes alone."""
    part: list[AxisMessage] = []
    size = 0
    for message in messages:
        if part and (len(part) == WRITE_MESSAGES or size + len(message.body) > WRITE_BYTES):
            yield part
            part, size = [], 0
        part.append(message)
        size += len(message.body)
    if part:
        yield part
