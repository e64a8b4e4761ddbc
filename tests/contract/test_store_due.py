"""What is due: the urgent first, nobody starved, each flow in its order, by indexes on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from gateway.records import Accepted, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.store.due import DUE, SHARE, URGENCIES, allotted
from tests.support.store_samples import Clock, a_recipient, an_acceptance
from tests.support.stores import Stores

LEASE = timedelta(minutes=1)
CONFIRMED = SendOutcome(result=SendResult.CONFIRMED)
UNKNOWN = SendOutcome(result=SendResult.UNKNOWN, reason="timeout")


async def accepted(store: SqlStore, number: int, *, code: str = "H53.1", priority: int = 0) -> Accepted:
    """Accept one message of a flow."""
    item = an_acceptance(b"%d" % number, recipients=[a_recipient(code)], priority=priority)
    return await store.documents.accept(item)


async def claimed(store: SqlStore, limit: int = 100) -> list[tuple[str, int | None]]:
    """Claim, and return addressees and numbers."""
    items = await store.documents.claim(limit=limit, lease=LEASE)
    return [(item.recipient.code, item.recipient.flow_seq) for item in items if item.recipient is not None]


async def settle(store: SqlStore, items: tuple[OutboxItem, ...], outcome: SendOutcome) -> None:
    """Say the same of every row."""
    await store.documents.settle([(item, outcome) for item in items], resend_after=timedelta(hours=1))


@given(waiting=st.dictionaries(st.sampled_from(URGENCIES), st.integers(0, 300)), limit=st.integers(1, 200))
def test_shares_are_just(waiting: dict[int, int], limit: int) -> None:
    """A batch is as full as it can be, nothing gets more than waits, the more urgent come first, and no class is left out."""
    shares = allotted(waiting, limit)

    assert sum(shares.values()) == min(limit, sum(waiting.values()))
    assert all(shares[each] <= waiting[each] for each in shares)
    assert list(shares) == sorted(shares, reverse=True)
    present = [each for each in waiting if waiting[each]]
    if limit >= len(present):
        assert set(shares) == set(present)
    if present:
        kept = max(limit // SHARE, len(present) - 1, 0)
        assert shares[max(present)] >= min(waiting[max(present)], max(limit - kept, 1))


@pytest.mark.parametrize("limit", [5, 20, 100])
def test_nobody_starves(limit: int) -> None:
    """However many urgent ones come, each class that waits gets on."""
    shares = allotted(dict.fromkeys(URGENCIES, 10_000), limit)

    assert set(shares) == set(URGENCIES)
    assert sum(shares.values()) == limit


async def test_urgent_overtake_other_flows_and_their_own(store: SqlStore) -> None:
    """The more urgent comes first, though it was accepted last; its number shows that it overtook."""
    for number, (code, priority) in enumerate([("H53.1", 0), ("H53.2", 0), ("H53.1", 2), ("H53.3", 4)]):
        await accepted(store, number, code=code, priority=priority)

    assert await claimed(store) == [("H53.3", 1), ("H53.1", 2), ("H53.1", 1), ("H53.2", 1)]


async def test_normal_ones_progress_beside_a_flood(store: SqlStore) -> None:
    """A batch that urgent ones could fill has room for others."""
    for number in range(12):
        await accepted(store, number, code=f"H53.{number}", priority=3 if number else 0)

    found = await claimed(store, limit=8)

    assert len(found) == 8
    assert found[-1] == ("H53.0", 1)


async def test_a_normal_one_does_not_overtake_an_urgent_one_of_its_flow(store: SqlStore) -> None:
    """Where the share of the others would let a normal message pass an urgent one before it, it waits."""
    for number in range(8):
        await accepted(store, number, priority=3)
    await accepted(store, 9)

    assert await claimed(store, limit=4) == [("H53.1", seq) for seq in (1, 2, 3)]


async def test_flows_keep_their_order_in_a_commit(store: SqlStore) -> None:
    """Messages of one commit, due at the same moment, are sent in the order of their numbers, whatever their ids."""
    ids = [f"{9 - n}-delivery" for n in range(9)]
    items = [
        an_acceptance(b"%d" % n, recipients=[replace(a_recipient("H53.1"), delivery_id=name)])
        for n, name in enumerate(ids)
    ]
    await asyncio.gather(*(store.documents.accept(each) for each in items))

    assert await claimed(store) == [("H53.1", seq) for seq in range(1, 10)]


async def test_a_message_waits_for_what_is_in_flight_for_the_first_time(
    store: SqlStore, clock: Clock
) -> None:
    """While an earlier one is being sent, later ones of its flow wait, others and more urgent ones do not."""
    await accepted(store, 1)
    first = await store.documents.claim(limit=1, lease=LEASE)
    await accepted(store, 2)
    await accepted(store, 3, code="H53.2")
    await accepted(store, 4, priority=1)

    assert await claimed(store) == [("H53.1", 3), ("H53.2", 1)]
    await settle(store, first, CONFIRMED)
    assert await claimed(store) == []  # the urgent one is in flight, and as urgent as need be
    clock.turn(minutes=1)
    assert ("H53.1", 2) in await claimed(store)


async def test_after_a_failure_nobody_waits(store: SqlStore) -> None:
    """What was tried once without success lets later messages of its flow pass."""
    await accepted(store, 1)
    await settle(store, await store.documents.claim(limit=1, lease=LEASE), UNKNOWN)
    await accepted(store, 2)

    assert await claimed(store) == [("H53.1", 2)]


async def test_processes_together_keep_the_order(stores: Stores) -> None:
    """Of two processes that send the same flow, none begins a message before those ahead of it were answered."""
    processes = [await stores.open(), await stores.open()]
    await asyncio.gather(*(accepted(processes[n % 2], n) for n in range(30)))
    begun: list[int] = []

    async def send(store: SqlStore) -> None:
        while len(begun) < 30:
            items = await store.documents.claim(limit=3, lease=LEASE)
            # From here to the answer nothing may begin that comes after.
            begun.extend(item.recipient.flow_seq or 0 for item in items if item.recipient is not None)
            await asyncio.sleep(0)
            await settle(store, items, CONFIRMED)

    await asyncio.gather(*map(send, processes))

    assert begun == list(range(1, 31))


async def test_what_others_lock_is_not_overtaken(stores: Stores, store: SqlStore) -> None:
    """A row that another connection has locked at this moment is passed over, and so are those after it in its flow."""
    if stores.url.startswith("sqlite"):
        await _assert_sqlite_has_one_writer(stores)
        return
    for number in range(3):
        await accepted(store, number)
    await accepted(store, 3, code="H53.2")
    engine = create_engine(stores.url, poolclass=NullPool)
    with engine.connect() as other:
        other.execute(text("SELECT id FROM outbox WHERE flow_seq = 2 FOR UPDATE"))
        found = await claimed(store)
        other.rollback()
    engine.dispose()

    assert found == [("H53.1", 1), ("H53.2", 1)]


async def _assert_sqlite_has_one_writer(stores: Stores) -> None:
    """Where there are no locks on rows, whoever writes is alone."""
    [(mode,)] = await stores.rows("PRAGMA journal_mode")
    assert mode == "wal"


async def test_the_index_finds_what_is_due(stores: Stores, store: SqlStore) -> None:
    """Both databases take the due rows of a class from the index, in its order, without sorting the backlog."""
    await accepted(store, 1)
    plan = await asyncio.to_thread(_plan, stores.url)

    assert "ix_outbox_due" in plan
    assert "SCAN outbox\n" not in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def _plan(url: str) -> str:
    """Return the plan of the claim's query, on PostgreSQL as it is where tables are too big to be read whole."""
    engine = create_engine(url, poolclass=NullPool)
    values: dict[str, Any] = {"urgency": 0, "now": Clock()(), "limit": 100, "least": 0, "most": 2**62}
    try:
        with engine.connect() as connection:
            explain = "EXPLAIN QUERY PLAN " if url.startswith("sqlite") else "EXPLAIN "
            if not url.startswith("sqlite"):
                connection.execute(text("SET enable_seqscan = off"))
            compiled = DUE.compile(engine, compile_kwargs={"render_postcompile": True})
            parameters = compiled.construct_params(values)
            processors = compiled._bind_processors
            bound = {
                name: processors.get(name, lambda value: value)(each) for name, each in parameters.items()
            }
            statement = explain + str(compiled)
            given_in = (
                tuple(bound[name] for name in compiled.positiontup or ()) if compiled.positional else bound
            )
            rows = connection.exec_driver_sql(statement, given_in).all()
    finally:
        engine.dispose()
    return "\n".join(str(row[-1]) for row in rows) + "\n"
