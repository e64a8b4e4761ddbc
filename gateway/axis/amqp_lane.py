"""One channel that receives: which of its deliveries are settled, and by which commands the others will be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiormq.abc import AbstractChannel


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
