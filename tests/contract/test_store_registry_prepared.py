"""What happens around a large change: it is prepared where nobody reads, and whatever breaks off leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gateway.store import SqlStore
from gateway.store.errors import RegistryBusyError, StoreClosedError
from routing.agencies import AgencyChange, Directory
from tests.support.registry import CUT_OVER, HANOI, TAY_NINH, an_agency
from tests.support.store_samples import A_CERTIFICATE, Clock, an_acceptance
from tests.support.stores import Stores

COUNT = 30
AGENCIES = tuple(an_agency(f"H26.{number}", f"Xã {number}") for number in range(1, COUNT + 1))
SOURCE = "5c" * 32
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""What only several processes can do."""


def ending(base_version: int) -> AgencyChange:
    """Return the change that ends every code, and begins one."""
    return AgencyChange(
        base_version=base_version,
        closed=AGENCIES,
        added=(
            an_agency("H27", "Tỉnh mới", valid_from=CUT_OVER),
            *(replace(each, valid_to=CUT_OVER, successors=("H27",)) for each in AGENCIES),
        ),
    )


async def a_slow_store(stores: Stores) -> SqlStore:
    """Open a store that prepares every change row by row."""
    store = await stores.open()
    store.registry.preparing.at_once = 0
    store.registry.preparing.portion = 1
    store.registry.preparing.lead = 0.0
    return store


async def filled(stores: Stores) -> SqlStore:
    """Return such a store with version 2: the agencies, and a certificate of the first."""
    store = await a_slow_store(stores)
    await store.registry.load_agencies(AGENCIES, actor="admin", source_sha256=SOURCE)
    await store.registry.register_certificate("H26.1", A_CERTIFICATE, pem=b"PEM", actor="ops")
    return store


async def change(store: SqlStore, wanted: AgencyChange) -> Directory:
    """Make a change as a code admin's change set does."""
    return await store.registry.change_agencies(wanted, actor="admin", source=SOURCE, change_id="c-7")


async def until(stores: Stores, statement: str, count: int) -> None:
    """Wait until a count has got this far."""
    while (await stores.rows(statement))[0][0] < count:
        await asyncio.sleep(0.005)


WRITTEN = (
    "SELECT (SELECT count(*) FROM agency WHERE since_version = 3) "
    "+ (SELECT count(*) FROM agency WHERE until_version = 3)"
)
ANNOUNCED = "SELECT count(sha256) FROM registry_preparation"
LEFT_OVER = "SELECT count(*) FROM agency WHERE since_version > {0} OR until_version > {0}"


def shown(directory: Directory) -> list[str]:
    """Return all that a directory holds, as text."""
    return sorted(map(repr, (*directory.agencies(), *directory.members)))


async def abandoned(stores: Stores, written: int) -> Directory:
    """Begin a change in a process that dies when this many rows are written; return the version before."""
    dying = await filled(stores)
    before = await dying.registry.directory()
    changing = asyncio.create_task(change(dying, ending(2)))
    await until(stores, WRITTEN, written)
    await dying.writer.close()
    with pytest.raises(StoreClosedError):
        await changing
    assert (await stores.rows(WRITTEN))[0][0] >= written
    return before


@pytest.mark.parametrize("written", [1, COUNT - 5, COUNT + 5], ids=["begun", "closing", "adding"])
async def test_what_was_abandoned_is_taken_back(stores: Stores, clock: Clock, written: int) -> None:
    """The version in force stays as it was; once the lease has ended the next change clears up and is made."""
    before = await abandoned(stores, written)
    other = await a_slow_store(stores)
    assert shown(await other.registry.directory()) == shown(before)
    other.registry.patience = 0.0
    with pytest.raises(RegistryBusyError):
        await other.registry.put_member(HANOI, actor="ops")

    clock.turn(seconds=11)
    other.registry.patience = 5.0
    after = await other.registry.put_member(HANOI, actor="ops")

    assert (after.version, shown(after)) == (3, sorted([*shown(before), repr(HANOI)]))
    assert await stores.rows(LEFT_OVER.format(3)) == [(0,)]
    assert await stores.rows("SELECT count(*) FROM registry_preparation") == [(0,)]
    fresh = await (await stores.open()).registry.directory()
    assert (fresh.sha256, shown(fresh)) == (after.sha256, shown(after))
    assert (await change(other, ending(3))).version == 4


async def test_a_cancelled_change_is_taken_back_at_once(stores: Stores) -> None:
    """Who changes their mind need not wait for the lease."""
    store = await filled(stores)
    before = await store.registry.directory()
    changing = asyncio.create_task(change(store, ending(2)))
    await until(stores, WRITTEN, COUNT)

    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing

    assert await stores.rows(LEFT_OVER.format(2)) == [(0,)]
    assert shown(await (await stores.open()).registry.directory()) == shown(before)
    store.registry.patience = 0.0
    assert (await change(store, ending(2))).version == 3


