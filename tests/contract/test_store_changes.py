"""The contract of `ports.Changes`: steps from what was seen only, one entry for each, nothing that was signed forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.change_sets import (
    ChangeSet,
    Findings,
    NewApproval,
    NewChange,
    OfficerKey,
    Source,
    SourceType,
    pack,
)
from gateway.flow.access import new_token
from gateway.flow.notifying import Bell
from gateway.flow.scheduling import Scheduler
from gateway.ports import ChangeMovedError
from gateway.store import SqlStore
from routing.agencies import Agency, entity_id
from routing.agency_change import AgencyChange
from routing.change_approval import OfficerRole
from routing.change_lines import lines_of
from routing.change_state import ChangeState
from routing.changes.diff import diff_sha256
from routing.delivery import DeliveryState
from routing.errors_change_sets import OfficerKeyTakenError
from routing.log import Kind, LogEntry, read_leaf
from tests.support.officers import Officer
from tests.support.store_samples import NOON, Clock, a_recipient, an_acceptance, new_id
from tests.support.stores import Stores

LATER = NOON + timedelta(days=1)
ALONE = OfficerRole.EMERGENCY


def an_agency(code: str = "H26", **facts: Any) -> Agency:
    """Return an agency to be opened."""
    told = {"name": "Hà Nội", "parent": None, "kind": "province", "valid_from": LATER, **facts}
    return Agency(code=code, entity_id=entity_id(code, LATER), **told)


def findings(*added: Agency, base_version: int = 0, faults: int = 0) -> Findings:
    """Return what is found in a file that opens agencies, or that has faults."""
    change = AgencyChange(base_version=base_version, closed=(), added=added or (an_agency(),))
    return Findings(
        base_version=base_version,
        faults=({"row": 2},) * faults,
        fault_count=faults,
        lines=pack(b"" if faults else lines_of(change)),
        diff=pack(b"[]"),
        diff_sha256=None if faults else diff_sha256(change),
        counts={} if faults else {"codes": 1},
        instants=() if faults else (LATER,),
    )


def a_change(**facts: Any) -> NewChange:
    """Return a change set to be kept."""
    source = Source(name="a.csv", type=SourceType.CHANGES_CSV, content=b"op,code\n", sha256="ab" * 32)
    new = NewChange(
        id=new_id(),
        title="Thêm",
        legal_basis="QĐ 1",
        source=source,
        retroactive=False,
        findings=findings(),
        proposer="an",
    )
    return replace(new, **facts)


def signature(role: OfficerRole, officer: str = "an") -> NewApproval:
    """Return a signature that was checked."""
    key = Officer(name=officer).verifier_key
    return NewApproval(officer=officer, role=role, verifier_key=key, signed_at=NOON, signature="c2ln")


async def approved(store: SqlStore, **facts: Any) -> ChangeSet:
    """Return a change set that two officers have signed."""
    change = await store.changes.create(a_change(**facts))
    change = await store.changes.propose(change, signature(OfficerRole.PROPOSER))
    return await store.changes.approve(change, signature(OfficerRole.APPROVER, "binh"))


async def logged(stores: Stores, change_id: str) -> list[LogEntry]:
    """Return the entries about a change set."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    entries = [read_leaf(bytes(leaf)) for (leaf,) in rows]
    return [entry for entry in entries if entry.fields.get("change") == change_id]


async def test_all_that_is_kept(store: SqlStore, stores: Stores) -> None:
    """Every fact comes back, for another process too; a draft is no matter for the log."""
    new = a_change(held=True, retroactive=True, rolls_back="x")
    made = await store.changes.create(new)

    fresh = await stores.open()
    assert await fresh.changes.change_set(new.id) == made
    assert (made.state, made.revision, made.title, made.held) == (ChangeState.VALIDATED, 1, "Thêm", True)
    assert (made.instants, made.counts, made.created_at) == ((LATER,), {"codes": 1}, NOON)
    content = await fresh.changes.content(new.id)
    assert (content.source, content.lines) == (b"op,code\n", new.findings.lines)
    assert await logged(stores, new.id) == []
    assert await store.changes.change_set(new_id()) is None
    with pytest.raises(KeyError):
        await store.changes.content(new_id())


async def test_signing(store: SqlStore, stores: Stores) -> None:
    """Both signatures are kept with what they cover, each with an entry from which it can be verified."""
    done = await approved(store)

    assert (done.state, done.revision) == (ChangeState.APPROVED, 3)
    assert [(each.role, each.officer) for each in done.approvals] == [
        (OfficerRole.PROPOSER, "an"),
        (OfficerRole.APPROVER, "binh"),
    ]
    first, second = await logged(stores, done.id)
    assert (first.kind, second.kind) == (Kind.REGISTRY_PROPOSED, Kind.REGISTRY_APPROVED)
    assert first.fields["change_sha256"] == second.fields["change_sha256"] == done.diff_sha256
    assert (first.fields["title"], first.fields["signature"]) == ("Thêm", "c2ln")
    assert await store.changes.due() == (done,)


