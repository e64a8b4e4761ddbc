"""The time that counts: the database's on PostgreSQL, wherever this process believes itself to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.store import open_store
from tests.support.clocks import InjectedClock
from tests.support.postgres import Cluster
from tests.support.stores import GATEWAY, LOG_KEY, OWN_VERIFIER

LONG_AGO = datetime(2025, 6, 30, 12, tzinfo=UTC)


async def test_a_store_reckons_by_its_database(postgres: Cluster, tmp_path: Path) -> None:
    """A process that opens the store, and one that goes on using it, tell the time of the database and not their own."""
    name = postgres.create()
    injected = InjectedClock(postgres, name, tmp_path / "clock")
    injected.set(LONG_AGO)
    store = await open_store(
        postgres.url(name), clock=None, gateway_name=GATEWAY, log_key=LOG_KEY, own_verifier_key=OWN_VERIFIER
    )
    try:
        assert abs(store.clock() - injected.now()) < timedelta(minutes=1)
        injected.set(LONG_AGO + timedelta(days=8))
        await store.ready()
        assert abs(store.clock() - injected.now()) < timedelta(minutes=1)
    finally:
        await store.close()
