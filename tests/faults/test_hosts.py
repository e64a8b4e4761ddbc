"""The faults of the host, each once and gently: the same invariants hold at the end of each trial.

What this host cannot have is told as not run, with the reason, and never as passed.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.faults.catalogue.hosts import HOST_FAULTS
from tests.faults.report import show
from tests.faults.world import Plan

SEED = 20250701
SHORT = ("F2", "F17", "F19", "F20")
"""Those that take little; `make faults` has them all."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SHORT)
async def test_nothing_is_lost(tmp_path: Path, name: str) -> None:
    """Whatever happens to the host, what was promised comes, once, and the log is whole."""
    fault = HOST_FAULTS[name]

    outcome = await fault.run(Plan(seed=SEED, tell=print), tmp_path)

    assert list(outcome.violations) == []
    if fault.why_not() is not None:
        assert [row.not_run for row in outcome.rows] == [fault.why_not()]
        return
    assert all(row.times and row.documents and not row.not_run for row in outcome.rows)


async def test_what_was_not_run_is_not_shown_as_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table says so, and why."""
    fault = HOST_FAULTS["F19"]
    monkeypatch.setattr(type(fault), "why_not", lambda _self: "there is no loop device")

    outcome = await fault.run(Plan(seed=SEED), tmp_path)
    shown = io.StringIO()
    show(Console(file=shown, width=120), [outcome])

    assert "NOT RUN" in shown.getvalue()
    assert "F19 was not run: there is no loop device" in shown.getvalue()