async def test_only_from_what_was_seen(store: SqlStore) -> None:
    """Whoever has not seen the newest revision does nothing, whatever it was that they wanted."""
    seen = await store.changes.create(a_change())
    newer = await store.changes.propose(seen, signature(OfficerRole.PROPOSER))
    source = Source(name="", type=SourceType.CHANGES_CSV, content=b"", sha256="ab" * 32)
    for step in (
        store.changes.replace(seen, source, findings(), retroactive=False),
        store.changes.revalidate(seen, findings(an_agency("H27")), reason="registry.diff_changed"),
        store.changes.approve(seen, signature(OfficerRole.APPROVER)),
        store.changes.declare_emergency(seen, signature(ALONE), reason="x", expires_at=LATER),
        store.changes.withdraw(seen, actor="an", reason=""),
        store.changes.release(seen, actor="an"),
        store.changes.scheduled(seen, 1),
        store.changes.lapse(seen, a_change()),
    ):
        with pytest.raises(ChangeMovedError):
            await step
    assert await store.changes.change_set(seen.id) == newer


async def test_two_at_the_same_time(stores: Stores) -> None:
    """Of two officers who approve together one is first, and the other hears of it."""
    one, other = await stores.open(), await stores.open()
    change = await one.changes.create(a_change())
    change = await one.changes.propose(change, signature(OfficerRole.PROPOSER))
    outcomes = await asyncio.gather(
        one.changes.approve(change, signature(OfficerRole.APPROVER, "binh")),
        other.changes.approve(change, signature(OfficerRole.APPROVER, "chi")),
        return_exceptions=True,
    )

    assert sorted(isinstance(each, ChangeSet) for each in outcomes) == [False, True]
    assert len(await logged(stores, change.id)) == 2


async def test_moves_that_are_not_allowed(store: SqlStore) -> None:
    """What is withdrawn stays so, and what was not approved is not scheduled."""
    change = await store.changes.create(a_change())
    with pytest.raises(ChangeMovedError):
        await store.changes.scheduled(change, 1)
    gone = await store.changes.withdraw(change, actor="an", reason="")
    with pytest.raises(ChangeMovedError):
        await store.changes.withdraw(gone, actor="an", reason="")


async def test_another_file(store: SqlStore, stores: Stores) -> None:
    """It replaces all that was found; signatures stay on record, but count no more."""
    change = await store.changes.create(a_change())
    change = await store.changes.propose(change, signature(OfficerRole.PROPOSER))
    source = Source(name="b.csv", type=SourceType.CHANGES_CSV, content=b"b", sha256="cd" * 32)
    after = await store.changes.replace(change, source, findings(faults=3), retroactive=True)

    assert (after.state, after.fault_count, after.source_name) == (ChangeState.DRAFT, 3, "b.csv")
    assert (after.first, after.approvals[0].void_at) == (None, NOON)
    assert (await store.changes.content(change.id)).source == b"b"
    assert [each.kind for each in await logged(stores, change.id)] == [
        Kind.REGISTRY_PROPOSED,
        Kind.REGISTRY_VOIDED,
    ]


async def test_looking_again(store: SqlStore, stores: Stores) -> None:
    """The same diff over a newer version lets signatures stand; another one voids them, with the reason."""
    done = await approved(store)
    same = await store.changes.revalidate(done, findings(base_version=5), reason="registry.diff_changed")
    assert (same.state, same.base_version, same.first is None) == (ChangeState.APPROVED, 0, False)
    other = await store.changes.revalidate(same, findings(an_agency("H27")), reason="registry.diff_changed")
    assert (other.state, other.reason) == (ChangeState.VALIDATED, "registry.diff_changed")
    assert all(each.void_at == NOON for each in other.approvals)
    assert (await logged(stores, done.id))[-1].kind is Kind.REGISTRY_VOIDED


