"""The contract of `ports.Accounts`: credentials are issued, revoked once, and logged without their secrets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.credentials import Credential
from gateway.store import SqlStore
from routing.log import Kind, LogEntry, read_leaf
from tests.support.store_samples import NOON, Clock
from tests.support.stores import Stores

MACHINE = Credential(
    id="c-1",
    label="Hệ thống văn bản Hà Nội",
    member_id="hanoi",
    roles=frozenset({"sender", "receiver"}),
    secret_sha256="5e" * 32,
    created_at=NOON,
    expires_at=NOON + timedelta(days=365),
    revoked_at=None,
)
AUDITOR = replace(MACHINE, id="c-2", label="", member_id=None, roles=frozenset({"auditor"}), expires_at=None)


async def entries(stores: Stores) -> list[LogEntry]:
    """Return the entries about credentials."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    return [entry for entry in (read_leaf(bytes(leaf)) for (leaf,) in rows) if "credential" in entry.fields]


async def test_issued_credential_is_found(store: SqlStore) -> None:
    """A credential comes back as it was stored, with or without member and expiry."""
    await asyncio.gather(*(store.accounts.issue(each, actor="ops") for each in (MACHINE, AUDITOR)))

    assert await store.accounts.credential("c-1") == MACHINE
    assert await store.accounts.credential("c-2") == AUDITOR
    assert await store.accounts.credential("c-3") is None


async def test_store_is_empty_until_the_first_credential(store: SqlStore) -> None:
    """A revoked credential was issued all the same."""
    assert await store.accounts.is_empty() is True

    await store.accounts.issue(MACHINE, actor="ops")
    await store.accounts.revoke(MACHINE.id, actor="ops")

    assert await store.accounts.is_empty() is False


async def test_issue_is_logged_without_label(store: SqlStore, stores: Stores) -> None:
    """The log says who got which roles from whom until when, and what to tell the secret by; a label may name a person."""
    await store.accounts.issue(MACHINE, actor="ops")
    await store.accounts.issue(AUDITOR, actor="ops")

    first, second = await entries(stores)

    assert first.kind is Kind.CREDENTIAL_ISSUED
    assert first.fields == {
        "credential": "c-1",
        "member": "hanoi",
        "actor": "ops",
        "roles": ["receiver", "sender"],
        "secret_sha256": MACHINE.secret_sha256,
        "expires": "2026-07-01T05:00:00.123000+00:00",
    }
    assert second.fields["member"] == "-"
    assert "expires" not in second.fields


async def test_id_is_issued_once(store: SqlStore, stores: Stores) -> None:
    """A second credential of the same id is refused, and not logged."""
    await store.accounts.issue(MACHINE, actor="ops")

    with pytest.raises(IntegrityError):
        await store.accounts.issue(replace(AUDITOR, id="c-1"), actor="ops")

    assert await store.accounts.credential("c-1") == MACHINE
    assert len(await entries(stores)) == 1


async def test_revoked_credential_stays_revoked(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """The first revocation counts and is logged; later ones change nothing."""
    await store.accounts.issue(MACHINE, actor="ops")
    clock.turn(hours=1)
    revoked_at = clock.now

    assert await store.accounts.revoke("c-1", actor="ops") is True
    clock.turn(hours=1)
    assert await store.accounts.revoke("c-1", actor="someone else") is True

    assert await store.accounts.credential("c-1") == replace(MACHINE, revoked_at=revoked_at)
    assert [entry.kind for entry in await entries(stores)] == [
        Kind.CREDENTIAL_ISSUED,
        Kind.CREDENTIAL_REVOKED,
    ]


async def test_unknown_credential_is_not_revoked(store: SqlStore, stores: Stores) -> None:
    """Revoking nothing says so and is not logged."""
    assert await store.accounts.revoke("c-9", actor="ops") is False
    assert await entries(stores) == []
