"""One exchange and one running gateway for all tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.world import Served, copy_evidence, make_evidence, served


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of a gateway that has seen a whole exchange; nobody may change it."""
    folder = tmp_path_factory.mktemp("evidence") / "data"
    make_evidence(folder)
    return folder


@pytest.fixture(scope="session")
def gateway(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run `vanthu serve` on a copy of the exchange."""
    folder = tmp_path_factory.mktemp("served") / "data"
    copy_evidence(evidence, folder)
    with served(folder) as running:
        yield running
