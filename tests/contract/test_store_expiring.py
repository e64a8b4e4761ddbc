"""Deadlines: what has no receipt by then expires, once, with an entry and a notice; what comes later is told, too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records import Accepted, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.under_way import NoticeKind
from routing.delivery import DeliveryState
from routing.log import Kind, read_leaf
from tests.support.store_samples import NOON, Clock, a_recipient, a_step, an_acceptance
from tests.support.stores import Stores

LEASE = timedelta(minutes=2)
WITHIN = timedelta(hours=1)


async def accepted(store: SqlStore, body: bytes = b"1", **facts: timedelta | None) -> Accepted:
    """Accept a message that is to be delivered within an hour."""
    item = an_acceptance(body, recipients=[a_recipient("H53.7")])
    return await store.documents.accept(replace(item, deliver_within=facts.get("within", WITHIN)))


async def sent(store: SqlStore) -> None:
    """Claim what is due, and have the axis confirm it."""
    items = await store.documents.claim(limit=100, lease=LEASE)
    confirmed = SendOutcome(result=SendResult.CONFIRMED)
    await store.documents.settle([(item, confirmed) for item in items], resend_after=timedelta(hours=9))


async def state(store: SqlStore, answer: Accepted) -> tuple[DeliveryState, str | None]:
    """Return the state of the one delivery, and why."""
    [delivery] = await store.documents.deliveries(answer.message.id)
    return delivery.state, delivery.reason


async def kinds(store: SqlStore, answer: Accepted) -> list[Kind]:
    """Return the kinds of a message's entries."""
    return [read_leaf(row.leaf).kind for row in await store.log.timeline(answer.message.id)]


async def told(store: SqlStore) -> list[tuple[NoticeKind, str]]:
    """Return what the sender is told."""
    notices = await store.under_way.notices(member_id="hanoi", after=None, limit=50)
    return [(each.kind, each.reason) for each in notices]


async def test_what_has_no_receipt_expires(store: SqlStore, clock: Clock) -> None:
    """At its deadline, not before: it leaves the outbox, with the entry and the notice of it."""
    answer = await accepted(store)
    await sent(store)
    clock.turn(minutes=59, seconds=59)
    assert await store.under_way.expire(limit=10) == 0
    clock.turn(seconds=1)

    assert await store.under_way.expire(limit=10) == 1

    assert await state(store, answer) == (DeliveryState.EXPIRED, "delivery.deadline_passed")
    assert (await store.documents.backlog())["outbox_waiting"] == 0
    entry = read_leaf((await store.log.timeline(answer.message.id))[-1].leaf)
    assert (entry.kind, entry.fields["recipient"]) == (Kind.EXPIRED, "H53.7")
    assert entry.fields["deliver_by_t"] == int((NOON + WITHIN).timestamp() * 1000)
    assert await told(store) == [(NoticeKind.EXPIRED, "delivery.deadline_passed")]
    assert await store.under_way.expire(limit=10) == 0


async def test_what_was_never_sent_expires(store: SqlStore, clock: Clock) -> None:
    """What is past its deadline is not sent any more, whether anybody has expired it yet or not."""
    answer = await accepted(store)
    clock.turn(hours=1)

    assert await store.documents.claim(limit=10, lease=LEASE) == ()
    assert await store.under_way.expire(limit=10) == 1
    assert await kinds(store, answer) == [Kind.ACCEPTED, Kind.EXPIRED]


async def test_without_a_deadline_nothing_expires(store: SqlStore, clock: Clock) -> None:
    """What was accepted without one is sent for as long as it takes."""
    await accepted(store, within=None)
    clock.turn(days=4000)

    assert await store.under_way.expire(limit=10) == 0
    assert len(await store.documents.claim(limit=10, lease=LEASE)) == 1


async def test_the_senders_deadline_counts(store: SqlStore, clock: Clock) -> None:
    """What the sender named comes before what the gateway would give, and may be later than that."""
    item = replace(an_acceptance(), deliver_by=NOON + timedelta(days=2), deliver_within=WITHIN)
    answer = await store.documents.accept(item)
    clock.turn(days=1)
    assert await store.under_way.expire(limit=10) == 0
    clock.turn(days=1)

    assert await store.under_way.expire(limit=10) == 1
    assert answer.message.deliver_by == NOON + timedelta(days=2)


async def test_what_was_received_does_not_expire(store: SqlStore, clock: Clock) -> None:
    """A receipt in time ends the matter."""
    answer = await accepted(store)
    await sent(store)
    step = a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)
    await store.documents.record_receipts([step])
    clock.turn(hours=2)

    assert await store.under_way.expire(limit=10) == 0
    assert (await state(store, answer))[0] is DeliveryState.RECEIVED


