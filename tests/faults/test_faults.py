"""A short mix of faults on real gateways, a real broker and a real database: ten invariants hold at the end."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, mix
from tests.faults.evidence import Bounds
from tests.faults.trial import attempt
from tests.faults.world import Plan

SEED = 8
PATIENCE = 300.0


@pytest.mark.timeout(1800)
async def test_a_short_mix(tmp_path: Path) -> None:
    """One fault of each kind, gently, one after the other under load."""
    plan = Plan(seed=SEED, senders=2, shares_payloads=False, patience=PATIENCE, tell=print)
    faults = mix(random.Random(SEED))

    # How quickly anything happens says nothing on a machine that does other things, too.
    bounds = Bounds(heal_seconds=PATIENCE, in_log_seconds=PATIENCE, refusal_seconds=PATIENCE)
    outcome = await attempt(plan, faults, tmp_path, bounds=bounds)

    assert list(outcome.violations) == []
    assert [row.fault for row in outcome.rows] == [fault.id for fault in faults]
    assert all(row.times and row.documents for row in outcome.rows)


def test_every_fault_is_drawn_by_some_seed() -> None:
    """The mix is drawn from all of them, one of each kind."""
    drawn = [mix(random.Random(seed)) for seed in range(200)]

    assert {fault.id for faults in drawn for fault in faults} == set(FAULTS)
    assert all(len({type(fault).__module__ for fault in faults}) == len(faults) for faults in drawn)


def test_a_seed_draws_the_same_again() -> None:
    """What a fault shall be follows from the seed."""
    for fault in FAULTS.values():
        for long in (False, True):
            assert fault.draw(random.Random(5), long=long) == fault.draw(random.Random(5), long=long)
