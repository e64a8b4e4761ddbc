"""The trust in force: what the store holds and what the folder says, a moment after either has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from structlog.testing import capture_logs

from certs.anchor import Usage
from certs.errors import BadTrustBundleError
from certs.errors_revocation import BadRevocationListError
from certs.issue import new_root
from certs.revocation import Revocation
from gateway.ports import TrustSource
from gateway.settings import Settings
from gateway.store import SqlStore
from gateway.trust_source import LiveTrust, open_trust
from gateway.trusted import Terms
from tests.support import pki
from tests.support.crl import crl
from tests.support.folders import put, put_list
from tests.support.store_samples import Clock
from tests.support.stores import Stores

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate
STRANGER = pki.stranger().certificate
BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def sha256_of(certificate: object) -> str:
    """Return the name by which a certificate goes."""
    return str(certificate.fingerprint(hashes.SHA256()).hex())  # type: ignore[attr-defined]  # a certificate


@dataclass
class Bench:
    """A store, a folder and a clock."""

    stores: Stores
    store: SqlStore
    folder: Path
    clock: Clock

    async def open(self, *, revocation: Revocation = Revocation.SOFT) -> LiveTrust:
        """Start one more process's trust on the same store and folder."""
        settings = Settings(trust=self.folder, revocation=revocation)
        return await open_trust((await self.stores.open()).trust, settings, clock=self.clock)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Lend a store without trust and an empty folder."""
    clock = Clock(pki.AT)
    stores = Stores(f"sqlite:///{tmp_path / 'vanthu.db'}", clock)
    (tmp_path / "trust").mkdir()
    yield Bench(stores=stores, store=await stores.open(), folder=tmp_path / "trust", clock=clock)
    await stores.close()


async def test_nobody_is_relied_upon_at_first(bench: Bench, tmp_path: Path) -> None:
    """Without certificates there are no anchors; a missing folder is made."""
    bench.folder.rmdir()
    source: TrustSource = await bench.open()

    assert source.trust().anchors == ()
    assert bench.folder.is_dir()


async def test_the_folder_is_an_inbox(bench: Bench) -> None:
    """What lies there, or comes later, is taken over into the store in its role; taking the file away changes nothing."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open()
    put(bench.folder, "more.pem", AUTHORITY, STRANGER)
    assert await source.refresh()
    assert set(pki.roots_of(source.trust())) == {ROOT, STRANGER}
    assert source.trust().intermediates == (AUTHORITY,)

    before = source.trust()
    (bench.folder / "root.pem").unlink()
    (bench.folder / "more.pem").unlink()
    assert not await source.refresh()
    assert source.trust() is before
    held = await bench.store.trust.current()
    assert [each.actor for each in held.certificates] == ["folder"] * 3
    assert (await bench.open()).trust().version == before.version


async def test_a_change_of_the_store_takes_effect(bench: Bench) -> None:
    """In every process, without a restart; what somebody holds of before stays what it was."""
    source, other = await bench.open(), await bench.open()
    await bench.store.trust.add(ROOT, Terms(), actor="admin")
    assert await source.refresh()
    assert await other.refresh()
    before = source.trust()
    assert (pki.roots_of(before), before.number) == ((ROOT,), 1)

    await bench.store.trust.retire(sha256_of(ROOT), at=pki.AT, reason="", actor="admin")
    assert await source.refresh()
    assert source.trust().anchors_for(Usage.SIGNATURE, pki.AT) == ()
    assert source.trust().anchors_for(Usage.SIGNATURE, pki.AT - pki.DAY) == (ROOT,)
    assert before.anchors_for(Usage.SIGNATURE, pki.AT) == (ROOT,)


async def test_a_retired_certificate_does_not_come_back_from_the_folder(bench: Bench) -> None:
    """The file that it once came from is still there, at the next change and at the next start."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open()
    await bench.store.trust.retire(sha256_of(ROOT), at=None, reason="", actor="admin")
    put(bench.folder, "more.pem", STRANGER)
    assert await source.refresh()

    for trust in (source.trust(), (await bench.open()).trust()):
        assert trust.anchors_for(Usage.SIGNATURE, pki.AT) == (STRANGER,)


async def test_nothing_new(bench: Bench) -> None:
    """Without a change nothing is another trust; nor is the same certificate in another file."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open()
    before = source.trust()
    assert not await source.refresh()

    put(bench.folder, "again.pem", ROOT)
    assert not await source.refresh()
    assert source.trust() is before


