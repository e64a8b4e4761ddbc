"""The contract of `ports.Registry.change_agencies`: all of a change as one new version, or nothing of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.ports import StaleRegistryError
from gateway.store import SqlStore
from routing.agencies import Agency, AgencyChange, Directory
from routing.errors import RegistryInconsistent
from routing.log import Kind, LogEntry, read_leaf
from routing.registry_hash import registry_sha256
from tests.support.registry import AFTER, CUT_OVER, HANOI, an_agency
from tests.support.store_samples import A_CERTIFICATE
from tests.support.stores import Stores

AGENCIES = (
    an_agency("H26", aliases=("000.00.00.H26", "000.00.26.H00")),
    an_agency("H26.1", "Sở Nội vụ"),
    an_agency("H39", "Tỉnh Long An"),
    an_agency("H53", "Tỉnh Tây Ninh"),
)
LONG_AN, TAY_NINH = AGENCIES[2:]


@pytest.fixture(params=[500, 0], ids=["at once", "prepared"])
async def store(stores: Stores, request: pytest.FixtureRequest) -> SqlStore:
    """Open a store that makes changes in one transaction, and one that prepares even the smallest."""
    return changing(await stores.open(), request.param)


def changing(store: SqlStore, at_once: int) -> SqlStore:
    """Let a store prepare what is larger than this, with one row in a transaction."""
    store.registry.preparing.at_once = at_once
    store.registry.preparing.portion = 1
    store.registry.preparing.lead = 0.1
    return store


SOURCE = "5b" * 32


def cut_over(base_version: int) -> AgencyChange:
    """Return the change in which Long An is merged into a new Tây Ninh."""
    return AgencyChange(
        base_version=base_version,
        closed=(LONG_AN, TAY_NINH),
        added=(
            replace(LONG_AN, valid_to=CUT_OVER, successors=("H53",)),
            replace(TAY_NINH, valid_to=CUT_OVER),
            an_agency("H53", "Tỉnh Tây Ninh mới", valid_from=CUT_OVER),
        ),
    )


async def prepared(store: SqlStore) -> Directory:
    """Return version 2: the agencies, and a certificate of the old Tây Ninh."""
    await store.registry.load_agencies(AGENCIES, actor="admin", source_sha256="5a" * 32)
    return await store.registry.register_certificate("H53", A_CERTIFICATE, pem=b"PEM", actor="ops")


async def change(store: SqlStore, wanted: AgencyChange) -> Directory:
    """Make a change as a code admin's change set does."""
    return await store.registry.change_agencies(wanted, actor="admin", source=SOURCE, change_id="c-7")


async def activations(stores: Stores) -> list[LogEntry]:
    """Return the entries about activations."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    entries = [read_leaf(bytes(leaf)) for (leaf,) in rows]
    return [entry for entry in entries if entry.kind is Kind.REGISTRY_ACTIVATED]


def shown(directory: Directory) -> list[str]:
    """Return every version as text."""
    return sorted(map(repr, directory.agencies()))


async def test_a_change_is_one_version_and_one_entry(store: SqlStore, stores: Stores) -> None:
    """Everything in the change is in force at once in every process, and the entry says how much it was."""
    other = await stores.open()
    before = await prepared(store)
    assert (await other.registry.directory()).version == 2

    after = await change(store, cut_over(2))

    assert after is await store.registry.directory()
    assert (after.version, after.sha256) == (3, registry_sha256(after.agencies(), ()))
    assert after.sha256 == before.after(cut_over(2), version=3).sha256
    for process in (other, await stores.open()):
        found = await process.registry.directory()
        assert (found.version, found.sha256, shown(found)) == (3, after.sha256, shown(after))
    entry = (await activations(stores))[-1]
    assert entry.fields == {
        "registry_version": 3,
        "registry_sha256": after.sha256,
        "previous_sha256": before.sha256,
        "source_sha256": SOURCE,
        "change": "c-7",
        "actor": "admin",
        "added": 3,
        "closed": 2,
        "agencies": 5,
    }
    [row] = await stores.rows("SELECT actor, source FROM registry_version WHERE version = 3")
    assert row == ("admin", "change c-7")


async def test_a_change_leaves_certificates_where_they_are(store: SqlStore, stores: Stores) -> None:
    """The old body keeps its certificate and the new one does not get it; without a version left it is gone."""
    await prepared(store)

    after = await change(store, cut_over(2))

    assert [each.certificates for each in after.versions("H53")] == [(A_CERTIFICATE,), ()]
    old = replace(TAY_NINH, valid_to=CUT_OVER)
    gone = await change(store, AgencyChange(base_version=3, closed=(old,), added=()))
    back = await change(store, AgencyChange(base_version=4, closed=(), added=(old,)))
    for directory in (gone, back, await (await stores.open()).registry.directory()):
        assert {each.certificates for each in directory.agencies()} == {()}


async def test_a_change_of_another_version_is_stale(store: SqlStore, stores: Stores) -> None:
    """What was decided about one version is not done to another, be it older or newer."""
    other = await stores.open()
    await prepared(store)
    await other.registry.put_member(HANOI, actor="ops")

    for base in (2, 4):
        with pytest.raises(StaleRegistryError):
            await change(store, cut_over(base))

    assert (await store.registry.directory()).version == 3
    assert len(await activations(stores)) == 1


@pytest.mark.parametrize("at_once", [500, 0])
async def test_of_changes_at_once_one_wins(stores: Stores, at_once: int) -> None:
    """Of several changes of one version, in one process or several, exactly one is made."""
    processes = [changing(await stores.open(), at_once) for _ in range(2)]
    await prepared(processes[0])

    answers = await asyncio.gather(
        *(change(processes[n % 2], cut_over(2)) for n in range(4)), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in answers) == ["Directory", *["StaleRegistryError"] * 3]
    assert {(await each.registry.directory()).version for each in processes} == {3}


@pytest.mark.parametrize(
    ("closed", "added"),
    [
        ((an_agency("H26", "Tên khác"),), ()),
        ((an_agency("H99"),), ()),
        ((), (an_agency("H39", "Một Long An khác", valid_from=AFTER),)),
        ((), (an_agency("H40", aliases=("000.00.00.H26",)),)),
    ],
    ids=["other content", "unknown code", "overlap", "alias"],
)
async def test_a_contradiction_changes_nothing(
    store: SqlStore, stores: Stores, closed: tuple[Agency, ...], added: tuple[Agency, ...]
) -> None:
    """A change that contradicts what is there is refused as a whole, and the next one is not harmed."""
    before = await prepared(store)
    fine = an_agency("H26.2", "Sở Tài chính")

    with pytest.raises(RegistryInconsistent):
        await change(store, AgencyChange(base_version=2, closed=closed, added=(fine, *added)))

    assert shown(await store.registry.directory()) == shown(before)
    after = await change(store, AgencyChange(base_version=2, closed=(), added=(fine,)))
    fresh = await (await stores.open()).registry.directory()
    assert shown(fresh) == shown(after)
    assert len(shown(after)) == len(AGENCIES) + 1


async def test_a_change_of_nothing_makes_no_version(store: SqlStore, stores: Stores) -> None:
    """Where nothing is closed or added, nothing is logged."""
    await prepared(store)

    after = await change(store, AgencyChange(base_version=2, closed=(), added=()))

    assert after.version == 2
    assert len(await activations(stores)) == 1
