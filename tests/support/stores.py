"""Stores for contract tests: opened on one database, as one process or several, and audited at the end."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from gateway.store import SqlStore, open_audit, open_store
from gateway.store.errors import StoreClosedError
from routing.audit import AuditReport, audit
from routing.note import Verifier, verifier_key
from tests.support.store_samples import Clock

GATEWAY: Final = "gw-north"
ORIGIN: Final = f"{GATEWAY}/routing"
LOG_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"log key for the contract tests.."[:32])
AXIS_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"axis key for the contract tests."[:32])
OWN_VERIFIER: Final = verifier_key(GATEWAY, AXIS_KEY.public_key())


class Stores:
    """Opens stores on one database; each call stands for one more process."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.is_sound = True
        """Whether the log is expected to pass an audit at the end; a test that tampers with it says no."""
        self._open: list[SqlStore] = []

    async def open(self, **options: Any) -> SqlStore:
        """Open one more store."""
        settings = {
            "clock": self.clock,
            "gateway_name": GATEWAY,
            "log_key": LOG_KEY,
            "own_verifier_key": OWN_VERIFIER,
            **options,
        }
        store = await open_store(self.url, **settings)
        self._open.append(store)
        return store

    async def close(self) -> None:
        """Place what is staged, close everything and let an auditor look at what is left."""
        if self._open and self.is_sound:
            await self._place_everything()
        for store in self._open:
            await store.close()
        if self._open and self.is_sound:
            report = await asyncio.to_thread(audit_log, self.url)
            assert (report.findings, report.staged, report.uncovered) == ((), 0, 0)

    async def _place_everything(self) -> None:
        try:
            while await self._open[-1].log.sequence(limit=1000):
                continue
        except StoreClosedError:
            await self.open()
            await self._place_everything()

    async def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Read with the database's own eyes."""
        return await asyncio.to_thread(run, self.url, statement, **values)

    async def tamper(self, statement: str, **values: Any) -> None:
        """Change the database behind the store's back."""
        await asyncio.to_thread(run, self.url, statement, **values)


def run(url: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own, and commit."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def audit_log(url: str) -> AuditReport:
    """Audit the whole log of a database."""
    with open_audit(url) as evidence:
        return audit(
            evidence.entries(),
            checkpoints=evidence.checkpoints(),
            origin=ORIGIN,
            verifiers=[Verifier.of(ORIGIN, LOG_KEY.public_key())],
            nodes=evidence.node,
        )