async def test_an_emergency(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """It is due when its time is over, unless somebody ratified it, or something undoes it already."""
    change = await store.changes.create(a_change())
    until = NOON + timedelta(hours=1)
    change = await store.changes.declare_emergency(change, signature(ALONE), reason="gấp", expires_at=until)
    change = await store.changes.scheduled(change, 1)
    assert (await store.changes.due(), await store.changes.emergencies()) == ((), 1)
    clock.turn(hours=1)
    assert await store.changes.due() == (change,)

    undo = await store.changes.lapse(change, a_change(rolls_back=change.id))
    assert await store.changes.due() == (undo,)
    await store.changes.scheduled(undo, 2)
    after = await store.changes.change_set(change.id)
    assert after is not None
    assert (after.state, after.expires_at) == (ChangeState.ROLLED_BACK, None)
    assert await store.changes.emergencies() == 0
    assert [each.kind for each in await logged(stores, change.id)] == [
        Kind.REGISTRY_EMERGENCY,
        Kind.REGISTRY_LAPSED,
    ]


async def test_ratifying(store: SqlStore, clock: Clock) -> None:
    """A second officer ends the emergency."""
    change = await store.changes.create(a_change())
    change = await store.changes.declare_emergency(change, signature(ALONE), reason="gấp", expires_at=LATER)
    change = await store.changes.scheduled(change, 1)
    change = await store.changes.approve(change, signature(OfficerRole.APPROVER, "binh"))
    clock.turn(days=9)

    assert (change.state, change.expires_at, change.emergency) == (ChangeState.SCHEDULED, None, "gấp")
    assert await store.changes.due() == ()


async def test_what_is_held(store: SqlStore, stores: Stores) -> None:
    """It is not due before somebody releases it."""
    done = await approved(store, held=True)
    assert await store.changes.due() == ()
    released = await store.changes.release(done, actor="chi")
    assert await store.changes.due() == (released,)
    assert (await logged(stores, done.id))[-1].fields["actor"] == "chi"


async def test_pages_and_what_is_pending(store: SqlStore, clock: Clock) -> None:
    """The newest first, by state; what is over is not pending."""
    made = [await store.changes.create(a_change()) for _ in range(3)]
    gone = await store.changes.withdraw(made[0], actor="an", reason="x")
    assert await store.changes.page(limit=2) == (made[2], made[1])
    assert await store.changes.page(before=made[1].id) == (gone,)
    assert await store.changes.page(state=ChangeState.WITHDRAWN) == (gone,)
    done = await store.changes.scheduled(await approved(store), 1)
    assert [each.id for each in await store.changes.pending()] == [made[1].id, made[2].id, done.id]
    clock.turn(days=2)
    assert [each.id for each in await store.changes.pending()] == [made[1].id, made[2].id]


async def test_two_processes_make_one_version(stores: Stores) -> None:
    """However many processes go on with what is approved, it becomes one version, and is found by it."""
    one, other = await stores.open(), await stores.open()
    change = await approved(one)
    schedulers = [
        Scheduler(store=store, clock=stores.clock, bell=Bell(), gateway="gw-north") for store in (one, other)
    ]
    async with asyncio.timeout(20):
        while True:
            await asyncio.gather(*(each.one_pass() for each in schedulers))
            made = await one.changes.change_set(change.id)
            if made is not None and made.state is ChangeState.SCHEDULED:
                break
    assert made.version == await one.changes.version_made(change.id) == 1
    assert (await other.registry.directory()).version == 1
    [newest] = await other.changes.versions()
    assert (newest.change, newest.actor) == (change.id, "binh")
    assert await one.changes.known_at(NOON) == newest
    assert await one.changes.known_at(NOON - timedelta(days=1)) is None
    kinds = [each.kind for each in await logged(stores, change.id)]
    assert kinds.count(Kind.REGISTRY_ACTIVATED) == 1


async def test_officers_keys(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """One key a credential at a time; what another one has cannot be taken; nothing is forgotten."""
    first, second = Officer(name="an").verifier_key, Officer(name="an.2").verifier_key
    await store.changes.register_key("c-1", first, actor="admin")
    again = await store.changes.register_key("c-1", first, actor="admin")
    assert again == OfficerKey(credential_id="c-1", verifier_key=first, since=NOON, until=None)
    clock.turn(hours=1)
    newer = await store.changes.register_key("c-1", second, actor="admin")
    assert await store.changes.officer_key("c-1") == newer
    assert await store.changes.officer_key("c-2") is None
    assert [each.until for each in await store.changes.officer_keys()] == [newer.since, None]
    entries = [
        read_leaf(bytes(leaf)) for (leaf,) in await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    ]
    told = [each.fields["verifier_key"] for each in entries if each.fields.get("purpose") == "officer"]
    assert told == [first, second]


async def test_a_key_of_somebody_who_is_there(store: SqlStore) -> None:
    """The key of a credential that can still be used is nobody else's."""
    _, credential = new_token(label="an", member_id=None, at=NOON, roles={"registry"})
    await store.accounts.issue(credential, actor="admin")
    key = Officer(name="an").verifier_key
    await store.changes.register_key(credential.id, key, actor="admin")
    with pytest.raises(OfficerKeyTakenError):
        await store.changes.register_key("c-2", key, actor="admin")
    await store.accounts.revoke(credential.id, actor="admin")
    moved = await store.changes.register_key("c-2", key, actor="admin")
    assert await store.changes.officer_key("c-2") == moved
    assert await store.changes.officer_key(credential.id) is None


async def test_traffic(store: SqlStore, clock: Clock) -> None:
    """Deliveries under way are named, messages of late are counted, and other codes are left out."""
    await store.documents.accept(an_acceptance(b"1", recipients=[a_recipient("H53.7")]))
    clock.turn(days=40)
    await store.documents.accept(an_acceptance(b"2", recipients=[a_recipient("H53.7"), a_recipient("H99")]))
    found = await store.changes.traffic(frozenset({"H26.1", "H53.7"}), since=clock() - timedelta(days=30))

    assert (found.sent, found.received) == ({"H26.1": 1}, {"H53.7": 1})
    assert [(each.code, each.state) for each in found.under_way] == [
        ("H53.7", DeliveryState.QUEUED.value)
    ] * 2
