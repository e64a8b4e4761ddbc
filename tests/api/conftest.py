"""One gateway for all tests of the API that need no other; no document is like another, so they do not meet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from blockbuster import blockbuster_ctx

from tests.api.world import World, world


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return the gateway that all tests share."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with world(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def no_blocking() -> Iterator[None]:
    """Fail a test in which the gateway blocks its event loop."""
    with blockbuster_ctx(["gateway"]):
        yield
