"""`open_audit`: a database read as evidence, without changing it, however broken it is."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.records import Acceptance, Arrival
from gateway.store import Audit, SqlStore, open_audit
from gateway.store.errors import DamagedDatabaseError, UnknownSchemaError, UnsupportedDatabaseError
from routing.audit import Outcome
from routing.delivery import DeliveryState
from routing.log import Kind, read_leaf
from routing.merkle import leaf_hash
from routing.registry_hash import registry_sha256
from tests.support.registry import HANOI, TAY_NINH, an_agency
from tests.support.store_samples import NOON, a_message, a_recipient, an_acceptance, an_arrival, sha256
from tests.support.stores import Stores, audit_log

R = TypeVar("R")

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def history(store: SqlStore) -> tuple[Acceptance, Arrival, Arrival]:
    """Make some history: an acceptance for two, an arrival, a refused arrival, two registry versions, a placed log."""
    accepted = an_acceptance(b"<sent/>", recipients=[a_recipient("H53.1"), a_recipient("H53.2")])
    await store.documents.accept(accepted)
    await store.documents.claim(limit=1, lease=timedelta(seconds=1))
    arrived = an_arrival(a_message(b"<came/>"), a_recipient("H26.1"), body=b"<came/>")
    refused = an_arrival(a_message(b"<bad/>"), a_recipient("H26.2"), body=b"<bad/>", refusal="certs.revoked")
    await store.documents.arrive([arrived, refused])
    await store.registry.put_member(HANOI, actor="ops")
    await store.registry.put_member(TAY_NINH, actor="ops")
    while await store.log.sequence(limit=3):
        continue
    return accepted, arrived, refused


async def seen(target: str | Path, look: Callable[[Audit], R]) -> R:
    """Open a database for an audit and look at it, in a thread, because audits are no part of the service."""

    def work() -> R:
        with open_audit(target) as evidence:
            return look(evidence)

    return await asyncio.to_thread(work)


def path_of(stores: Stores) -> Path:
    """Return the file of an SQLite database."""
    return Path(stores.url.removeprefix("sqlite:///"))


def copy_of(stores: Stores, folder: Path, *, log: bool = True) -> Path:
    """Copy a database file, with its write-ahead log or without."""
    folder.mkdir()
    source = path_of(stores)
    for name in (source.name, *([f"{source.name}-wal"] if log else [])):
        shutil.copy(source.with_name(name), folder / name)
    return folder / source.name


def fingerprints(folder: Path) -> dict[str, str]:
    """Return the hash of every file in a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


async def test_entries_come_in_tree_order_then_staged(store: SqlStore, stores: Stores) -> None:
    """Placed entries come by index, staged ones last and without one; hashes are those stored."""
    await history(store)
    await store.documents.accept(an_acceptance(b"<staged/>", registry_version=2))

    entries = await seen(stores.url, lambda evidence: list(evidence.entries()))

    assert [index for index, _, _ in entries] == [*range(len(entries) - 1), None]
    assert all(leaf_hash(leaf) == stored for _, leaf, stored in entries)
    assert read_leaf(entries[0][1]).kind is Kind.LOG_OPENED


async def test_tree_is_read_as_stored(store: SqlStore, stores: Stores) -> None:
    """Head, nodes and checkpoints are those that the sequencer wrote."""
    await history(store)

    size, root = await seen(stores.url, Audit.head)
    checkpoints = await seen(stores.url, lambda evidence: list(evidence.checkpoints()))
    nodes = await seen(stores.url, lambda evidence: [evidence.node(0, 0), evidence.node(1, 0)])

    with pytest.raises(KeyError):
        await seen(stores.url, lambda evidence: evidence.node(9, 9))
    assert [each for each, _ in checkpoints] == [3, 6, size]
    assert checkpoints[-1][1] == await store.log.checkpoint()
    assert nodes == [await store.log.node(0, 0), await store.log.node(1, 0)]
    assert len(root) == 32


async def test_evidence_is_what_the_entries_speak_of(store: SqlStore, stores: Stores) -> None:
    """Messages with their recipients, small bodies, deliveries, arrivals and registry versions can all be read."""
    accepted, arrived, refused = await history(store)

    messages = await seen(
        stores.url, lambda evidence: {each.message.id: each for each in evidence.messages()}
    )
    bodies = await seen(stores.url, lambda evidence: dict(evidence.bodies()))
    deliveries = await seen(stores.url, lambda evidence: list(evidence.deliveries()))
    arrivals = await seen(
        stores.url, lambda evidence: {each.delivery_id: each for each in evidence.arrivals()}
    )
    versions = await seen(stores.url, lambda evidence: list(evidence.registry_versions()))

    sent, came = messages[accepted.message.id], messages[arrived.message.id]
    assert (sent.recipients, sent.arrived_for) == (("H53.1", "H53.2"), ())
    assert (came.recipients, came.arrived_for) == ((), ("H26.1",))
    assert sent.leaf_sha256 == (await store.log.timeline(sent.message.id))[0].leaf_sha256
    assert came.leaf_sha256 is None
    assert came.message == arrived.message
    assert bodies == {sha256(body): body for body in (b"<sent/>", b"<came/>")}
    assert [(each.code, each.state) for each in deliveries] == [
        ("H53.1", DeliveryState.QUEUED),
        ("H53.2", DeliveryState.QUEUED),
    ]
    refusal = arrivals[refused.recipient.delivery_id]
    assert (refusal.refusal, refusal.receipt, refusal.arrived_at) == ("certs.revoked", refused.receipt, NOON)
    assert [each.version for each in versions] == [1, 2]
    assert [each.sha256 for each in versions] == [
        registry_sha256((), [HANOI]),
        registry_sha256((), [HANOI, TAY_NINH]),
    ]
    assert all(each.recomputed_sha256 == each.sha256 for each in versions)


