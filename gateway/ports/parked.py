"""The port for documents that could not be decided yet and are kept until they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from gateway.interval import ALWAYS, Interval
from gateway.parked import Parked, ParkedBacklog, ParkedItem, ParkedState, Parking, Road
from gateway.records import Event, IdempotencyKey, Json


class ParkedDocuments(Protocol):
    """Parked documents: one process at a time decides on each, under a lease; every change has its log entry in the same commit.

    A parked document is accepted by `Documents.accept`, which takes its fence and ends its being parked in the same transaction.
    """

    async def park(self, parking: Parking) -> Parked:
        """Keep a document that could not be decided, with its keys, body and log entries at once; an arrival once only.

        An arrival that is parked already is returned as it is, and nothing is written.

        Raises:
            KeyConflictError: a key stands for other bytes.
            StillParkedError: a key stands for the same bytes, parked or accepted by now under the id named.
            NoRoomError: the member has as much parked as it may.

        """

    async def document(self, document_id: str) -> Parked | None:
        """Return a document of the road `intake` that is or was parked."""

    async def waiting_under(self, keys: Sequence[IdempotencyKey], sha256: str) -> Parked | None:
        """Return the document that is parked now for these bytes under any of these keys; None where a key stands for others."""

    async def documents(
        self, *, member_id: str, state: ParkedState, after: str | None, limit: int
    ) -> tuple[Parked, ...]:
        """Return a member's documents of the road `intake` in a state, the oldest first, by keyset on the id."""

    async def claim(self, *, limit: int, lease: timedelta) -> tuple[ParkedItem, ...]:
        """Lease what is due to this process; what nobody decided when its lease ends is due again, with a higher fence."""

    async def wake(self) -> None:
        """Make everything that is parked due now, because what decisions rest on has changed; leases stand."""

    async def postpone(self, item: ParkedItem, *, delay: timedelta, reason: Mapping[str, Json]) -> None:
        """Give an item back that is still undecided, due again after `delay`, or at once if it was woken meanwhile."""

    async def refuse(self, item: ParkedItem, *, reason: Mapping[str, Json], event: Event) -> bool:
        """End an item of the road `intake` as refused: its keys are free again; False if it is not held any more."""

    async def withdraw(self, document_id: str, *, member_id: str, event: Event) -> bool:
        """End a parked document because its sender takes it back; False if it is no parked document of this member."""

    async def finish(self, item: ParkedItem) -> None:
        """Forget an arrival that was decided; its own tables and entries hold what became of it."""

    async def refuse_at_once(self, event: Event, *, sha256: str, steady: Interval = ALWAYS) -> None:
        """Record that bytes were not accepted, and when they were first seen.

        Raises:
            InstantPassedError: the transaction's time lies outside `steady`, for which that was decided.

        """

    async def first_seen(self, sha256: str) -> datetime | None:
        """Return when bytes that were not accepted at once were first seen here."""

    async def backlog(self) -> Mapping[Road, ParkedBacklog]:
        """Return how much is parked now, by road."""
