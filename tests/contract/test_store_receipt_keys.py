"""The contract of `ports.ReceiptKeys`: one key in use, every earlier one kept, and an entry for each change."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gateway.ports import PublishedKey
from gateway.ports.receipt_keys import OVERLAP
from gateway.store import SqlStore
from routing.log import Kind, read_leaf
from tests.support.store_samples import NOON, Clock
from tests.support.stores import GATEWAY, Stores

DAY = timedelta(days=1)


async def rotations(stores: Stores) -> list[tuple[str, str]]:
    """Return which keys the log names as those for receipts, in order, and for which gateway."""
    rows = await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    entries = [read_leaf(bytes(leaf)) for (leaf,) in rows]
    return [
        (str(entry.fields["verifier_key"]), str(entry.fields["gateway"]))
        for entry in entries
        if entry.kind is Kind.KEY_ROTATED and entry.fields["purpose"] == "receipt"
    ]


async def test_the_first_key(store: SqlStore, stores: Stores) -> None:
    """The key in use has no end; saying so again, also by another process, changes nothing."""
    assert await store.receipt_keys.published() == ()

    await store.receipt_keys.publish("gw/receipt+1+a")
    await store.receipt_keys.publish("gw/receipt+1+a")
    await (await stores.open()).receipt_keys.publish("gw/receipt+1+a")

    expected = PublishedKey(verifier_key="gw/receipt+1+a", valid_from=NOON, valid_until=None)
    assert await store.receipt_keys.published() == (expected,)
    assert await rotations(stores) == [("gw/receipt+1+a", GATEWAY)]


async def test_a_key_takes_over(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """The key before stays good for the overlap and stays in the list for ever."""
    await store.receipt_keys.publish("old")
    clock.turn(days=1)
    await store.receipt_keys.publish("new")

    assert await store.receipt_keys.published() == (
        PublishedKey(verifier_key="old", valid_from=NOON, valid_until=NOON + DAY + OVERLAP),
        PublishedKey(verifier_key="new", valid_from=NOON + DAY, valid_until=None),
    )
    assert [key for key, _ in await rotations(stores)] == ["old", "new"]


async def test_a_key_comes_back(store: SqlStore, stores: Stores, clock: Clock) -> None:
    """An earlier key that is used again is in use again, since its first day; an end that was set stays where it was."""
    for key in ("a", "b", "c", "a"):
        await store.receipt_keys.publish(key)
        clock.turn(days=1)

    found = {each.verifier_key: each for each in await store.receipt_keys.published()}
    assert (found["a"].valid_from, found["a"].valid_until) == (NOON, None)
    assert found["b"].valid_until == NOON + 2 * DAY + OVERLAP
    assert found["c"].valid_until == NOON + 3 * DAY + OVERLAP
    assert [key for key, _ in await rotations(stores)] == ["a", "b", "c", "a"]


async def test_processes_take_turns(stores: Stores) -> None:
    """Processes that start at the same time with the same key write it once."""
    opened = [await stores.open() for _ in range(3)]

    await asyncio.gather(*(each.receipt_keys.publish("k") for each in opened))

    assert len(await opened[0].receipt_keys.published()) == 1
    assert await rotations(stores) == [("k", GATEWAY)]
