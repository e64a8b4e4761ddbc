"""The contract of `ports.Documents.accept` about time: a decision counts only while it holds by the transaction's clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.clock import utc_now
from gateway.interval import ALWAYS, Interval
from gateway.ports import InstantPassedError, KeyConflictError
from gateway.records import Accepted
from gateway.store import SqlStore
from tests.support.store_samples import NOON, Clock, an_acceptance
from tests.support.stores import Stores

TICK = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "steady",
    [ALWAYS, Interval(NOON, None), Interval(NOON - TICK, NOON + TICK), Interval(None, NOON + TICK)],
    ids=str,
)
async def test_what_holds_now_is_accepted(store: SqlStore, steady: Interval) -> None:
    """The instant belongs to what begins."""
    accepted = await store.documents.accept(replace(an_acceptance(), steady=steady))
    assert accepted.message.accepted_at == NOON


@pytest.mark.parametrize(
    "steady", [Interval(None, NOON), Interval(NOON + TICK, None), Interval(NOON - TICK, NOON)], ids=str
)
async def test_what_holds_at_another_time_is_not(store: SqlStore, stores: Stores, steady: Interval) -> None:
    """It hears the database's time, nothing is written, and its keys are free."""
    body, other = an_acceptance(b"<a/>", key="k-1"), an_acceptance(b"<b/>", key="k-1")

    with pytest.raises(InstantPassedError) as passed:
        await store.documents.accept(replace(body, steady=steady))

    assert passed.value.now == NOON
    for table in ("message", "delivery", "outbox", "idempotency"):
        assert await stores.rows(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608 - our own names
    assert not (await store.documents.accept(other)).replayed
    with pytest.raises(KeyConflictError):
        await store.documents.accept(replace(body, steady=steady))


async def test_a_replay_needs_no_new_decision(store: SqlStore, clock: Clock) -> None:
    """The first answer comes again, whatever time it is."""
    body = replace(an_acceptance(key="k-1"), steady=Interval(None, NOON + TICK))
    first = await store.documents.accept(body)
    clock.turn(hours=1)

    assert await store.documents.accept(body) == replace(first, replayed=True)


async def test_each_of_a_batch_is_judged_by_itself(store: SqlStore) -> None:
    """Neighbours in one commit do not share their intervals."""
    held = [replace(an_acceptance(b"<%d/>" % each), steady=Interval(NOON, None)) for each in range(5)]
    over = [replace(an_acceptance(b"<-%d/>" % each), steady=Interval(None, NOON)) for each in range(5)]

    answers = await asyncio.gather(
        *(store.documents.accept(each) for pair in zip(held, over, strict=True) for each in pair),
        return_exceptions=True,
    )

    assert [type(each) for each in answers] == [Accepted, InstantPassedError] * 5


async def test_the_time_is_the_transactions(store: SqlStore, clock: Clock) -> None:
    """Whoever asks beforehand hears the same clock."""
    assert await store.documents.now() == NOON
    clock.turn(seconds=7)
    assert await store.documents.now() == NOON + timedelta(seconds=7)


async def test_the_databases_own_clock(stores: Stores) -> None:
    """Without another clock it is that of the database, which here runs on the same machine."""
    store = await stores.open(clock=None)
    before = utc_now()
    now = await store.documents.now()
    assert before - TICK <= now <= utc_now()
    assert (
        await store.documents.accept(replace(an_acceptance(), steady=Interval(before - TICK, None)))
    ).entry
