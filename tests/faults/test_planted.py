"""Bugs that are planted on purpose are caught: the fault that fits them leaves evidence which contradicts an invariant.

Each of these tests fails if the checker finds nothing; a checker that finds nothing here would find nothing elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.catalogue.hosts import HOST_FAULTS
from tests.faults.planted import BUGS
from tests.faults.world import Plan

SEED = 20250701
PATIENCE = 10.0
"""What is lost never comes, however long one waits."""

FITTING = {
    "ack-before-commit": ("F2", {"I1"}),
    "no-fsync": ("F19", {"I1"}),
    "synchronous-normal": ("F19", {"I1"}),
    "synchronous-commit-off": ("F16", {"I1"}),
}
"""By bug: the fault that brings it to light, and the invariants of which at least one has to be contradicted."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", FITTING)
async def test_planted_bug_is_caught(tmp_path: Path, bug: str) -> None:
    """The checker finds what the bug does."""
    name, invariants = FITTING[bug]
    fault = HOST_FAULTS[name]
    assert bug in BUGS

    outcome = await fault.run(Plan(seed=SEED, patience=PATIENCE, tell=print), tmp_path, plant=bug)

    if fault.why_not() is not None:
        assert [row.not_run for row in outcome.rows] == [fault.why_not()]
        return
    assert {violation.invariant for violation in outcome.violations} & invariants, "nobody noticed"
