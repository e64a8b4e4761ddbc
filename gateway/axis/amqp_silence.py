"""Queues that do not answer: one that has no leader costs nobody else anything.

A quorum queue without a leader is declared and counted as ever. But a channel that publishes to it, or wants to consume from it,
is stuck for 65 seconds with everything behind it, and then the broker closes the consumer's connection. So a queue that is
suspected is asked on a channel of its own, on a connection for nothing else, and what stays silent is passed over until it
answers. Invariants: a queue counts as silent only if the same connection answered about another one meanwhile; it is asked again
and again, with growing pauses, until it answers; any answer counts, a refusal too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from enum import Enum
from typing import Final
from uuid import uuid4

import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq.exceptions import AMQPChannelError, DeliveryError

from gateway.axis import amqp_topology
from gateway.axis.amqp_connection import AxisConnection, Backoff, Broker, being_cancelled
from gateway.axis.errors import AxisError, AxisUnreachableError, QueuesSilentError

ANSWER_SECONDS: Final = 3.0
"""Seconds that a queue has for its answer."""

AT_ONCE: Final = 100
"""Queues that are asked at the same time, each on a channel of its own."""

LONGEST_PAUSE: Final = 30.0
"""Seconds between two looks at a queue that has been silent for long."""

FORGOTTEN: Final = 300.0
"""Seconds after which a queue that refuses messages is looked at as if for the first time."""

CONTROL: Final = "vanthu.probe"
"""A name that no queue has: what is asked about it is refused at once by a broker that is well."""

FIX: Final = (
    "If nodes of the cluster are down, start them. If it stays silent, delete it (rabbitmqctl delete_queue): it is made again "
    "and gets from the outboxes what it had."
)

log = structlog.get_logger(__name__)


class Answer(Enum):
    """What came of asking about a queue."""

    YES = "done"
    NO = "refused"
    NONE = "no answer"


Ask = Callable[[AbstractChannel, str], Awaitable[object]]


async def send_canary(
    channel: AbstractChannel, queue: str, *, exchange: str = amqp_topology.EXCHANGE, canary_id: str = ""
) -> None:
    """Ask whether a queue takes what is sent to it; a canary without an id of the caller's gets one."""
    canary = Message(
        b"",
        message_id=canary_id or uuid4().hex,
        type=amqp_topology.CANARY,
        delivery_mode=DeliveryMode.PERSISTENT,
    )
    road = await channel.get_exchange(exchange, ensure=False)
    await road.publish(canary, queue, mandatory=True)


async def try_to_consume(channel: AbstractChannel, queue: str) -> None:
    """Ask whether a queue takes consumers; a message that it hands out at once goes back when the channel closes."""

    async def passed_over(_: AbstractIncomingMessage) -> None:
        pass

    await channel.set_qos(prefetch_count=1)
    await (await channel.get_queue(queue, ensure=False)).consume(passed_over)


async def answers(broker: Broker, queues: Iterable[str], ask: Ask) -> dict[str, Answer]:
    """Ask about queues, side by side, on a connection for nothing else.

    Raises:
        AxisUnreachableError: there is no connection, or the broker gives no answer at all.

    """
    waiting = sorted(queues)
    if not waiting:
        return {}
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            connection = await broker.connect("look")
    except TimeoutError:
        raise AxisUnreachableError(f"{broker}: no connection within {ANSWER_SECONDS:g} s") from None
    try:
        async with broker.guard(connection):
            return await _answers(broker, connection, waiting, ask)
    finally:
        # A channel that is stuck answers no farewell.
        await connection.drop()


async def unanswered(broker: Broker, queues: Iterable[str], ask: Ask) -> frozenset[str]:
    """Return those of the queues about which the broker gives no answer, although it answers otherwise.

    Raises:
        AxisUnreachableError: there is no connection, or the broker gives no answer at all.

    """
    found = await answers(broker, queues, ask)
    return frozenset(queue for queue, answer in found.items() if answer is Answer.NONE)


