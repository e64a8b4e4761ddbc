"""The port for the routing log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.records import Event
from routing.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One entry of the routing log; `index` is None until the sequencer has placed it in the tree."""

    index: int | None
    leaf: bytes
    leaf_sha256: str


class RoutingLog(Protocol):
    """The append-only log of decisions: entries are staged by whoever decides and placed in the tree by one sequencer."""

    async def append(self, events: Sequence[Event]) -> None:
        """Stage entries that come with no other change, such as refusals."""

    async def sequence(self, *, limit: int) -> Checkpoint | None:
        """Place staged entries in the tree and sign the new head, by compare-and-swap; None if there are none."""

    async def checkpoint(self) -> str | None:
        """Return the latest signed checkpoint (C2SP note); None before the first."""

    async def entries(self, *, start: int, limit: int) -> tuple[LogRow, ...]:
        """Return entries by tree index."""

    async def timeline(self, document_id: str) -> tuple[LogRow, ...]:
        """Return all entries of one document in their order, placed or not."""

    async def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree (level 0 = leaf hash).

        Raises:
            KeyError: the tree does not hold it yet.

        """