async def test_other_changes_wait_for_one_that_is_prepared(stores: Stores) -> None:
    """They are made upon the version that it makes; documents are accepted all the while."""
    store, other = await filled(stores), await stores.open()
    changing = asyncio.create_task(change(store, ending(2)))
    await until(stores, WRITTEN, 1)

    accepted = await other.documents.accept(an_acceptance(registry_version=2))
    members = await asyncio.gather(
        store.registry.put_member(HANOI, actor="ops"), other.registry.put_member(TAY_NINH, actor="ops")
    )

    assert accepted.message.registry_version == 2
    assert (await changing).version == 3
    assert {each.version for each in members} == {4, 5}
    last = max(members, key=lambda each: each.version)
    assert {each.id for each in last.members} == {"hanoi", "tayninh"}
    assert last.agency("H27", CUT_OVER) is not None
    assert shown(await (await stores.open()).registry.directory()) == shown(last)


@ON_POSTGRESQL
async def test_one_that_lost_its_lease_puts_nothing_in_force(stores: Stores, clock: Clock) -> None:
    """A process that was away for too long finds its change taken back."""
    store, other = await filled(stores), await stores.open()
    store.registry.patience = 0.0
    store.registry.preparing.lead = 2.0
    changing = asyncio.create_task(change(store, ending(2)))
    await until(stores, ANNOUNCED, 1)

    clock.turn(seconds=11)
    await other.registry.preparing.clear()

    with pytest.raises(RegistryBusyError):
        await changing
    assert await stores.rows(LEFT_OVER.format(2)) == [(0,)]
    assert (await other.registry.put_member(HANOI, actor="ops")).version == 3


@ON_POSTGRESQL
async def test_an_announced_version_is_read_ahead(stores: Stores) -> None:
    """When it comes into force, a process that heard of it in time reads nothing any more."""
    store, other = await filled(stores), await stores.open()
    assert (await other.registry.directory()).version == 2
    store.registry.preparing.lead = 3.0
    changing = asyncio.create_task(change(store, ending(2)))
    await until(stores, ANNOUNCED, 1)
    assert (await other.registry.directory()).version == 2
    await other.registry.close()
    await stores.tamper("UPDATE agency SET name = 'sau khi đọc trước' WHERE since_version = 3")

    after = await changing

    found = await other.registry.directory()
    assert (found.version, found.sha256, shown(found)) == (3, after.sha256, shown(after))


async def test_memory_that_differs_is_not_built_upon(stores: Stores) -> None:
    """A process whose memory is not what the database holds reads everything again."""
    store, other = await filled(stores), await stores.open()
    await other.registry.directory()
    await stores.tamper("UPDATE agency SET name = 'khác' WHERE code = 'H26.7'")

    await change(store, ending(2))

    assert shown(await other.registry.directory()) == shown(await (await stores.open()).registry.directory())


async def test_every_kind_of_change_is_read_by_itself(stores: Stores) -> None:
    """A process that was there before and one that has just begun know the same."""
    store, other = await filled(stores), await stores.open()
    ended = ending(4).added[1:10]
    steps: list[Callable[[], Awaitable[Directory]]] = [
        lambda: store.registry.put_member(HANOI, actor="ops"),
        lambda: store.registry.register_certificate("H26.2", A_CERTIFICATE, pem=b"", actor="ops"),
        lambda: change(store, ending(4)),
        lambda: store.registry.put_member(replace(HANOI, queue="q"), actor="ops"),
        lambda: change(store, AgencyChange(base_version=6, closed=ended, added=())),
    ]
    for step in steps:
        made = await step()
        known, fresh = await other.registry.directory(), await (await stores.open()).registry.directory()
        assert (known.version, known.sha256) == (fresh.version, fresh.sha256) == (made.version, made.sha256)
        assert shown(known) == shown(fresh) == shown(made)
        assert known.registered == fresh.registered == made.registered


async def test_older_versions_can_be_asked_for(store: SqlStore, clock: Clock) -> None:
    """What was known then, by version or by the moment at which it was recorded."""
    before_all = clock()
    clock.turn(hours=1)
    made = [await store.registry.directory()]
    moments = [clock()]
    for number in range(1, 8):
        clock.turn(hours=1)
        moments.append(clock())
        made.append(
            await store.registry.load_agencies(AGENCIES[:number], actor="admin", source_sha256=SOURCE)
        )

    for version, expected in enumerate(made):
        by_version = await store.registry.directory_at(version)
        assert (by_version.version, by_version.sha256) == (version, expected.sha256)
        assert shown(by_version) == shown(expected)
        assert await store.registry.directory_at(moments[version]) is by_version
    assert (await store.registry.directory_at(before_all)).version == 0
    assert await store.registry.directory_at(7) is await store.registry.directory()
    for unknown in (8, -1):
        with pytest.raises(KeyError):
            await store.registry.directory_at(unknown)
