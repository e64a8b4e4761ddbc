"""Queues that were made a moment ago: no document goes through one before it is old enough and a canary came out of it.

A quorum queue whose broker dies within its first second may never come back, with all that was confirmed on it; one that is some
seconds old does. So a new queue is not bound to `vanthu.axis` at first. The broker then returns whatever is sent to it, to every
gateway alike, and the documents wait in their outboxes. When the queue has its age, a canary (an empty message of type `CANARY`)
goes in and has to come out; then the queue is bound. Whoever finds a queue that returns documents does the same again, so it does
not matter which process dies in between, or who deletes a queue.

One that this process declared, and that does not answer when it has its age, died before it was used: there is nothing in it, so
it is deleted and made anew. Of one that somebody else declared that is not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from gateway.axis import amqp_topology
from gateway.axis.amqp_canary import Canaries, within
from gateway.axis.amqp_connection import Broker
from gateway.axis.errors import AxisError, QueueGoneError, QueuesSilentError, TopologyMissingError

REPAIR = "it has lost its leader; delete it (rabbitmqctl delete_queue {queue}), then it is made again"

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
    made: frozenset[str]
    """Whether this process declared it, so that nothing but canaries can be in it: its name, and that of its dead letters."""
    reason: str = ""


class YoungQueues:
    """The queues that this process brings into use; one task, which lives while there are any."""

    def __init__(self, broker: Broker, declare: Declare, *, age: float) -> None:
        """Take the collaborators; `age` is how old a queue must be, in seconds."""
        self._declare = declare
        self._age = age
        self._young: dict[str, _Young] = {}
        self._lost: dict[str, float] = {}
        """Queues that have to be declared again, each with the time from which on that is safe."""
        self._canaries = Canaries(broker)
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.opened = asyncio.Event()
        """Set when queues take messages that took none before; whoever waits for that clears it."""
        self.may_declare = True

    async def take(self, declared: amqp_topology.Declared) -> None:
        """Bring new queues into use: right now if no age is asked for, else in the background.

        Raises:
            AxisError: right now was asked for, and it did not work.

        """
        new = declared.new - self._young.keys()
        if not new:
            return
        if self._age <= 0:
            await self._canaries.prove(dict.fromkeys(new, True))
            self.opened.set()
            return
        log.info("axis_queues_new", queues=sorted(new), age_seconds=self._age)
        self._add(new, declared)

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
        self._canaries.came(canary)

    async def close(self) -> None:
        """Stop; whoever comes next goes on."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _add(self, queues: Iterable[str], declared: amqp_topology.Declared) -> None:
        due = asyncio.get_running_loop().time() + self._age
        for queue in queues:
            made = frozenset({queue, queue + amqp_topology.DEAD_SUFFIX}) & (declared.new | declared.new_dead)
            self._young.setdefault(queue, _Young(due=due, made=made if queue in made else frozenset()))
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
            if due := {queue: each for queue, each in self._young.items() if each.due <= clock()}:
                await self._try(due)
            if times := (*self._lost.values(), *(each.due for each in self._young.values())):
                await within(self._wake, max(0.0, min(times) - clock()))
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
            self._add(lost, declared)

    async def _try(self, due: dict[str, _Young]) -> None:
        made = frozenset[str]().union(*(young.made for young in due.values()))
        try:
            silent = await self._canaries.silent(new=made, others=due.keys() - made)
        except AxisError as error:
            self._put_off(due, str(error))
            return
        for queue, young in due.items():
            try:
                if dead := young.made & silent:
                    await self._replace(queue, dead)
                elif queue in silent:
                    self._put_off([queue], REPAIR.format(queue=queue))
                else:
                    await self._canaries.prove({queue: queue in young.made})
                    del self._young[queue]
                    self.opened.set()
            except TopologyMissingError as error:
                self._give_up(error)
                return
            except QueueGoneError:
                self._declare_again(queue)
            except QueuesSilentError:
                young.made = frozenset()
                self._put_off([queue], REPAIR.format(queue=queue))
            except AxisError as error:
                self._put_off([queue], str(error))

    async def _replace(self, queue: str, dead: frozenset[str]) -> None:
        """Make queues anew that died before they were used."""
        await self._canaries.bury(queue, dead)
        log.warning("axis_queues_replaced", queues=sorted(dead), reason="they died before they were used")
        self._declare_again(queue)

    def _declare_again(self, queue: str) -> None:
        del self._young[queue]
        self._lost[queue] = asyncio.get_running_loop().time() + PAUSE

    def _put_off(self, queues: Iterable[str], reason: str) -> None:
        """Try again later, and say why."""
        log.warning("axis_queue_not_ready", queues=sorted(queues), reason=reason)
        due = asyncio.get_running_loop().time() + RETRY_SECONDS
        for queue in queues:
            self._young[queue].reason, self._young[queue].due = reason, due

    def _give_up(self, error: TopologyMissingError) -> None:
        self.may_declare = False
        log.warning("axis_topology_missing", reason=str(error), fix=error.fix_en.format(**error.facts))
