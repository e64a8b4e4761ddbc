"""The port for the road between gateways."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from gateway.records import AxisMessage, Incoming, SendOutcome


class AxisLink(Protocol):
    """The road between gateways: one durable queue per member, at-least-once, never a decision of its own."""

    @property
    def blocked(self) -> str:
        """Why the axis takes no messages although it can be reached, for the operator; empty while it takes them."""

    @property
    def silent(self) -> frozenset[str]:
        """Queues that do not answer although the axis does: nothing can be sent to them or received from them for now."""

    async def declare(self, queues: frozenset[str]) -> None:
        """Make sure these queues exist, ahead of use."""

    async def opened(self) -> None:
        """Wait until queues take messages that took none before, and say so once: what came back from them may be sent again."""

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Put messages on their queues and wait for the axis's word on each; failures are outcomes, not exceptions."""

    def receive(
        self, queues: frozenset[str], *, in_pieces: bool = False
    ) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield batches as they arrive, reconnecting by itself; what is not settled comes again, marked as redelivered.

        Settle while the generator lives: closing it gives back what was not settled. What may have been received before comes
        first and alone: the next only once it is settled. What comes again too often becomes a dead letter (`delivery_limit`).
        With `in_pieces`, messages of 128 KiB are usual: then fewer are taken ahead.
        """

    def receive_dead(self, queues: frozenset[str]) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield the dead letters of these queues in the same way, each with what it died of: `rejected`, `delivery_limit`, ….

        `settle(done=…)` takes them off the axis; nothing else does.
        """

    async def settle(self, *, done: Sequence[Incoming], dead: Sequence[Incoming] = ()) -> None:
        """Acknowledge what is durably stored; put what can never be processed on the dead-letter queue."""

    async def ready(self) -> None:
        """Try the connection for real; raises whatever is wrong."""

    async def close(self) -> None:
        """Stop receiving and close."""