async def test_what_is_being_sent_is_left_until_its_lease_ends(store: SqlStore, clock: Clock) -> None:
    """Its receipt may be about to come; when the lease is over it expires and is not sent again."""
    answer = await accepted(store)
    clock.turn(minutes=59)
    await store.documents.claim(limit=10, lease=LEASE)
    clock.turn(minutes=1)
    assert await store.under_way.expire(limit=10) == 0
    clock.turn(minutes=1)

    assert await store.documents.claim(limit=10, lease=LEASE) == ()
    assert await store.under_way.expire(limit=10) == 1
    assert await kinds(store, answer) == [Kind.ACCEPTED, Kind.PUBLISH_ATTEMPT, Kind.EXPIRED]


async def test_a_late_receipt_is_told_once(store: SqlStore, clock: Clock) -> None:
    """It arrived after all: an entry and a notice for each step that is news; the state stays what the sender was told."""
    answer = await accepted(store)
    await sent(store)
    clock.turn(hours=1)
    await store.under_way.expire(limit=10)
    recipient, message_id = answer.recipients[0], answer.message.id
    received = a_step(recipient, message_id, DeliveryState.RECEIVED)
    acknowledged = a_step(recipient, message_id, DeliveryState.ACKNOWLEDGED)

    await store.documents.record_receipts([received, received])
    await store.documents.record_receipts([received])
    await store.documents.record_receipts([acknowledged, received])

    assert await state(store, answer) == (DeliveryState.EXPIRED, "delivery.deadline_passed")
    [delivery] = await store.documents.deliveries(message_id)
    assert delivery.late_state is DeliveryState.ACKNOWLEDGED
    assert (await kinds(store, answer))[-3:] == [Kind.EXPIRED, Kind.LATE_RECEIPT, Kind.LATE_RECEIPT]
    assert await told(store) == [
        (NoticeKind.EXPIRED, "delivery.deadline_passed"),
        (NoticeKind.LATE_RECEIPT, "delivery.late_received"),
        (NoticeKind.LATE_RECEIPT, "delivery.late_acknowledged"),
    ]


async def test_a_late_refusal_is_told_with_its_reason(store: SqlStore, clock: Clock) -> None:
    """The addressee's gateway refused it, late; the sender hears why."""
    answer = await accepted(store)
    await sent(store)
    clock.turn(hours=1)
    await store.under_way.expire(limit=10)

    step = a_step(answer.recipients[0], answer.message.id, DeliveryState.REFUSED, "registry.code_closed")
    await store.documents.record_receipts([step])

    assert (await told(store))[-1] == (NoticeKind.LATE_RECEIPT, "registry.code_closed")


async def test_nobody_can_receive_late_what_was_never_sent(store: SqlStore, clock: Clock) -> None:
    """A receipt for what expired before its first attempt is nobody's to give."""
    answer = await accepted(store)
    clock.turn(hours=1)
    await store.under_way.expire(limit=10)

    step = a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)
    await store.documents.record_receipts([step])

    [delivery] = await store.documents.deliveries(answer.message.id)
    assert delivery.late_state is None
    assert len(await told(store)) == 1


async def test_processes_expire_each_delivery_once(stores: Stores, clock: Clock) -> None:
    """However many look at the same time, and receipts come in between: one end, one notice for each."""
    processes = [await stores.open(), await stores.open()]
    answers = await asyncio.gather(*(accepted(processes[0], b"%d" % n) for n in range(40)))
    await sent(processes[0])
    clock.turn(hours=1)
    steps = [a_step(each.recipients[0], each.message.id, DeliveryState.RECEIVED) for each in answers[::2]]

    await asyncio.gather(
        *(processes[n % 2].under_way.expire(limit=7) for n in range(14)),
        *(processes[1].documents.record_receipts([step]) for step in steps),
    )
    while await processes[0].under_way.expire(limit=100):
        continue

    notices = await processes[0].under_way.notices(member_id="hanoi", after=None, limit=200)
    expired = [each.delivery_id for each in notices if each.kind is NoticeKind.EXPIRED]
    assert len(expired) == len(set(expired))
    for answer in answers:
        [delivery] = await processes[0].documents.deliveries(answer.message.id)
        is_expired = delivery.state is DeliveryState.EXPIRED
        assert is_expired == (delivery.id in expired)
        assert is_expired or delivery.state is DeliveryState.RECEIVED


@pytest.mark.parametrize("urgent", [True, False])
async def test_the_inbox_is_asked_for_what_is_urgent(store: SqlStore, *, urgent: bool) -> None:
    """Only urgent ones, or all, by the same keyset."""
    from tests.support.store_samples import a_message, an_arrival  # noqa: PLC0415 - beside its only use

    for number in range(6):
        message = a_message(b"%d" % number, priority=2 if number % 3 == 0 else 0)
        [_] = await store.documents.arrive(
            [an_arrival(message, replace(a_recipient(), flow_seq=number + 1), body=b"%d" % number)]
        )

    found = []
    after = None
    while page := await store.documents.inbox(
        member_id="tayninh", code=None, urgent=urgent, after=after, limit=1
    ):
        found.append((page[0].message.priority, page[0].recipient.flow_seq))
        after = page[-1].id

    wanted = [(2 if n % 3 == 0 else 0, n + 1) for n in range(6)]
    assert found == [each for each in wanted if each[0] or not urgent]
