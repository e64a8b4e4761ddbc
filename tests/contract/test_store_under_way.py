"""The contract of `ports.UnderWay` and of `claim` with a course: deliveries whose addressee's code ended on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gateway.records import Accepted, Delivery, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.under_way import Choice, NoticeKind
from routing.delivery import DeliveryState
from routing.heading import Course
from routing.log import Kind, LogEntry, read_leaf
from tests.support.registry import an_agency
from tests.support.store_samples import Clock, a_step, an_acceptance, an_arrival
from tests.support.stores import Stores
from tests.support.succession import (
    CLOSED,
    HALF,
    HOUR,
    INSTANT,
    MERGED,
    NEW,
    OLD,
    PATIENCE,
    SPLIT,
    SUCCESSOR,
    SUSPENDED,
    TAKEN_OVER,
    a_course,
    to,
)

LEASE = timedelta(seconds=60)
CONFIRMED = SendOutcome(result=SendResult.CONFIRMED)
MOMENT = timedelta(milliseconds=1)
HELD_CODES = {
    SPLIT: "delivery.split",
    CLOSED: "delivery.no_successor",
    SUSPENDED: "delivery.suspended",
}


async def accept(store: SqlStore, *codes: str) -> Accepted:
    """Accept a document for these codes, before the instant."""
    recipients = [to(code) for code in codes]
    return await store.documents.accept(
        an_acceptance(recipients[0].delivery_id.encode(), recipients=recipients)
    )


async def claim(store: SqlStore, course: Course | None = None) -> tuple[OutboxItem, ...]:
    """Claim what is due."""
    return await store.documents.claim(limit=100, lease=LEASE, course=course or a_course())


async def publish(store: SqlStore, course: Course | None = None) -> tuple[OutboxItem, ...]:
    """Claim what is due and have it confirmed; it is due again after an hour, or when that is doubled."""
    items = await claim(store, course)
    await store.documents.settle([(item, CONFIRMED) for item in items], resend_after=HOUR)
    return items


async def delivery_of(store: SqlStore, answer: Accepted) -> Delivery:
    """Return the only delivery of an accepted document."""
    [found] = await store.documents.deliveries(answer.message.id)
    return found


async def entries(store: SqlStore, answer: Accepted) -> list[LogEntry]:
    """Return a document's entries in order."""
    return [read_leaf(row.leaf) for row in await store.log.timeline(answer.message.id)]


async def last(store: SqlStore, answer: Accepted) -> tuple[Kind, Mapping[str, Any]]:
    """Return the kind and the facts of a document's last entry."""
    entry = (await entries(store, answer))[-1]
    return entry.kind, entry.fields


async def told(store: SqlStore) -> list[tuple[str, str | None, NoticeKind, str]]:
    """Return what the sender was told: code, resolved code, kind and reason."""
    notices = await store.under_way.notices(member_id="hanoi", after=None, limit=200)
    return [(each.code, each.resolved_code, each.kind, each.reason) for each in notices]


async def sweep(store: SqlStore, course: Course | None = None) -> int:
    """Look at everything in the outbox."""
    swept = await store.under_way.sweep(course or a_course(), after=None, limit=100)
    assert swept.last is None
    return swept.changed


async def test_what_was_never_sent_goes_to_the_successor_at_the_instant(
    store: SqlStore, clock: Clock
) -> None:
    """One millisecond before it goes to the old queue, at the instant to the new one; the code in it stays."""
    answer = await accept(store, MERGED)
    clock.now = INSTANT - MOMENT
    assert await sweep(store) == 0
    clock.now = INSTANT

    assert await claim(store) == ()
    [item] = await claim(store)

    assert item.recipient is not None
    assert (item.queue, item.recipient.member_id) == (NEW.queue, NEW.id)
    assert (item.recipient.code, item.recipient.resolved_code) == (MERGED, SUCCESSOR)
    kind, fields = (await entries(store, answer))[1].kind, (await entries(store, answer))[1].fields
    assert kind is Kind.REROUTED
    assert (fields["recipient"], fields["to"], fields["rule"]) == (MERGED, SUCCESSOR, "successor")
    assert (fields["chain"], fields["member"]) == ([MERGED, SUCCESSOR], NEW.id)
    assert fields["registry_sha256"] == a_course().directory.sha256
    assert await told(store) == [(MERGED, SUCCESSOR, NoticeKind.REROUTED, "delivery.successor")]


