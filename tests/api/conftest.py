"""One gateway for all tests of the API that need no other; they do not get into each other's way, because no document is like another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.world import World, world


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Return the gateway that all tests share."""
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with world(folder) as running:
        yield running