async def test_a_broken_file_changes_nothing(bench: Bench) -> None:
    """Nothing of the folder counts while a file is broken; the file is named once, and what is good counts when it is mended."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open()
    put(bench.folder, "good.pem", STRANGER)
    put_list(bench.folder, "bad.pem", BROKEN)
    with capture_logs() as lines:
        assert not await source.refresh()
        assert not await source.refresh()

    assert pki.roots_of(source.trust()) == (ROOT,)
    assert "bad.pem" in source.problem
    assert [line["event"] for line in lines] == ["trust_not_refreshed"]

    (bench.folder / "bad.pem").unlink()
    assert await source.refresh()
    assert set(pki.roots_of(source.trust())) == {ROOT, STRANGER}
    assert source.problem == ""


async def test_a_broken_file_does_not_keep_a_retirement_back(bench: Bench) -> None:
    """An authority that people stopped relying on is out at once, whatever lies in the folder; the lists stay."""
    put(bench.folder, "root.pem", ROOT)
    put_list(bench.folder, "root.crl", crl(pki.root()))
    source = await bench.open()
    put_list(bench.folder, "bad.crl", b"junk")
    await bench.store.trust.retire(sha256_of(ROOT), at=None, reason="", actor="admin")

    assert await source.refresh()

    assert source.trust().anchors_for(Usage.SIGNATURE, pki.AT) == ()
    assert len(source.trust().lists) == 1
    assert "bad.crl" in source.problem


async def test_what_cannot_be_relied_upon_is_left_out(bench: Bench) -> None:
    """An expired root in the folder is named once and stops neither the start nor its neighbours."""
    put(bench.folder, "old.pem", new_root("Hết hạn", pki.AT - timedelta(days=21 * 365)).certificate)
    put(bench.folder, "root.pem", ROOT)
    with capture_logs() as lines:
        source = await bench.open()
        put(bench.folder, "again.pem", STRANGER)
        assert await source.refresh()

    assert set(pki.roots_of(source.trust())) == {ROOT, STRANGER}
    [line] = [line for line in lines if line["event"] == "trust_not_taken_over"]
    assert (line["file"], line["code"]) == ("old.pem", "certs.authority_expired")


async def test_a_folder_that_vanished(bench: Bench) -> None:
    """When the folder cannot be read, what is in force stays."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open()
    bench.folder.rename(bench.folder.with_name("elsewhere"))

    assert not await source.refresh()
    assert pki.roots_of(source.trust()) == (ROOT,)
    assert source.problem


async def test_a_store_that_fails(bench: Bench) -> None:
    """When the database cannot be read, what is in force stays, and the reason is told."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open()
    await bench.stores.tamper("ALTER TABLE trust_head RENAME TO elsewhere")

    assert not await source.refresh()
    assert pki.roots_of(source.trust()) == (ROOT,)
    assert "trust store" in source.problem

    await bench.stores.tamper("ALTER TABLE elsewhere RENAME TO trust_head")
    assert not await source.refresh()
    assert source.problem == ""


async def test_broken_from_the_start(bench: Bench) -> None:
    """A gateway does not start with a folder that it cannot understand."""
    put(bench.folder, "root.pem", ROOT)
    put_list(bench.folder, "forged.crl", crl(pki.stranger()))
    with pytest.raises(BadRevocationListError, match=r"forged\.crl"):
        await bench.open()
    put_list(bench.folder, "bad.crt", b"junk")
    with pytest.raises(BadTrustBundleError, match=r"bad\.crt"):
        await bench.open()


async def test_lists(bench: Bench) -> None:
    """Lists come into force and go with their files, beside the mode that the gateway was started with."""
    put(bench.folder, "root.pem", ROOT)
    source = await bench.open(revocation=Revocation.REQUIRE)
    put_list(bench.folder, "root.crl", crl(pki.root()))
    assert await source.refresh()
    assert (len(source.trust().lists), source.trust().revocation) == (1, Revocation.REQUIRE)

    (bench.folder / "root.crl").unlink()
    assert await source.refresh()
    assert source.trust().lists == ()


async def test_a_list_that_waits_for_its_signer(bench: Bench) -> None:
    """A list that nobody could verify counts when its authority is added, though no file has changed."""
    source = await bench.open()
    put_list(bench.folder, "root.crl", crl(pki.root()))
    assert not await source.refresh()
    assert "root.crl" in source.problem

    await bench.store.trust.add(ROOT, Terms(), actor="admin")
    assert await source.refresh()
    assert len(source.trust().lists) == 1
    assert source.problem == ""


async def test_watched(bench: Bench) -> None:
    """A watched folder and store take effect by themselves."""
    source = await bench.open()
    put(bench.folder, "more.pem", STRANGER)
    await bench.store.trust.add(ROOT, Terms(), actor="admin")
    watching = asyncio.create_task(source.watch(interval=0.01))
    async with asyncio.timeout(10):
        while len(source.trust().anchors) < 2:
            await asyncio.sleep(0.01)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_what_ends_soon_is_told_once_a_day(bench: Bench) -> None:
    """The certificate with its days, on the first day and on each one after; nothing of what is retired or has time."""
    end = pki.authority().certificate.not_valid_after_utc
    bench.clock.now = end - timedelta(days=59)
    await bench.store.trust.add(ROOT, Terms(), actor="admin")
    await bench.store.trust.add(AUTHORITY, Terms(), actor="admin")
    await bench.store.trust.add(STRANGER, Terms(trusted_until=bench.clock.now), actor="admin")
    source = await bench.open()
    with capture_logs() as lines:
        watching = asyncio.create_task(source.watch(interval=0.001))
        await bench.store.ready()
        bench.clock.turn(days=1)
        async with asyncio.timeout(10):
            while len(lines) < 2:
                await asyncio.sleep(0.001)
        watching.cancel()

    assert [(line["event"], line["certificate_sha256"], line["days_left"]) for line in lines] == [
        ("trust_ends_soon", sha256_of(AUTHORITY), 59),
        ("trust_ends_soon", sha256_of(AUTHORITY), 58),
    ]
