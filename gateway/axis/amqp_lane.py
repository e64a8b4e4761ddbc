"""One channel that receives: how much ahead, which of its deliveries are settled, and by which commands the others will be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiormq.abc import AbstractChannel


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


class Lane:
    """The deliveries of one channel, which counts them from 1."""

    def __init__(self, channel: AbstractChannel) -> None:
        self.channel = channel
        self._unsettled: set[int] = set()
        self._last = 0

    def arrived(self, number: int) -> None:
        """Note a delivery; a number that was skipped belongs to a message that never got here: it must stay open."""
        self._unsettled.update(range(self._last + 1, number + 1))
        self._last = max(self._last, number)

    def is_open(self, number: int) -> bool:
        """Say whether a delivery is not settled."""
        return number in self._unsettled

    def steps(self, *, done: set[int], dead: set[int]) -> list[Callable[..., Awaitable[None]]]:
        """Return the fewest commands that settle these deliveries, and count them as settled; not those settled before."""
        done, dead = done & self._unsettled, dead & self._unsettled
        self._unsettled -= done | dead
        steps: list[Callable[..., Awaitable[None]]] = [
            partial(self.channel.basic_reject, number, requeue=False) for number in sorted(dead)
        ]
        first_open = min(self._unsettled, default=self._last + 1)
        if all_before := [number for number in done if number < first_open]:
            steps.append(partial(self.channel.basic_ack, max(all_before), multiple=True))
        steps += [partial(self.channel.basic_ack, number) for number in sorted(done) if number > first_open]
        return steps