async def test_what_the_axis_has_stays_in_the_old_queue_for_the_grace(store: SqlStore, clock: Clock) -> None:
    """Until then it is sent again to the old queue; afterwards to the successor, and both may answer."""
    answer = await accept(store, MERGED)
    await publish(store)
    clock.now = INSTANT + HOUR

    assert await sweep(store) == 0
    [again] = await publish(store)
    assert again.queue == OLD.queue

    clock.now = INSTANT + PATIENCE.queue
    assert await sweep(store) == 1
    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.member_id) == (DeliveryState.QUEUED, NEW.id)
    assert (delivery.code, delivery.resolved_code) == (MERGED, SUCCESSOR)
    assert delivery.former_members == (OLD.id,)
    [moved] = await publish(store)
    assert moved.queue == NEW.queue


async def test_what_a_new_body_bears_the_code_of_goes_there_without_grace(
    store: SqlStore, clock: Clock
) -> None:
    """QĐ 09/2025: the string lives on, the old body's system must not get it any more."""
    answer = await accept(store, TAKEN_OVER)
    await publish(store)
    clock.now = INSTANT

    assert await sweep(store) == 1

    delivery = await delivery_of(store, answer)
    assert (delivery.member_id, delivery.code, delivery.resolved_code) == (NEW.id, TAKEN_OVER, TAKEN_OVER)
    assert (await last(store, answer))[1]["rule"] == "taken_over"


@pytest.mark.parametrize(("code", "reason"), HELD_CODES.items())
async def test_what_has_no_one_successor_is_held(
    store: SqlStore, clock: Clock, code: str, reason: str
) -> None:
    """Nobody is sent it, the sender is told, the administrators see a task."""
    answer = await accept(store, code)
    clock.now = INSTANT

    assert await claim(store) == ()

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.reason) == (DeliveryState.HELD, reason)
    assert delivery.held_since == INSTANT
    assert await told(store) == [(code, None, NoticeKind.HELD, reason)]
    [task] = await store.under_way.held()
    assert (task.code, task.reason, task.deliveries, task.since) == (code, reason, 1, INSTANT)
    clock.now = INSTANT + PATIENCE.hold - MOMENT
    assert await claim(store) == ()
    assert await sweep(store) == 0


@pytest.mark.parametrize("by", ["claim", "sweep"])
async def test_what_nobody_decides_goes_back_to_its_sender(store: SqlStore, clock: Clock, by: str) -> None:
    """After the hold it is undeliverable, whoever looks first, and nothing of it is left in the outbox."""
    answer = await accept(store, SPLIT)
    clock.now = INSTANT
    await sweep(store)
    clock.now = INSTANT + PATIENCE.hold

    if by == "claim":
        assert await claim(store) == ()
    else:
        assert await sweep(store) == 1

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.reason) == (DeliveryState.UNDELIVERABLE, "delivery.held_too_long")
    assert [kind for *_, kind, _ in await told(store)] == [NoticeKind.HELD, NoticeKind.UNDELIVERABLE]
    assert await store.under_way.held() == ()
    assert (await store.documents.backlog())["outbox_due"] == 0


async def test_a_resumed_code_releases_by_itself(store: SqlStore, clock: Clock) -> None:
    """It goes on to where it was going; the instant at which it is resumed needs no message to anybody."""
    answer = await accept(store, SUSPENDED)
    course = a_course(resumed_at=INSTANT + HOUR)
    clock.now = INSTANT
    await sweep(store, course)
    clock.now = INSTANT + HOUR

    assert await sweep(store, course) == 1

    [item] = await claim(store, course)
    assert item.queue == OLD.queue
    kinds = [entry.kind for entry in await entries(store, answer)]
    assert kinds == [Kind.ACCEPTED, Kind.HELD, Kind.RELEASED, Kind.PUBLISH_ATTEMPT]
    assert (await delivery_of(store, answer)).held_since is None


async def test_a_successor_found_later_releases_by_itself(store: SqlStore, clock: Clock) -> None:
    """A later version of the registry says who took over: the delivery goes there, the task is gone."""
    answer = await accept(store, CLOSED)
    clock.now = INSTANT
    await sweep(store)
    corrected = an_agency(CLOSED, valid_to=INSTANT, successors=(SUCCESSOR,))
    clock.turn(hours=5)

    assert await sweep(store, a_course(version=1, extra=(corrected,))) == 1

    assert (await delivery_of(store, answer)).resolved_code == SUCCESSOR
    assert await store.under_way.held() == ()
    assert [kind for *_, kind, _ in await told(store)] == [NoticeKind.HELD, NoticeKind.REROUTED]


