"""Falsifying a copy of a log in every way that matters, to see that the verifier notices each one (the other half of I6).

A verifier that finds nothing wrong is only worth something if it finds what is. Each way changes a copy in memory, as somebody
with full access to the database would: with hashes and tree computed anew where that helps.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.audit import Outcome, audit
from routing.checkpoint import Checkpoint, sign_checkpoint
from routing.merkle import Frontier, leaf_hash
from routing.note import Verifier

Row: TypeAlias = tuple[int | None, bytes, bytes]
"""Place, bytes and stored hash of an entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A log as an auditor gets it."""

    origin: str
    verifiers: tuple[Verifier, ...]
    rows: tuple[Row, ...]
    checkpoints: tuple[tuple[int, str], ...]

    @property
    def covered(self) -> int:
        """How many entries the largest checkpoint covers."""
        return max((size for size, _ in self.checkpoints), default=0)

    def verifies(self) -> bool:
        """Tell whether an auditor would find nothing wrong."""
        nodes = tree_of(self.rows)
        report = audit(
            iter(self.rows),
            checkpoints=self.checkpoints,
            origin=self.origin,
            verifiers=list(self.verifiers),
            nodes=lambda level, index: nodes[level, index],
        )
        return report.outcome is Outcome.VALID


def tree_of(rows: Sequence[Row]) -> dict[tuple[int, int], bytes]:
    """Return every complete subtree over the stored hashes, as whoever falsified them would store it."""
    frontier, nodes = Frontier(), {}
    for place, _, stored in rows:
        if place is not None:
            nodes.update({(level, index): found for level, index, found in frontier.append(stored)})
    return nodes


def _flip(copy: Copy, chance: random.Random) -> tuple[Sequence[Row], Sequence[tuple[int, str]]]:
    at, rows = chance.randrange(copy.covered), list(copy.rows)
    place, raw, stored = rows[at]
    byte = chance.randrange(len(raw))
    rows[at] = (place, raw[:byte] + bytes((raw[byte] ^ 1 << chance.randrange(8),)) + raw[byte + 1 :], stored)
    return rows, copy.checkpoints


def _flip_and_hash(copy: Copy, chance: random.Random) -> tuple[Sequence[Row], Sequence[tuple[int, str]]]:
    rows, checkpoints = _flip(copy, chance)
    return [(place, raw, leaf_hash(raw)) for place, raw, _ in rows], checkpoints


def _drop(copy: Copy, chance: random.Random) -> tuple[Sequence[Row], Sequence[tuple[int, str]]]:
    at = chance.randrange(copy.covered)
    kept = [row for number, row in enumerate(copy.rows) if number != at]
    return _numbered(kept), copy.checkpoints


def _swap(copy: Copy, chance: random.Random) -> tuple[Sequence[Row], Sequence[tuple[int, str]]]:
    one, other = chance.sample(range(copy.covered), 2)
    rows = list(copy.rows)
    rows[one], rows[other] = rows[other], rows[one]
    return _numbered(rows), copy.checkpoints


def _truncate(copy: Copy, chance: random.Random) -> tuple[Sequence[Row], Sequence[tuple[int, str]]]:
    return copy.rows[: chance.randrange(copy.covered)], copy.checkpoints


def _sign_anew(copy: Copy, chance: random.Random) -> tuple[Sequence[Row], Sequence[tuple[int, str]]]:
    rows, _ = _drop(copy, chance)
    frontier = Frontier()
    for _, _, stored in rows:
        frontier.append(stored)
    checkpoint = Checkpoint(origin=copy.origin, size=frontier.size, root=frontier.root())
    return rows, [(frontier.size, sign_checkpoint(checkpoint, Ed25519PrivateKey.generate()))]


def _numbered(rows: Sequence[Row]) -> list[Row]:
    return [
        (None if place is None else number, raw, stored) for number, (place, raw, stored) in enumerate(rows)
    ]


Way: TypeAlias = Callable[[Copy, random.Random], tuple[Sequence[Row], Sequence[tuple[int, str]]]]

WAYS: Final[Mapping[str, Way]] = MappingProxyType(
    {
        "a bit of an entry was turned": _flip,
        "a bit of an entry was turned and everything hashed anew": _flip_and_hash,
        "an entry was taken out": _drop,
        "two entries changed places": _swap,
        "the end was cut off": _truncate,
        "an entry was taken out and another key signed": _sign_anew,
    }
)


def unnoticed(copy: Copy, chance: random.Random) -> Iterator[str]:
    """Yield the ways of falsifying the copy that the verifier does not notice; a log of less than two entries has none."""
    if copy.covered < 2:
        return
    for name, way in WAYS.items():
        rows, checkpoints = way(copy, chance)
        falsified = replace(copy, rows=tuple(rows), checkpoints=tuple(checkpoints))
        if falsified.verifies():
            yield name
