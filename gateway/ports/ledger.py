"""The port for the loss ledger: the routing log and the rows held against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from gateway.ledger import Balance, OutboxPage, Page
from routing.ledger import Gap

HasPayload: TypeAlias = Callable[[str], bool]
"""Says whether a body that is in no row is in the payload store; called in a thread."""


class Ledger(Protocol):
    """Every answer is made from one snapshot, so that a document which moves meanwhile is seen before or after, never in between.

    Nothing here keeps anybody from writing: all but `requeue` and the few sums that `advance` writes down only read.
    """

    async def advance(self, *, limit: int) -> bool:
        """Add up to `limit` further entries of the log to the sums by day; return whether there may be more.

        Several processes may do so at the same time: every entry counts once.
        """

    async def balance(self, *, most: int) -> Balance | None:
        """Return the equation now; None if more than `most` entries of the log are not in the sums yet."""

    async def owed(self, *, after: str | None, limit: int, overdue_before: datetime) -> Page:
        """Check the documents of up to `limit` deliveries that are owed, in the order of their states and ids.

        Overdue are those handed to the axis whose document was accepted before `overdue_before`.
        """

    async def page(self, *, after: str | None, limit: int) -> Page:
        """Check up to `limit` documents of all there are, in the log or in rows, by keyset on their ids."""

    async def check(self, documents: Sequence[str]) -> tuple[Gap, ...]:
        """Check these documents."""

    async def requeue(self, deliveries: Sequence[str]) -> tuple[str, ...]:
        """Put what is owed but not in the outbox back into it, and return which that were. Logs `requeued`."""

    async def outbox(self, *, after: str | None, limit: int) -> OutboxPage:
        """Count up to `limit` rows of the outbox, by keyset on their ids; a body that goes to several addressees counts once."""

    async def oldest_unplaced(self) -> datetime | None:
        """Return when the oldest entry was written that has no place in the log's tree yet; None if there is none."""

    async def recounted(self) -> datetime | None:
        """Return when everything was counted last and no gap found."""

    async def note_recount(self) -> None:
        """Note that everything was counted, and no gap found."""
