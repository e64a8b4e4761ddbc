"""A short mix of faults on real gateways, a real broker and a real database: ten invariants hold at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.evidence import Bounds
from tests.faults.trial import attempt
from tests.faults.world import Plan

SEED = 20250701


@pytest.mark.timeout(900)
async def test_a_short_mix(tmp_path: Path) -> None:
    """Every fault once, gently, one after the other under load."""
    plan = Plan(seed=SEED, senders=2, tell=print)

    # How quickly refusals are answered says nothing on a machine that does other things, too.
    outcome = await attempt(plan, list(FAULTS.values()), tmp_path, bounds=Bounds(refusal_seconds=30))

    assert list(outcome.violations) == []
    assert [row.fault for row in outcome.rows] == list(FAULTS)
    assert all(row.times and row.documents for row in outcome.rows)
