"""Numbers within flows: each message gets the next one, once, whoever accepts it and whatever else is refused."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ports import DeadlinePassedError, KeyConflictError
from gateway.records import Acceptance, Accepted, Recipient
from gateway.store import SqlStore
from routing.log import read_leaf
from tests.support.store_samples import NOON, Clock, a_recipient, an_acceptance, new_id
from tests.support.stores import Stores

SENDERS = ("H26.1", "H26.2")
CODES = ("H53.1", "H53.2", "H53.3")


def with_routes(item: Acceptance) -> Acceptance:
    """Return an acceptance whose entry tells its routes, as the flow's own does."""
    [event] = item.events
    routes = [{"code": each.code, "delivery": each.delivery_id} for each in item.recipients]
    return replace(item, events=(replace(event, fields={**event.fields, "routes": routes}),))


def numbers(answer: Accepted) -> list[int | None]:
    """Return the numbers of an answer."""
    return [each.flow_seq for each in answer.recipients]


async def test_each_flow_counts_from_one(store: SqlStore) -> None:
    """Sender and addressee together make a flow; another sender, or another addressee, has numbers of its own."""
    first = await store.documents.accept(
        an_acceptance(b"1", recipients=[a_recipient("H53.1"), a_recipient("H53.2")])
    )
    second = await store.documents.accept(an_acceptance(b"2", recipients=[a_recipient("H53.2")]))
    other = await store.documents.accept(
        an_acceptance(b"3", recipients=[a_recipient("H53.2")], sender_code="H26.2")
    )

    assert (numbers(first), numbers(second), numbers(other)) == ([1, 1], [2], [1])
    deliveries = await store.documents.deliveries(second.message.id)
    assert [each.flow_seq for each in deliveries] == [2]
    [item] = await store.documents.claim(limit=1, lease=timedelta(minutes=1))
    assert item.recipient is not None
    assert item.recipient.flow_seq == 1


async def test_the_entry_tells_the_numbers(store: SqlStore) -> None:
    """Every route in the log has its number, and the acceptance says when its deliveries expire."""
    item = replace(
        with_routes(an_acceptance(recipients=[a_recipient("H53.1"), a_recipient("H53.2")])),
        deliver_within=timedelta(hours=2),
    )

    answer = await store.documents.accept(item)

    fields = read_leaf(answer.entry).fields
    assert [route["flow_seq"] for route in fields["routes"]] == [1, 1]  # type: ignore[index, union-attr, call-overload]  # JSON
    assert answer.message.deliver_by == NOON + timedelta(hours=2)
    assert fields["deliver_by_t"] == int((NOON + timedelta(hours=2)).timestamp() * 1000)


async def test_a_retry_gets_its_first_numbers(store: SqlStore) -> None:
    """The same bytes again have the number that they got, and the next message the one after it."""
    first = await store.documents.accept(an_acceptance(b"1"))
    again = await store.documents.accept(an_acceptance(b"1", document_id=first.message.document_id))
    following = await store.documents.accept(an_acceptance(b"2"))

    assert again.replayed
    assert (numbers(first), numbers(again), numbers(following)) == ([1], [1], [2])


async def test_what_is_refused_leaves_no_gap(store: SqlStore, stores: Stores) -> None:
    """Contradictions, and messages whose deadline has passed, give back the numbers that were taken for them."""
    first = await store.documents.accept(an_acceptance(b"1", key="k"))
    late = replace(an_acceptance(b"3"), deliver_by=NOON)
    work = (an_acceptance(b"2", key="k"), late, an_acceptance(b"4"))

    conflict, passed, second = await asyncio.gather(
        *(store.documents.accept(each) for each in work), return_exceptions=True
    )

    assert isinstance(conflict, KeyConflictError)
    assert isinstance(passed, DeadlinePassedError)
    assert isinstance(second, Accepted)
    assert numbers(second) == [2]
    assert first.message.id != second.message.id
    assert await stores.rows("SELECT last FROM flow") == [(2,)]
    assert await store.documents.message(late.message.id) is None


async def test_a_deadline_in_the_past_does_not_hinder_a_retry(store: SqlStore, clock: Clock) -> None:
    """Who asks again after the deadline hears what was decided before it."""
    item = replace(an_acceptance(), deliver_by=NOON + timedelta(minutes=5))
    first = await store.documents.accept(item)
    clock.turn(minutes=6)

    assert await store.documents.accept(item) == replace(first, replayed=True)


async def test_processes_number_without_gaps_or_deadlocks(stores: Stores) -> None:
    """Processes that accept for the same flows at once, each message for several in any order, give each number once."""
    processes = [await stores.open() for _ in range(3)]
    dice = random.Random(29)
    items = []
    for n in range(150):
        codes = dice.sample(CODES, dice.randint(1, len(CODES)))
        recipients = [a_recipient(code) for code in codes]
        items.append(an_acceptance(b"%d" % n, recipients=recipients, sender_code=dice.choice(SENDERS)))

    answers = await asyncio.gather(
        *(processes[n % 3].documents.accept(each) for n, each in enumerate(items)),
        *(processes[n % 3].documents.claim(limit=5, lease=timedelta(minutes=1)) for n in range(30)),
    )

    given_out = defaultdict(list)
    for answer in answers:
        if isinstance(answer, Accepted):
            for each in answer.recipients:
                given_out[answer.message.sender_code, each.code].append(each.flow_seq or 0)
    assert sum(map(len, given_out.values())) == sum(len(each.recipients) for each in items)
    for found in given_out.values():
        assert sorted(found) == list(range(1, len(found) + 1))
    if stores.url.startswith("postgresql"):
        count = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert await stores.rows(count) == [(0,)]


_RECIPIENTS = st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True)
_WAVES = st.lists(
    st.lists(st.tuples(st.sampled_from(SENDERS), st.integers(0, 6), _RECIPIENTS), min_size=1, max_size=6),
    max_size=5,
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(waves=_WAVES)
async def test_numbers_are_those_of_the_model(
    stores: Stores, waves: Sequence[Sequence[tuple[str, int, list[str]]]]
) -> None:
    """Whatever comes together or one after the other, new or again: the numbers of a flow are 1 to n, and each stays."""
    store = await stores.open()
    run = new_id()
    counted: dict[tuple[str, str], int] = defaultdict(int)
    known: dict[tuple[str, int], tuple[Recipient, ...]] = {}
    for wave in waves:
        items = [
            an_acceptance(
                f"{run} {sender} {body}".encode(),
                recipients=[a_recipient(f"{run}.{code}") for code in codes],
                sender_code=sender,
                document_id=f"{run} {sender} {body}",
            )
            for sender, body, codes in wave
        ]
        answers = await asyncio.gather(*(store.documents.accept(each) for each in items))
        fresh = defaultdict(set)
        for (sender, body, _), answer in zip(wave, answers, strict=True):
            if (sender, body) in known:
                assert answer.replayed
            else:
                assert not answer.replayed
                for each in answer.recipients:
                    fresh[sender, each.code].add(each.flow_seq)
            assert known.setdefault((sender, body), answer.recipients) == answer.recipients
        for flow, found in fresh.items():
            assert found == set(range(counted[flow] + 1, counted[flow] + len(found) + 1))
            counted[flow] += len(found)
    await store.close()
