"""Shipping: from leased outbox rows to messages on the axis, in slices, so that no document is ever in memory as a whole.

A gateway that shares the payload store gets a manifest; any other gets a big document in pieces, and the manifest behind them.
Invariants: of each batch no more than one slice is read ahead of the broker's word; a delivery is as well off as the worst of its
messages; after the first failure nothing more of it is sent, because it is sent again from the start; its lease is prolonged for
as long as this takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final, TypeAlias

import structlog
from uuid_utils import uuid4

from gateway.errors import GatewayError
from gateway.flow.envelope import seal_message
from gateway.flow.segments import cut
from gateway.flow.spool import SMALL
from gateway.keys import SigningKey
from gateway.ports import AxisLink, Documents, Payloads
from gateway.records import AxisMessage, OutboxItem, SendOutcome, SendResult

LEASE: Final = timedelta(seconds=60)
"""Longer than a send of one slice, so that a row is not sent twice while its first answer is still awaited."""

_RENEWALS: Final = 3
"""How many times a lease is prolonged before it would end."""

_CONFIRMED: Final = SendOutcome(result=SendResult.CONFIRMED)
_RANK: Final = {SendResult.CONFIRMED: 0, SendResult.RETURNED: 1, SendResult.UNKNOWN: 2}

_log = structlog.get_logger()

_Stream: TypeAlias = Generator[tuple[int, AxisMessage], None, None]


class Shipper:
    """Sends leased rows, each as one message or as many."""

    def __init__(self, *, documents: Documents, payloads: Payloads, link: AxisLink, key: SigningKey) -> None:
        self._documents = documents
        self._payloads = payloads
        self._link = link
        self._key = key

    async def ship(
        self, items: Sequence[OutboxItem], *, apart: frozenset[str], slice_bytes: int
    ) -> tuple[SendOutcome, ...]:
        """Send rows in their order and return what became of each; `apart` are the queues of those who do not share payloads."""
        bodies = await self._documents.bodies(
            {item.message.sha256 for item in items if item.message is not None and item.message.size <= SMALL}
        )
        outcomes = [_CONFIRMED] * len(items)
        stream = self._messages(items, bodies, apart, outcomes)
        async with self._held(items):
            try:
                is_over = False
                while not is_over:
                    part, is_over = await asyncio.to_thread(_slice, stream, slice_bytes)
                    answers = await self._link.send([message for _, message in part])
                    for (position, _), answer in zip(part, answers, strict=True):
                        outcomes[position] = max(outcomes[position], answer, key=_badness)
            finally:
                with suppress(ValueError):  # a thread is still at it: then it is closed when that is done
                    stream.close()
        return tuple(outcomes)

    def _messages(
        self,
        items: Sequence[OutboxItem],
        bodies: dict[str, bytes],
        apart: frozenset[str],
        outcomes: list[SendOutcome],
    ) -> _Stream:
        """Yield messages with the position of their row, leaving out the rest of a row that has failed."""
        for position, item in enumerate(items):
            try:
                for body in self._bodies(item, bodies, apart):
                    if outcomes[position].result is not SendResult.CONFIRMED:
                        break
                    # A new id for each attempt: the AMQP library pairs answers by it (docs/adr/0004).
                    yield position, AxisMessage(id=str(uuid4()), queue=item.queue, body=body)
            except (OSError, GatewayError) as error:
                _log.warning("delivery_not_sent", delivery=item.id, reason=str(error))
                outcomes[position] = SendOutcome(result=SendResult.UNKNOWN, reason=type(error).__name__)

    def _bodies(self, item: OutboxItem, bodies: dict[str, bytes], apart: frozenset[str]) -> Iterator[bytes]:
        if item.message is None or item.recipient is None:
            if item.body is None:
                raise AssertionError("an outbox row holds a message or a sealed receipt")
            yield item.body
            return
        is_small = item.message.size <= SMALL
        if not is_small and item.queue in apart:
            yield from cut(item, self._payloads.path(item.message.sha256), key=self._key)
        inline = bodies[item.message.sha256] if is_small else None
        yield seal_message(item.message, item.recipient, inline, key=self._key)

    @asynccontextmanager
    async def _held(self, items: Sequence[OutboxItem]) -> AsyncIterator[None]:
        """Prolong the leases of rows until the block ends."""
        renewing = asyncio.create_task(self._renew(items))
        try:
            yield
        finally:
            renewing.cancel()

    async def _renew(self, items: Sequence[OutboxItem]) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / _RENEWALS)
            try:
                await self._documents.renew(items, lease=LEASE)
            except Exception:  # noqa: BLE001 - without a lease it is sent twice, and the receiver drops the repeat
                _log.warning("lease_not_renewed", rows=len(items), exc_info=True)


def _slice(stream: _Stream, limit: int) -> tuple[list[tuple[int, AxisMessage]], bool]:
    """Return the next messages up to the limit and one, and whether they are the last."""
    part: list[tuple[int, AxisMessage]] = []
    size = 0
    for each in stream:
        part.append(each)
        size += len(each[1].body)
        if size >= limit:
            return part, False
    return part, True


def _badness(outcome: SendOutcome) -> int:
    return _RANK[outcome.result]
