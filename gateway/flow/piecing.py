"""Taking pieces of documents from the axis: verified, written, and only then settled.

Nothing is written that no registered gateway vouches for, and no more than this gateway takes anyway. What there is no room for
is let go: its manifest then finds pieces missing, gets no receipt, and the sender sends all of it again later. Invariant: a piece
never decides on a document; the manifest does, once all pieces are here, or are known to be more than this gateway takes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from gateway.errors import BodyTooLargeError, GatewayError
from gateway.flow.segments import is_segment, open_segment
from gateway.pieces import Piece, Whole
from gateway.ports import Clock, NoRoomError, PartialBodies, Payloads
from gateway.records import Incoming
from gateway.telemetry import Metrics
from routing.note import Verifier

SWEEP_SECONDS: Final = 60.0

REMEMBERED: Final = 1000
"""Documents that are too large, of which we know that pieces came."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a batch came to: pieces that are done with, those that nobody vouches for, and what is no piece."""

    done: tuple[Incoming, ...]
    dead: tuple[tuple[Incoming, GatewayError], ...]
    others: tuple[Incoming, ...]


class Pieces:
    """Keeps pieces until their document is whole, and drops what was abandoned."""

    def __init__(
        self,
        *,
        partial: PartialBodies,
        payloads: Payloads,
        most: int,
        keep: timedelta,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Take the size of the largest document that is taken, and for how long after its last piece one is kept unfinished."""
        self._partial = partial
        self._payloads = payloads
        self._too_large: deque[Whole] = deque(maxlen=REMEMBERED)
        self._most = most
        self._keep = keep
        self._clock = clock
        self._metrics = metrics.pieces

    async def take(self, batch: Sequence[Incoming], verifiers: Sequence[Verifier]) -> Taken:
        """Make the pieces of a batch durable; what is done may be settled.

        Raises:
            OSError: the disk fails; nothing may be settled.

        """
        claimed = [each for each in batch if is_segment(each.body)]
        opened = await asyncio.to_thread(_open, claimed, verifiers) if claimed else []
        wholes: defaultdict[Whole, list[Piece]] = defaultdict(list)
        dead: list[tuple[Incoming, GatewayError]] = []
        for incoming, found in zip(claimed, opened, strict=True):
            if isinstance(found, GatewayError):
                dead.append((incoming, found))
                self._count("dead", 1)
            else:
                wholes[found[0]].append(found[1])
        await asyncio.gather(*(self._keep_pieces(whole, pieces) for whole, pieces in wholes.items()))
        spoiled = {id(incoming) for incoming, _ in dead}
        return Taken(
            done=tuple(each for each in claimed if id(each) not in spoiled),
            dead=tuple(dead),
            others=tuple(each for each in batch if not is_segment(each.body)),
        )

    async def finish(self, whole: Whole) -> Path | None:
        """Return the file of a document whose pieces are all here; None if none of them is.

        Raises:
            SegmentsMissingError: some are not here.
            PayloadDiffersError: together they are another document.
            BodyTooLargeError: they came, and were let go because there are too many for this gateway.

        """
        if whole in self._too_large:
            raise BodyTooLargeError(limit=self._most)
        return await self._partial.finish(whole)

    async def one_pass(self) -> None:
        """Drop what was abandoned, and wait for the next look."""
        abandoned = await self._partial.sweep(before=self._clock() - self._keep)
        if abandoned:
            _log.warning("unfinished_documents_dropped", documents=abandoned)
            self._metrics.abandoned.inc(abandoned)
        unfinished = await self._partial.unfinished()
        self._metrics.unfinished.set(unfinished.documents)
        self._metrics.unfinished_bytes.set(unfinished.size)
        await asyncio.sleep(SWEEP_SECONDS)

    async def _keep_pieces(self, whole: Whole, pieces: Sequence[Piece]) -> None:
        if whole.size > self._most:
            # Its manifest refuses it, so that the sender hears of it instead of sending it for ever.
            if whole not in self._too_large:
                self._too_large.append(whole)
            self._let_go("too_large", whole, pieces)
            return
        try:
            written = 0 if await self._is_here(whole) else await self._partial.write(whole, pieces)
        except NoRoomError:
            self._let_go("no_room", whole, pieces)
            return
        self._count("stored", written)
        self._count("repeated", len(pieces) - written)

    async def _is_here(self, whole: Whole) -> bool:
        try:
            return await asyncio.to_thread(self._payloads.has, whole.sha256)
        except GatewayError:
            # A store that cannot be asked is no reason to let a piece go.
            return False

    def _let_go(self, result: str, whole: Whole, pieces: Sequence[Piece]) -> None:
        _log.warning(
            "segments_not_kept",
            reason=result,
            gateway=whole.gateway,
            sha256=whole.sha256,
            size=whole.size,
            segments=len(pieces),
        )
        self._count(result, len(pieces))

    def _count(self, result: str, pieces: int) -> None:
        self._metrics.taken.labels(result).inc(pieces)


def _open(
    claimed: Sequence[Incoming], verifiers: Sequence[Verifier]
) -> list[tuple[Whole, Piece] | GatewayError]:
    found: list[tuple[Whole, Piece] | GatewayError] = []
    for each in claimed:
        try:
            found.append(open_segment(each.body, verifiers=verifiers))
        except GatewayError as error:
            found.append(error)
    return found