async def test_versions_are_hashed_by_their_recipe(store: SqlStore, stores: Stores) -> None:
    """A version from before the second recipe is judged by the first, whatever comes before or after it."""
    await history(store)
    await store.registry.load_agencies([an_agency("H26")], actor="admin", source_sha256="5a" * 32)
    await stores.tamper("UPDATE registry_version SET recipe = 1 WHERE version = 2")

    versions = await seen(stores.url, lambda evidence: list(evidence.registry_versions()))

    assert [each.recomputed_sha256 for each in versions] == [
        versions[0].sha256,
        registry_sha256((), [HANOI, TAY_NINH], recipe=1),
        versions[2].sha256,
    ]


async def test_every_version_is_hashed_by_itself(store: SqlStore, stores: Stores) -> None:
    """An altered row shows in those versions in which it is in force, contradictory or not, and in no others."""
    codes = ("H26", "H27", "H28")
    for number in (1, 2, 3, 2, 1):
        agencies = [an_agency(code) for code in codes[:number]]
        await store.registry.load_agencies(agencies, actor="admin", source_sha256="5a" * 32)

    for alteration in ("code = 'H26'", "name = 'khác'"):
        await stores.tamper(f"UPDATE agency SET {alteration} WHERE since_version = 2")  # noqa: S608 - our own
        versions = await seen(stores.url, lambda evidence: list(evidence.registry_versions()))
        same = [each.recomputed_sha256 == each.sha256 for each in versions]
        assert same == [True, False, False, False, True]


async def test_altered_registry_shows(store: SqlStore, stores: Stores) -> None:
    """A version whose rows were edited no longer has its hash."""
    await history(store)
    await stores.tamper("UPDATE member SET queue = 'member.evil' WHERE member_id = 'hanoi'")

    versions = await seen(stores.url, lambda evidence: list(evidence.registry_versions()))

    assert [each.recomputed_sha256 == each.sha256 for each in versions] == [False, False]


async def test_messages_are_paged(store: SqlStore, stores: Stores) -> None:
    """More messages than fit a page come all, once, in the order of their ids."""
    attempts = [an_acceptance(b"%d" % number) for number in range(510)]
    await asyncio.gather(*map(store.documents.accept, attempts))

    ids = await seen(stores.url, lambda evidence: [each.message.id for each in evidence.messages()])

    assert ids == sorted(each.message.id for each in attempts)


async def test_sound_database_passes(store: SqlStore, stores: Stores) -> None:
    """A live database is sound, and its log valid."""
    await history(store)

    assert await seen(stores.url, Audit.integrity) == ()
    assert (await asyncio.to_thread(audit_log, stores.url)).outcome is Outcome.VALID


async def test_audit_sees_one_moment(store: SqlStore, stores: Stores) -> None:
    """What happens while an auditor reads does not mix into what is read."""
    await history(store)
    loop = asyncio.get_running_loop()

    async def go_on() -> None:
        await store.documents.accept(an_acceptance(b"<later/>", registry_version=2))
        await store.log.sequence(limit=10)

    def look(evidence: Audit) -> tuple[int, int, int]:
        before = evidence.head()[0]
        asyncio.run_coroutine_threadsafe(go_on(), loop).result()
        return before, evidence.head()[0], len(list(evidence.entries()))

    assert len(set(await seen(stores.url, look))) == 1


@pytest.mark.parametrize("table", ["log_entry", "member"])
async def test_audit_cannot_write(stores: Stores, table: str) -> None:
    """The connection of an auditor is read-only in the database's own eyes."""
    await stores.open()
    insert = text(f"INSERT INTO {table} (id) VALUES (99)")  # noqa: S608 - a fixed name

    with pytest.raises(DBAPIError):
        await seen(stores.url, lambda evidence: evidence._connection.execute(insert))


@ON_SQLITE
@pytest.mark.parametrize("log", [True, False], ids=["with -wal", "without -wal"])
async def test_copied_file_is_not_touched(
    store: SqlStore, stores: Stores, tmp_path: Path, *, log: bool
) -> None:
    """A copy is read as it is; without a write-ahead log not even a helper file appears beside it."""
    await history(store)
    if not log:
        await store.close()
    path = copy_of(stores, tmp_path / "copy", log=log)
    before = fingerprints(path.parent)

    report = await asyncio.to_thread(audit_log, f"sqlite:///{path}")

    after = fingerprints(path.parent)
    assert report.outcome is Outcome.VALID
    assert report.entries == (await stores.rows("SELECT size FROM log_head"))[0][0]
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == ({f"{path.name}-shm"} if log else set())


