"""The port for dead letters, and for deliveries that keep failing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gateway.dead_letters import (
    Cause,
    CauseGroup,
    DeadLetter,
    Death,
    Decision,
    LetterItem,
    LetterState,
    Order,
    Selection,
    StuckGroup,
)


class DeadLetters(Protocol):
    """What could not be processed, until somebody decides; and what they ordered.

    Every act of a person is one transaction with its log entry, which names who, why and how many. Several processes may work
    off orders at the same time: each letter is leased to one of them.
    """

    async def bury(self, deaths: Sequence[Death]) -> None:
        """Keep what died, each with its log entry, in one commit.

        The same bytes on the same queue again are counted, and wait again if they had been resent or discarded. The same death
        once more (`attempt`) changes nothing: its reason of before stands, and no entry is written.
        """

    async def causes(self) -> tuple[CauseGroup, ...]:
        """Return the causes of the letters that wait, the most letters first."""

    async def letters(
        self, *, state: LetterState, cause: str | None, after: str | None, limit: int
    ) -> tuple[DeadLetter, ...]:
        """Return letters in one state, the oldest first, by keyset on id."""

    async def letter(self, letter_id: str) -> tuple[DeadLetter, bytes | None] | None:
        """Return one letter, and its body while that is kept."""

    async def resend(self, selection: Selection, decision: Decision) -> Order | None:
        """Order that letters which wait be examined again; None if none of these waits. Logs `dead_letters_resent`."""

    async def discard(self, selection: Selection, decision: Decision) -> int:
        """Give up letters that wait, and their bodies; return how many. Logs `dead_letters_discarded` if there were any."""

    async def stuck(self) -> tuple[StuckGroup, ...]:
        """Return what is owed to the axis, was tried often and is not through, by what was said last."""

    async def retry(self, selection: Selection, decision: Decision) -> Order | None:
        """Order that stuck deliveries be tried now; `cause` is a reason as `stuck` tells it. Logs `deliveries_urged`."""

    async def orders(self, *, limit: int) -> tuple[Order, ...]:
        """Return orders, the newest first."""

    async def claim(self, *, lease: timedelta, crashed: Cause) -> LetterItem | None:
        """Lease the next letter whose order is due; None if nothing is.

        Works off a piece of what else is due: stuck deliveries become due in the outbox. An order with nothing left is finished.
        A letter whose lease ended twice without a word waits again, with the cause `crashed`.
        """

    async def next_due(self) -> datetime | None:
        """Return when the next order is due; None if none is under way."""

    async def taken(self, item: LetterItem) -> None:
        """Record that a letter was taken, if it is still held under this fence; its body is given up."""

    async def failed(self, item: LetterItem, death: Death | None) -> None:
        """Record that a letter died again, with the entry of that, or (None) could not be judged now: it waits again."""
