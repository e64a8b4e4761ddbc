"""The port for questions about deliveries that arrived: asking them, and answering those of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.inquiries import Asked, Question


class Inquiries(Protocol):
    """Who is asked what became of a delivery, and when again; several processes may ask at the same time."""

    async def due(self, *, limit: int) -> tuple[Asked, ...]:
        """Return deliveries that arrived, were not heard of again, and about which it is time to ask; the longest due first."""

    async def ask(self, questions: Sequence[Question]) -> int:
        """Put questions in the outbox and return how many there were; what is not due any more is not asked.

        The next time comes when twice as long has passed since the arrival, so that a receipt that is lost after some time is
        found again in as much time, and a system that never acknowledges is asked a dozen times in a year. A question that still
        waits in the outbox is not put there twice.
        """

    async def answer(self, asked: Sequence[Asked]) -> tuple[bool, ...]:
        """Put the last receipt of each delivery in the outbox once more; False for what never arrived here.

        Of one that its system has not acknowledged yet there is nothing to say.
        """
