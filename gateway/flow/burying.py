"""Dead letters on their way into the store: what they died of, and the loop that takes them off the axis.

What this gateway judged itself is stored with its reason before the axis hears of it; what the axis counted out, or another
system rejected, comes from the dead-letter queues. Invariant: a letter is taken off the axis only after it was committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

import structlog

from gateway.dead_letters import Cause, Death
from gateway.errors import GatewayError
from gateway.flow import entries
from gateway.flow.arrivals import hosted_queues, sha256_of
from gateway.flow.errors_dead_letters import (
    DeliveryLimitError,
    ExpiredOnAxisError,
    QueueOverflowError,
    RejectedOnAxisError,
    UnknownDeathError,
)
from gateway.flow.notifying import LOG, MEMBERS, Bell, wait
from gateway.flow.supervision import until_one_ends
from gateway.ports import AxisLink, Store
from gateway.records import Incoming
from routing.errors import printable

LOOK_AGAIN: Final = 1.0

_BY_THE_AXIS: Final[dict[str, type[GatewayError]]] = {
    "delivery_limit": DeliveryLimitError,
    "rejected": RejectedOnAxisError,
    "maxlen": QueueOverflowError,
    "expired": ExpiredOnAxisError,
}
_log = structlog.get_logger()


def cause_of(error: GatewayError) -> Cause:
    """Return an error as the cause of a death."""
    texts = {name: getattr(error, name).format(**error.facts) for name in ("vi", "en", "fix_vi", "fix_en")}
    return Cause(code=error.code, words=texts)


def died_of(incoming: Incoming) -> GatewayError:
    """Return what the axis says that a letter died of, as an error with its texts."""
    known = _BY_THE_AXIS.get(incoming.died_of or "")
    return UnknownDeathError(died_of=printable(incoming.died_of or "?")) if known is None else known()


def death_of(incoming: Incoming, error: GatewayError) -> Death:
    """Return a death with its log entry."""
    sha256 = sha256_of(incoming.body)
    return Death(
        queue=incoming.queue,
        body=incoming.body,
        sha256=sha256,
        attempt=incoming.id,
        cause=cause_of(error),
        event=entries.dead_letter(incoming, error, sha256=sha256),
    )


class Collector:
    """Takes the dead letters of the hosted members off the axis."""

    def __init__(self, *, gateway: str, store: Store, link: AxisLink, bell: Bell) -> None:
        self._gateway = gateway
        self._store = store
        self._link = link
        self._bell = bell

    async def one_pass(self) -> None:
        """Collect for the members hosted now, until their set changes or the link gives up."""
        directory = await self._store.registry.directory()
        hosted = hosted_queues(directory, self._gateway)
        await self._link.declare(hosted)
        await until_one_ends(self._collect(hosted), self._until_hosted_change(hosted))

    async def _collect(self, queues: frozenset[str]) -> None:
        if not queues:
            await asyncio.Event().wait()
        async with aclosing(self._link.receive_dead(queues)) as batches:
            async for batch in batches:
                await self.keep(batch)

    async def keep(self, letters: Sequence[Incoming]) -> None:
        """Commit letters, then take them off the axis."""
        await self._store.dead_letters.bury([death_of(each, died_of(each)) for each in letters])
        await self._link.settle(done=letters)
        self._bell.ring(LOG)
        _log.warning("dead_letters_collected", letters=len(letters))

    async def _until_hosted_change(self, hosted: frozenset[str]) -> None:
        while True:
            rung = self._bell.listen(MEMBERS)
            if hosted_queues(await self._store.registry.directory(), self._gateway) != hosted:
                return
            await wait(rung, LOOK_AGAIN)
