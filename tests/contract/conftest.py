"""What the contract tests share: a fresh database of each kind for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from gateway.store import SqlStore
from gateway.store.database import open_database
from tests.support.postgres import Cluster
from tests.support.store_samples import Clock
from tests.support.stores import Stores

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """Return a database with the newest schema, to copy."""
    name = postgres.create()
    open_database(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database file with the newest schema, to copy."""
    path = tmp_path_factory.mktemp("template") / "vanthu.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a fresh database with the newest schema, on each kind of database."""
    if request.param == "sqlite":
        path = tmp_path / "vanthu.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    name = cluster.create(template=request.getfixturevalue("postgres_template"))
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that the test turns."""
    return Clock()


@pytest.fixture
async def stores(database_url: str, clock: Clock) -> AsyncIterator[Stores]:
    """Open stores on a fresh database; nothing in them may block the event loop, and their log must pass an audit."""
    with blockbuster_ctx("gateway"):
        opened = Stores(database_url, clock)
        try:
            yield opened
        finally:
            await asyncio.shield(opened.close())


@pytest.fixture
async def store(stores: Stores) -> SqlStore:
    """Open one store on a fresh database."""
    return await stores.open()