async def test_people_choose_a_successor(store: SqlStore, clock: Clock) -> None:
    """What they choose is where it goes and stays; who chose and why is in the log and in the notice."""
    answer, other = await accept(store, SPLIT), await accept(store, CLOSED)
    clock.now = INSTANT
    await sweep(store)
    choice = Choice(code=SPLIT, to=HALF, actor="credential-7", explanation="Theo Nghị quyết 1234")

    assert await store.under_way.resolve(choice, a_course(), limit=10) == 1
    assert await store.under_way.resolve(choice, a_course(), limit=10) == 0

    kind, fields = await last(store, answer)
    assert (kind, fields["rule"], fields["to"]) == (Kind.REROUTED, "chosen", HALF)
    assert (fields["actor"], fields["explanation"]) == ("credential-7", "Theo Nghị quyết 1234")
    assert (await delivery_of(store, other)).state is DeliveryState.HELD
    [item] = await claim(store)
    assert item.recipient is not None
    assert (item.recipient.resolved_code, item.recipient.chosen_at) == (HALF, INSTANT)
    assert await sweep(store) == 0
    notices = await store.under_way.notices(member_id="hanoi", after=None, limit=200)
    assert notices[-1].explanation == "Theo Nghị quyết 1234"


async def test_people_give_it_back(store: SqlStore, clock: Clock) -> None:
    """Undeliverable at once, with what was said to it."""
    answer = await accept(store, CLOSED)
    clock.now = INSTANT
    await sweep(store)
    choice = Choice(code=CLOSED, to=None, actor="credential-7", explanation="Không có nơi kế thừa")

    assert await store.under_way.resolve(choice, a_course(), limit=10) == 1

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.reason) == (DeliveryState.UNDELIVERABLE, "delivery.returned_by_admin")
    assert await claim(store) == ()


async def test_a_code_that_nobody_serves_is_not_chosen(store: SqlStore, clock: Clock) -> None:
    """Nothing changes then."""
    answer = await accept(store, CLOSED)
    clock.now = INSTANT
    await sweep(store)
    choice = Choice(code=CLOSED, to="H60", actor="credential-7", explanation="?")

    with pytest.raises(ValueError, match="H60"):
        await store.under_way.resolve(choice, a_course(), limit=10)

    assert (await delivery_of(store, answer)).state is DeliveryState.HELD


async def test_a_receipt_ends_what_is_held(store: SqlStore, clock: Clock) -> None:
    """It was on the axis before: the old system took it over after all, and nothing is left to decide."""
    answer = await accept(store, SUSPENDED)
    await publish(store)
    clock.now = INSTANT
    assert await sweep(store) == 1

    step = a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)
    await store.documents.record_receipts([step])

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.held_since) == (DeliveryState.RECEIVED, None)
    assert await store.under_way.held() == ()
    clock.now = INSTANT + PATIENCE.hold
    assert await sweep(store) == 0


async def test_a_late_answer_to_an_old_attempt_does_not_count(store: SqlStore, clock: Clock) -> None:
    """The lease ended, the delivery was rerouted: that the old queue confirms it says nothing of the new one."""
    answer = await accept(store, MERGED)
    lost = await claim(store)
    clock.now = INSTANT
    assert await claim(store) == ()

    await store.documents.settle([(item, CONFIRMED) for item in lost], resend_after=HOUR)

    assert (await delivery_of(store, answer)).state is DeliveryState.QUEUED
    [item] = await claim(store)
    assert item.queue == NEW.queue


async def test_what_is_leased_is_left_alone(store: SqlStore, clock: Clock) -> None:
    """Somebody is sending it at this moment."""
    clock.now = INSTANT - MOMENT
    await accept(store, MERGED)
    await claim(store)
    clock.now = INSTANT

    assert await sweep(store) == 0


async def test_a_retry_after_the_instant_gets_the_first_answer(store: SqlStore, clock: Clock) -> None:
    """No new decision: the same recipients with the same systems as the first time."""
    recipients = [to(MERGED)]
    acceptance = an_acceptance(recipients=recipients)
    first = await store.documents.accept(acceptance)
    clock.now = INSTANT
    await sweep(store)

    again = await store.documents.accept(acceptance)

    assert again.replayed
    assert [(each.code, each.member_id) for each in again.recipients] == [(MERGED, OLD.id)]
    assert again.entry == first.entry


async def test_batches_are_bounded_and_go_on(store: SqlStore, clock: Clock) -> None:
    """A keyset over ids: every delivery is looked at once, however many there are."""
    answers = [await accept(store, MERGED) for _ in range(5)]
    clock.now = INSTANT
    after, changed = None, []
    while True:
        swept = await store.under_way.sweep(a_course(), after=after, limit=2)
        changed.append(swept.changed)
        after = swept.last
        if after is None:
            break

    assert changed == [2, 2, 1]
    assert {(await delivery_of(store, each)).resolved_code for each in answers} == {SUCCESSOR}