@ON_SQLITE
async def test_path_will_do(store: SqlStore, stores: Stores, tmp_path: Path) -> None:
    """A plain path, even with odd characters in it, is as good as a URL."""
    await history(store)
    await store.close()
    odd = tmp_path / "bản sao?100%#1.db"
    shutil.copy(path_of(stores), odd)

    for target in (odd, str(odd)):
        assert await seen(target, Audit.integrity) == ()
        assert (await seen(target, Audit.head))[0] > 0


@ON_SQLITE
@pytest.mark.parametrize("kind", ["BLOB", "TEXT"])
async def test_rewritten_leaf_is_found(store: SqlStore, stores: Stores, kind: str) -> None:
    """Whoever drops the triggers and edits an entry is found out by the tree."""
    stores.is_sound = False
    await history(store)
    await stores.tamper("DROP TRIGGER log_entry_freeze")
    forge = f"CAST(replace(leaf, 'H53', 'H52') AS {kind})"
    await stores.tamper(f"UPDATE log_entry SET leaf = {forge} WHERE tree_index = 2")  # noqa: S608 - fixed texts

    report = await asyncio.to_thread(audit_log, stores.url)

    assert report.outcome is Outcome.INVALID
    assert report.findings[0].code == "log.entry_altered"


@ON_SQLITE
async def test_corrupt_file_is_a_finding(store: SqlStore, stores: Stores, tmp_path: Path) -> None:
    """Overwritten pages come out as findings of the check and as one kind of error from reading."""
    await history(store)
    many = [an_acceptance(b"%d" % number * 3000, registry_version=2) for number in range(60)]
    await asyncio.gather(*map(store.documents.accept, many))
    await store.close()
    path = copy_of(stores, tmp_path / "copy", log=False)
    roots = await stores.rows("SELECT rootpage FROM sqlite_master WHERE name IN ('log_entry', 'message')")
    raw = bytearray(path.read_bytes())
    for (page,) in roots:
        raw[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(raw)

    findings = await seen(path, Audit.integrity)

    for look in (Audit.entries, Audit.messages):
        with pytest.raises(DamagedDatabaseError):
            await seen(path, lambda evidence, look=look: list(look(evidence)))  # type: ignore[misc]
    assert findings
    assert all(0 < len(finding) <= 200 for finding in findings)


@ON_SQLITE
async def test_row_that_refers_to_nothing_is_a_finding(store: SqlStore, stores: Stores) -> None:
    """Whoever deletes a message leaves its deliveries behind."""
    accepted, _, _ = await history(store)
    await stores.tamper("DELETE FROM message WHERE id = :id", id=accepted.message.id)

    findings = await seen(stores.url, Audit.integrity)

    assert len(findings) == 2
    assert all("delivery" in finding and "message" in finding for finding in findings)


@ON_SQLITE
async def test_impossible_value_is_damage(store: SqlStore, stores: Stores) -> None:
    """A value that the gateway never writes is reported as damage, not as a programming error."""
    stores.is_sound = False
    await history(store)
    await stores.tamper("DROP TRIGGER log_entry_freeze")
    await stores.tamper("UPDATE message SET kind = 'letter'")
    await stores.tamper("UPDATE log_entry SET leaf_hash = 'no digest' WHERE tree_index = 1")

    with pytest.raises(DamagedDatabaseError, match="letter"):
        await seen(stores.url, lambda evidence: list(evidence.messages()))
    with pytest.raises(DamagedDatabaseError):
        await seen(stores.url, lambda evidence: list(evidence.entries()))


def test_truncated_file_is_refused(sqlite_template: Path, tmp_path: Path) -> None:
    """Half a file is no evidence."""
    path = tmp_path / "half.db"
    path.write_bytes(sqlite_template.read_bytes()[:1000])

    with pytest.raises(DamagedDatabaseError):
        open_audit(path)


def test_other_file_is_refused(tmp_path: Path) -> None:
    """A file of something else, and no file at all, are refused in words."""
    letter = tmp_path / "letter.txt"
    letter.write_text("Kính gửi: Ủy ban nhân dân tỉnh\n" * 400)

    for path in (letter, tmp_path / "nothing.db", tmp_path):
        with pytest.raises(DamagedDatabaseError):
            open_audit(path)
    with pytest.raises(UnsupportedDatabaseError):
        open_audit("mysql://db/vanthu")


def test_other_schema_is_refused(tmp_path: Path) -> None:
    """A database of something else, or of another version, would be misread."""
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE letter (text)")
    connection.commit()
    connection.close()

    with pytest.raises(UnknownSchemaError):
        open_audit(path)


def test_unreachable_server_is_refused(tmp_path: Path) -> None:
    """A server that is not there is reported like any database that cannot be read."""
    with pytest.raises(DamagedDatabaseError):
        open_audit(f"postgresql://nobody@/nothing?host={tmp_path}")
