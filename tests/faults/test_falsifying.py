"""Falsified copies: every way is noticed on a real log, and a verifier that notices nothing is exposed."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.checkpoint import Checkpoint, sign_checkpoint
from routing.log import Kind, leaf
from routing.merkle import Frontier, leaf_hash
from routing.note import Verifier
from tests.faults.falsifying import WAYS, Copy, Row, unnoticed
from tests.support.store_samples import Clock

ORIGIN = "gw.thu/routing"
ENTRIES = 20


@pytest.fixture
def copy() -> Copy:
    """Make a log of entries without documents under one checkpoint."""
    key, frontier, rows = Ed25519PrivateKey.generate(), Frontier(), list[Row]()
    for number in range(ENTRIES):
        raw = leaf(Kind.CLOCK_ALARM, t=Clock()(), instance=f"gw/{number}", reason="store.clock")
        rows.append((number, raw, leaf_hash(raw)))
        frontier.append(leaf_hash(raw))
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=ENTRIES, root=frontier.root()), key)
    verifier = Verifier.of(ORIGIN, key.public_key())
    return Copy(origin=ORIGIN, verifiers=(verifier,), rows=tuple(rows), checkpoints=((ENTRIES, note),))


@pytest.mark.parametrize("seed", range(10))
def test_every_way_of_falsifying_is_noticed(copy: Copy, seed: int) -> None:
    """The sound copy verifies, and none of the falsified ones does."""
    assert copy.verifies()
    assert list(unnoticed(copy, random.Random(seed))) == []


@dataclass(frozen=True, kw_only=True)
class Credulous(Copy):
    """A copy that whoever looks at it believes."""

    def verifies(self) -> bool:
        """Believe it."""
        return True


def test_a_verifier_that_believes_everything_is_exposed(copy: Copy) -> None:
    """Every way is named that goes unnoticed."""
    credulous = Credulous(
        origin=copy.origin, verifiers=copy.verifiers, rows=copy.rows, checkpoints=copy.checkpoints
    )

    assert list(unnoticed(credulous, random.Random(0))) == list(WAYS)