async def test_several_processes_change_each_delivery_once(stores: Stores, clock: Clock) -> None:
    """However they meet, there is one entry and one notice for each."""
    processes = [await stores.open() for _ in range(3)]
    answers = [await accept(processes[0], code) for code in (MERGED, SPLIT, CLOSED, TAKEN_OVER) * 5]
    clock.now = INSTANT

    await asyncio.gather(*(sweep(each) for each in processes), *(claim(each) for each in processes))
    await sweep(processes[0])

    for answer in answers:
        kinds = [entry.kind for entry in await entries(processes[0], answer)]
        assert sum(kind in {Kind.REROUTED, Kind.HELD} for kind in kinds) == 1
    assert len(await told(processes[0])) == len(answers)


async def test_notices_are_paged_and_the_senders_own(store: SqlStore, clock: Clock) -> None:
    """Oldest first, after an id, and nobody hears of another system's documents."""
    answers = [await accept(store, MERGED) for _ in range(3)]
    clock.now = INSTANT
    await sweep(store)

    first = await store.under_way.notices(member_id="hanoi", after=None, limit=2)
    rest = await store.under_way.notices(member_id="hanoi", after=first[-1].id, limit=2)

    found = [each.message_id for each in (*first, *rest)]
    assert sorted(found) == sorted(each.message.id for each in answers)
    assert await store.under_way.notices(member_id="old", after=None, limit=10) == ()
    assert all(read_leaf(each.entry).kind is Kind.REROUTED for each in first)


async def arrive(store: SqlStore, code: str) -> tuple[str, str]:
    """Let a document for the old system arrive, and return the ids of item and message."""
    recipient = to(code)
    message = an_acceptance(recipient.delivery_id.encode()).message
    assert await store.documents.arrive([an_arrival(message, recipient, body=recipient.delivery_id.encode())])
    return recipient.delivery_id, message.id


async def hand_over(store: SqlStore, gateway: str = "gw-north") -> int:
    """Look at the whole inbox."""
    swept = await store.under_way.hand_over(a_course(), gateway=gateway, after=None, limit=100)
    return swept.changed


async def test_what_arrived_is_handed_over_after_the_grace(store: SqlStore, clock: Clock) -> None:
    """Until then the old system may take it over; afterwards it cannot read it any more."""
    item_id, message_id = await arrive(store, MERGED)
    [before] = await store.documents.inbox(member_id=OLD.id, code=None, after=None, limit=10)
    await store.documents.mark_fetched(before)
    clock.now = INSTANT + PATIENCE.queue - MOMENT
    assert await hand_over(store) == 0
    clock.now = INSTANT + PATIENCE.queue

    assert await hand_over(store) == 1

    assert await store.documents.inbox_item(member_id=OLD.id, item_id=item_id) is None
    assert not await store.documents.mark_fetched(before)
    assert not await store.documents.acknowledge(before, receipt=b"receipt")
    item = await store.documents.inbox_item(member_id=NEW.id, item_id=item_id)
    assert item is not None
    assert (item.recipient.code, item.recipient.resolved_code) == (MERGED, SUCCESSOR)
    assert item.fetched_at is None
    entry = read_leaf((await store.log.timeline(message_id))[-1].leaf)
    assert (entry.kind, entry.fields["member"], entry.fields["former_member"]) == (
        Kind.HANDED_OVER,
        NEW.id,
        OLD.id,
    )
    assert await store.documents.acknowledge(item, receipt=b"receipt")


async def test_what_arrived_for_a_code_with_a_new_body_is_handed_over_at_once(
    store: SqlStore, clock: Clock
) -> None:
    """Its system must get it, and the old body's must not."""
    item_id, _ = await arrive(store, TAKEN_OVER)
    clock.now = INSTANT

    assert await hand_over(store) == 1

    assert await store.documents.inbox_item(member_id=NEW.id, item_id=item_id) is not None


@pytest.mark.parametrize("code", [SPLIT, CLOSED, SUSPENDED])
async def test_what_arrived_for_a_code_without_one_successor_stays(
    store: SqlStore, clock: Clock, code: str
) -> None:
    """Nobody else could be given it."""
    await arrive(store, code)
    clock.now = INSTANT + 2 * PATIENCE.queue

    assert await hand_over(store) == 0


async def test_what_was_acknowledged_or_is_elsewhere_stays(store: SqlStore, clock: Clock) -> None:
    """Whoever took it over has it; a successor at another gateway cannot be given it here."""
    await arrive(store, MERGED)
    [item] = await store.documents.inbox(member_id=OLD.id, code=None, after=None, limit=10)
    clock.now = INSTANT + PATIENCE.queue
    assert await hand_over(store, gateway="gw-elsewhere") == 0
    await store.documents.acknowledge(item, receipt=b"receipt")

    assert await hand_over(store) == 0
