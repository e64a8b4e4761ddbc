"""Bugs that are planted on purpose are caught: the fault that fits them leaves evidence which contradicts an invariant.

Each of these tests fails if the checker finds nothing; a checker that finds nothing here would find nothing elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.catalogue.hosts import HOST_FAULTS
from tests.faults.planted import BUGS
from tests.faults.swallowing import AxisSwallows
from tests.faults.world import Plan
from tests.support.rabbitmq import RabbitMQ

SEED = 20250701
PATIENCE = 10.0
"""What is lost never comes, however long one waits."""

FITTING = {
    "ack-before-commit": ("F2", {"I1"}),
    "no-fsync": ("F19", {"I1"}),
    "synchronous-normal": ("F19", {"I1"}),
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


ON_THE_AXIS = {"reused-message-id": {"I3"}, None: set[str]()}
"""By bug, and without any: the invariants of which at least one has to be contradicted."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", ON_THE_AXIS)
async def test_planted_bug_of_the_axis_is_caught(tmp_path: Path, rabbitmq: RabbitMQ, bug: str | None) -> None:
    """The checker finds what the bug does when confirms and publishes are lost, and nothing where there is no bug."""
    fault = AxisSwallows(rabbitmq)

    outcome = await fault.run(
        Plan(seed=SEED, patience=PATIENCE if bug else 60.0, tell=print), tmp_path, plant=bug
    )

    found = {violation.invariant for violation in outcome.violations}
    if bug is None:
        assert list(outcome.violations) == []
    else:
        assert found & ON_THE_AXIS[bug], "nobody noticed"


def test_every_bug_that_can_be_planted_is() -> None:
    """None of them is left without a test that catches it."""
    assert FITTING.keys() | ON_THE_AXIS.keys() == {*BUGS, None}
