"""The contract of `ports.Documents.renew`, and of `claim` by size: long sends keep their rows, and short ones do not wait."""

from __future__ import annotations

from gateway.ports.documents import ANY_SIZE
from gateway.records import OutboxItem
from gateway.store import SqlStore
from tests.contract.test_store_outbox import CONFIRMED, LEASE, accepted, claim, delivery_of, settle
from tests.support.store_samples import Clock, a_message, a_recipient, an_acceptance, an_arrival


async def test_a_renewed_lease_begins_anew(store: SqlStore, clock: Clock) -> None:
    """A row whose lease is prolonged in time is nobody else's, and the answer under its fence counts."""
    answer = await accepted(store)
    items = await claim(store)
    for _ in range(3):
        clock.turn(seconds=100)
        await store.documents.renew(items, lease=LEASE)
    assert await claim(store) == ()

    await settle(store, items, CONFIRMED)

    assert (await delivery_of(store, answer)).state.value == "confirmed"


async def test_a_renewed_lease_ends_too(store: SqlStore, clock: Clock) -> None:
    """Whoever dies after prolonging holds the row for one lease and no longer."""
    await accepted(store)
    [lost] = await claim(store)
    clock.turn(seconds=100)
    await store.documents.renew([lost], lease=LEASE)
    clock.turn(seconds=119)
    assert await claim(store) == ()
    clock.turn(seconds=1)

    [again] = await claim(store)

    assert (again.id, again.fence) == (lost.id, lost.fence + 1)


async def test_who_lost_a_row_prolongs_nothing(store: SqlStore, clock: Clock) -> None:
    """Neither another's lease, nor that of a row which has its answer, nor one that is gone."""
    answer = await accepted(store)
    old = await claim(store)
    clock.turn(seconds=120)
    new = await claim(store)
    clock.turn(seconds=60)
    await store.documents.renew(old, lease=LEASE)
    clock.turn(seconds=60)
    newest = await claim(store)
    assert [item.fence for item in (*new, *newest)] == [2, 3]

    await settle(store, newest, CONFIRMED)
    await store.documents.renew(newest, lease=10 * LEASE)
    clock.turn(hours=4)
    assert [item.fence for item in await claim(store)] == [4]
    assert (await delivery_of(store, answer)).state.value == "confirmed"


async def test_small_ones_are_claimed_apart_from_big_ones(store: SqlStore) -> None:
    """A claim leases only what is of its sizes; a receipt counts as small; together every size is claimed once."""
    for size in (1, 100, 101, 5_000):
        await store.documents.accept(
            an_acceptance(b"%d" % size, recipients=[a_recipient()], size=size, document_id=f"H26,{size}")
        )
    await store.documents.arrive([an_arrival(a_message(b"another"), a_recipient())])

    small = await _claim(store, range(101))
    big = await _claim(store, range(101, ANY_SIZE.stop))

    assert {item.message.size if item.message else None for item in small} == {1, 100, None}
    assert [item.message.size if item.message else None for item in big] == [101, 5_000]
    assert await claim(store) == ()


async def _claim(store: SqlStore, sizes: range) -> tuple[OutboxItem, ...]:
    return await store.documents.claim(limit=100, lease=LEASE, sizes=sizes)
