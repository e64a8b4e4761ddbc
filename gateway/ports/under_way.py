"""The port for deliveries whose addressee's code ended, is split or suspended, that expire, and for what senders are told."""

from __future__ import annotations

from typing import Protocol

from gateway.under_way import Choice, HeldCode, Notice, Swept
from routing.heading import Course


class UnderWay(Protocol):
    """What becomes of documents under way when the registry changes.

    Every change of a delivery is one transaction with its log entry and the notice to the sender. Several processes may sweep at
    the same time: each delivery changes once, and what another process holds is left to it.
    """

    async def sweep(self, course: Course, *, after: str | None, limit: int) -> Swept:
        """Look at up to `limit` deliveries in the outbox, by keyset on id, and do with each what the course says.

        Logs `rerouted`, `held`, `released` and `undeliverable`. What is leased is left alone.
        """

    async def hand_over(self, course: Course, *, gateway: str, after: str | None, limit: int) -> Swept:
        """Look at up to `limit` inbox items not acknowledged, and hand those over whose member serves their addressee no more.

        They go to the member that serves whoever took over, if `gateway` hosts it; else they stay. Logs `handed_over`.
        """

    async def expire(self, *, limit: int) -> int:
        """Expire up to `limit` deliveries whose deadline has passed by the transaction's time, and return how many it took.

        They leave the outbox, held ones too; what is leased is left until its lease is over. Logs `expired`.
        """

    async def held(self) -> tuple[HeldCode, ...]:
        """Return the codes to which deliveries are held, in their order."""

    async def resolve(self, choice: Choice, course: Course, *, limit: int) -> int:
        """Do with up to `limit` held deliveries to a code what people chose, and return how many there were.

        Logs `rerouted` by the rule `chosen`, or `undeliverable`, with the actor and what was said.

        Raises:
            ValueError: no connected system serves the code chosen.

        """

    async def notices(self, *, member_id: str, after: str | None, limit: int) -> tuple[Notice, ...]:
        """Return what a member is told, the oldest first, by keyset on id."""
