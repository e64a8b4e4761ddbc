"""The port for documents of which only some pieces are here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gateway.pieces import Piece, Unfinished, Whole


class PartialBodies(Protocol):
    """Documents that come in pieces, until they are whole; what one gateway sends never touches another's."""

    async def write(self, whole: Whole, pieces: Sequence[Piece]) -> int:
        """Make pieces durable in any order and return how many are new; a repeat is harmless.

        Raises:
            NoRoomError: its gateway has as much unfinished as it may, or the disk is short of room; nothing was kept.

        """

    async def finish(self, whole: Whole) -> Path | None:
        """Return the file of a document whose pieces are all here, for `Payloads.adopt`; None if none of them is.

        Until the file is adopted, a repeat returns it again.

        Raises:
            SegmentsMissingError: some pieces are here and some are not.
            PayloadDiffersError: together they are not what they were announced as; all of them are dropped.

        """

    async def sweep(self, *, before: datetime) -> int:
        """Drop the documents of which no piece came since a moment, and return how many there were."""

    async def unfinished(self) -> Unfinished:
        """Return how much is kept now."""