async def _answers(
    broker: Broker, connection: AxisConnection, queues: Sequence[str], ask: Ask
) -> dict[str, Answer]:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def one(queue: str) -> Answer:
        async with at_once:
            return await _answer(connection, queue, ask)

    found: dict[str, Answer] = {}
    for queue, answer in zip(
        queues, await asyncio.gather(*map(one, queues), return_exceptions=True), strict=True
    ):
        if isinstance(answer, BaseException):
            raise answer
        found[queue] = answer
    if Answer.NONE in found.values() and await _answer(connection, CONTROL, ask) is Answer.NONE:
        raise AxisUnreachableError(f"{broker}: no answer within {ANSWER_SECONDS:g} s")
    return found


async def _answer(connection: AxisConnection, queue: str, ask: Ask) -> Answer:
    """Ask over a channel for nothing else."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            await ask(channel, queue)
            await channel.close()
    except TimeoutError:
        return Answer.NONE
    except (AMQPChannelError, DeliveryError):
        return Answer.NO
    except asyncio.CancelledError:
        if being_cancelled():
            raise
        raise AxisUnreachableError("the broker fell silent") from None
    return Answer.YES


class Doubt:
    """When a queue that refuses messages may be looked at: seldom in the long run, because it may just be full."""

    def __init__(self) -> None:
        self._backoff = Backoff(first=2.0, most=120.0)
        self._until = 0.0

    def is_due(self) -> bool:
        """Say whether now is the time, and set the next one."""
        now = asyncio.get_running_loop().time()
        if now < self._until:
            return False
        if now > self._until + FORGOTTEN:
            self._backoff.reset()
        self._until = now + self._backoff.pause()
        return True


def _nothing() -> None:
    """Tell nobody."""


class Silence:
    """The queues that do not answer one kind of question; a task asks them again while there are any."""

    def __init__(
        self, broker: Broker, ask: Ask, *, blocks: str, on_answer: Callable[[], None] = _nothing
    ) -> None:
        """Take the question, what a queue without an answer cannot do, for the log, and whom to tell when one answers again."""
        self._broker = broker
        self._ask = ask
        self._blocks = blocks
        self._on_answer = on_answer
        self._silent: set[str] = set()
        self._asking = asyncio.Lock()
        self._backoff = Backoff(first=1.0, most=LONGEST_PAUSE)
        self._answered = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def queues(self) -> frozenset[str]:
        """All that are silent now."""
        return frozenset(self._silent)

    def among(self, queues: Iterable[str]) -> frozenset[str]:
        """Return which of these queues are known to be silent."""
        return frozenset(self._silent.intersection(queues))

    async def find(self, queues: Iterable[str]) -> frozenset[str]:
        """Ask about queues that are suspected, and return which of them are silent.

        Raises:
            AxisUnreachableError: the broker cannot be reached, or answers nothing at all.

        """
        suspected = frozenset(queues)
        async with self._asking:
            silent = await unanswered(self._broker, suspected - self._silent, self._ask)
        for queue in sorted(silent):
            log.warning("axis_queue_silent", queue=queue, cannot=self._blocks, fix=FIX)
        self._silent |= silent
        if silent:
            self._backoff.reset()
        if silent and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._look_again())
        return self.among(suspected)

    async def check(self, queues: Iterable[str]) -> None:
        """Ask about queues that are suspected; of a broker that answers nothing at all, nothing follows.

        Raises:
            QueuesSilentError: one of them is silent.

        """
        suspected = frozenset(queues)
        if suspected:
            with suppress(AxisUnreachableError):
                await self.find(suspected)
        if silent := self.among(suspected):
            raise QueuesSilentError(silent)

    async def one_answers(self, queues: frozenset[str]) -> str:
        """Wait until one of these queues is silent no more, and return its name."""
        while not (answering := queues - self._silent):
            await self._answered.wait()
        return min(answering)

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _look_again(self) -> None:
        while self._silent:
            await asyncio.sleep(self._backoff.pause())
            with suppress(AxisError):
                asked = frozenset(self._silent)
                self._hear(asked - await unanswered(self._broker, asked, self._ask))

    def _hear(self, answering: frozenset[str]) -> None:
        """Note that queues answer again, and wake whoever waits for one."""
        if answering:
            self._silent -= answering
            log.warning("axis_queues_answer_again", queues=sorted(answering))
            self._on_answer()
            self._answered.set()
            self._answered = asyncio.Event()
