"""The contract of `ports.Documents.claim`, `settle` and `record_receipts`: leases, fences, backoff and receipts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from gateway.records import Accepted, Delivery, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.store.outbox import LONGEST_RESEND, resend_delay
from routing.delivery import DeliveryState
from routing.log import Kind, read_leaf
from tests.support.store_samples import Clock, a_message, a_recipient, a_step, an_acceptance, an_arrival
from tests.support.stores import Stores

LEASE = timedelta(seconds=120)
HOUR = timedelta(hours=1)
CONFIRMED = SendOutcome(result=SendResult.CONFIRMED)
RETURNED = SendOutcome(result=SendResult.RETURNED, reason="NO_ROUTE")
UNKNOWN = SendOutcome(result=SendResult.UNKNOWN, reason="timeout after 30 s")


async def accepted(store: SqlStore, *codes: str) -> Accepted:
    """Accept a document for these codes."""
    recipients = [a_recipient(code) for code in codes or ("H53.7",)]
    return await store.documents.accept(
        an_acceptance(recipients[0].delivery_id.encode(), recipients=recipients)
    )


async def claim(store: SqlStore, limit: int = 100) -> tuple[OutboxItem, ...]:
    """Claim what is due, for two minutes."""
    return await store.documents.claim(limit=limit, lease=LEASE)


async def settle(store: SqlStore, items: Sequence[OutboxItem], outcome: SendOutcome) -> None:
    """Give all items the same outcome."""
    await store.documents.settle([(item, outcome) for item in items], resend_after=HOUR)


async def delivery_of(store: SqlStore, answer: Accepted) -> Delivery:
    """Return the first delivery of an accepted document."""
    return (await store.documents.deliveries(answer.message.id))[0]


async def kinds(store: SqlStore, document_id: str) -> list[Kind]:
    """Return the kinds of a document's entries in order."""
    return [read_leaf(row.leaf).kind for row in await store.log.timeline(document_id)]


async def test_claim_returns_what_is_needed_to_send(store: SqlStore) -> None:
    """A claimed row carries message, recipient, queue and attempt, and the attempt is logged and counted."""
    answer = await accepted(store)

    [item] = await claim(store)

    assert item == OutboxItem(
        id=answer.recipients[0].delivery_id,
        fence=1,
        attempt=1,
        queue="member.tayninh",
        message=answer.message,
        recipient=answer.recipients[0],
        body=None,
    )
    rows = await store.log.timeline(answer.message.id)
    entry = read_leaf(rows[-1].leaf)
    assert (entry.kind, entry.fields["attempt"], entry.fields["recipient"]) == (
        Kind.PUBLISH_ATTEMPT,
        1,
        "H53.7",
    )
    assert (await delivery_of(store, answer)).attempts == 1


async def test_claim_takes_the_longest_due_first(store: SqlStore, clock: Clock) -> None:
    """Rows come in the order in which they fell due, then of their ids, never more than asked for."""
    answers = []
    for _ in range(3):
        answers.append(await accepted(store, "H53.1", "H53.2"))
        clock.turn(seconds=1)

    first = await claim(store, limit=4)
    await settle(store, first, CONFIRMED)
    second = await claim(store, limit=4)

    expected = [recipient.delivery_id for answer in answers for recipient in answer.recipients]
    assert [item.id for item in (*first, *second)] == expected
    assert len(first) == 4


async def test_claimed_row_is_not_claimed_again(store: SqlStore, clock: Clock) -> None:
    """Under its lease a row belongs to one process."""
    await accepted(store)
    await claim(store)
    clock.turn(seconds=119)

    assert await claim(store) == ()


async def test_row_of_a_dead_process_is_due_again(store: SqlStore, clock: Clock) -> None:
    """When the lease has ended the row is claimed anew, with a higher fence and attempt."""
    await accepted(store)
    [lost] = await claim(store)
    clock.turn(seconds=120)

    [again] = await claim(store)

    assert (again.id, again.fence, again.attempt) == (lost.id, lost.fence + 1, 2)


async def test_released_leases_are_due_at_once(store: SqlStore) -> None:
    """A process that knows that it is alone takes over what a dead one had claimed, and the dead one's answers are void."""
    await accepted(store)
    [old] = await claim(store)
    await store.documents.release_leases()

    [new] = await claim(store)
    await settle(store, [old], CONFIRMED)

    assert (new.id, new.fence) == (old.id, 2)
    assert Kind.BROKER_CONFIRMED not in await kinds(store, old.message.id if old.message else "")


async def test_what_failed_is_hastened(store: SqlStore, clock: Clock) -> None:
    """After a long time without axis everything that failed is due at once, and nothing else."""
    failed = await accepted(store)
    for _ in range(6):
        await settle(store, await claim(store), UNKNOWN)
        clock.turn(seconds=200)
    await settle(store, await claim(store), UNKNOWN)
    confirmed = await accepted(store, "H53.1")
    await settle(store, await claim(store), CONFIRMED)
    leased = await accepted(store, "H53.2")
    await claim(store)
    assert await claim(store) == ()

    assert await store.documents.hasten() == 1

    assert [item.message for item in await claim(store)] == [failed.message]
    assert (await delivery_of(store, confirmed)).state is DeliveryState.CONFIRMED
    assert (await delivery_of(store, leased)).attempts == 1
    assert await store.documents.hasten() == 0


async def test_receipts_that_failed_are_hastened(store: SqlStore, clock: Clock) -> None:
    """A receipt leaves the outbox with its confirm, so one that is still there was not sent."""
    await store.documents.arrive([an_arrival(a_message(b"1"), a_recipient("H53.1"))])
    await settle(store, await claim(store), UNKNOWN)
    assert await claim(store) == ()

    assert await store.documents.hasten() == 1

    assert len(await claim(store)) == 1


async def test_late_answer_under_an_old_fence_is_void(store: SqlStore, clock: Clock) -> None:
    """What a process says of a row that was claimed from it meanwhile changes nothing."""
    answer = await accepted(store)
    old = await claim(store)
    clock.turn(seconds=120)
    new = await claim(store)

    await settle(store, old, CONFIRMED)

    assert (await delivery_of(store, answer)).state is DeliveryState.QUEUED
    assert await kinds(store, answer.message.id) == [
        Kind.ACCEPTED,
        Kind.PUBLISH_ATTEMPT,
        Kind.PUBLISH_ATTEMPT,
    ]
    await settle(store, new, CONFIRMED)
    assert (await delivery_of(store, answer)).state is DeliveryState.CONFIRMED


async def test_late_answer_counts_while_nobody_else_claimed(store: SqlStore, clock: Clock) -> None:
    """A lease that ended without a new claim is no reason to forget an answer."""
    answer = await accepted(store)
    items = await claim(store)
    clock.turn(seconds=500)

    await settle(store, items, CONFIRMED)

    assert (await delivery_of(store, answer)).state is DeliveryState.CONFIRMED


async def test_second_answer_is_void(store: SqlStore) -> None:
    """One claim has one answer, given twice in a row or at once."""
    answer = await accepted(store)
    [item] = await claim(store)

    await store.documents.settle([(item, CONFIRMED), (item, RETURNED)], resend_after=HOUR)
    await settle(store, [item], RETURNED)

    assert await kinds(store, answer.message.id) == [
        Kind.ACCEPTED,
        Kind.PUBLISH_ATTEMPT,
        Kind.BROKER_CONFIRMED,
    ]


async def test_confirmed_delivery_is_resent_until_its_receipt_comes(store: SqlStore, clock: Clock) -> None:
    """A confirm only slows the clock: after an hour, then two, the delivery is due again."""
    answer = await accepted(store)
    await settle(store, await claim(store), CONFIRMED)

    clock.turn(minutes=59, seconds=59)
    assert await claim(store) == ()
    clock.turn(seconds=1)
    again = await claim(store)
    assert [item.attempt for item in again] == [2]
    await settle(store, again, CONFIRMED)
    clock.turn(minutes=119)
    assert await claim(store) == ()
    clock.turn(minutes=1)
    assert len(await claim(store)) == 1

    assert (await delivery_of(store, answer)).state is DeliveryState.CONFIRMED
    confirms = (await kinds(store, answer.message.id)).count(Kind.BROKER_CONFIRMED)
    assert confirms == 2


def test_resend_delay_is_bounded() -> None:
    """Doubling ends at a day, or at the configured time if that is longer."""
    assert [resend_delay(attempt, HOUR) for attempt in (1, 2, 5)] == [HOUR, 2 * HOUR, 16 * HOUR]
    assert resend_delay(1000, HOUR) == LONGEST_RESEND
    assert resend_delay(1000, 3 * LONGEST_RESEND) == 3 * LONGEST_RESEND


@pytest.mark.parametrize(("outcome", "logged"), [(RETURNED, [Kind.RETURNED]), (UNKNOWN, [])])
async def test_failed_send_is_tried_again_after_a_while(
    store: SqlStore, stores: Stores, clock: Clock, outcome: SendOutcome, logged: list[Kind]
) -> None:
    """A failure keeps the state, tells why, and backs off exponentially with jitter, at most 10 minutes."""
    answer = await accepted(store)
    for attempt in range(1, 13):
        items = await claim(store)
        assert [item.attempt for item in items] == [attempt]
        await settle(store, items, outcome)
        [(due,)] = await stores.rows("SELECT next_at FROM outbox")
        wait = due / 1e6 - clock.now.timestamp()
        seconds = min(2.0**attempt, 400.0)
        assert 0.5 * seconds <= wait <= 1.5 * seconds <= 600
        clock.turn(seconds=wait + 0.001)

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.reason, delivery.attempts) == (DeliveryState.QUEUED, outcome.reason, 12)
    assert await kinds(store, answer.message.id) == [Kind.ACCEPTED, *[Kind.PUBLISH_ATTEMPT, *logged] * 12]


async def test_confirm_after_a_failure_clears_the_reason(store: SqlStore, clock: Clock) -> None:
    """The reason of a failure does not outlive it."""
    answer = await accepted(store)
    await settle(store, await claim(store), RETURNED)
    clock.turn(minutes=10)

    await settle(store, await claim(store), CONFIRMED)

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.reason) == (DeliveryState.CONFIRMED, None)


async def test_failure_of_a_resend_does_not_undo_the_confirm(store: SqlStore, clock: Clock) -> None:
    """A delivery never goes back."""
    answer = await accepted(store)
    await settle(store, await claim(store), CONFIRMED)
    clock.turn(hours=1)

    await settle(store, await claim(store), RETURNED)

    assert (await delivery_of(store, answer)).state is DeliveryState.CONFIRMED


async def test_receipt_leaves_the_outbox_when_confirmed(store: SqlStore, clock: Clock) -> None:
    """A receipt is sent as it is, without entries of its own, again after a failure, and then forgotten."""
    message, recipient = a_message(), a_recipient()
    await store.documents.arrive([an_arrival(message, recipient)])

    [item] = await claim(store)
    assert (item.queue, item.message, item.recipient) == ("member.hanoi", None, None)
    assert item.body == f"receipt received {recipient.delivery_id}".encode()
    await settle(store, [item], UNKNOWN)
    clock.turn(minutes=1)
    await settle(store, await claim(store), CONFIRMED)

    assert (await store.documents.backlog())["outbox_waiting"] == 0
    assert await kinds(store, message.id) == [Kind.ARRIVED]


@pytest.mark.parametrize(
    "state", [DeliveryState.RECEIVED, DeliveryState.REFUSED, DeliveryState.UNDELIVERABLE]
)
@pytest.mark.parametrize("confirmed", [True, False], ids=["after the confirm", "overtaking it"])
async def test_receipt_ends_sending(
    store: SqlStore, clock: Clock, state: DeliveryState, *, confirmed: bool
) -> None:
    """A receipt moves the delivery, is logged, and takes the row from the outbox, confirmed or not."""
    answer = await accepted(store)
    items = await claim(store)
    if confirmed:
        await settle(store, items, CONFIRMED)
    clock.turn(seconds=5)

    await store.documents.record_receipts(
        [a_step(answer.recipients[0], answer.message.id, state, "some.reason")]
    )
    await settle(store, items, CONFIRMED)

    delivery = await delivery_of(store, answer)
    assert (delivery.state, delivery.reason, delivery.updated_at) == (state, "some.reason", clock.now)
    clock.turn(days=2)
    assert await claim(store) == ()
    assert (await store.documents.backlog())["outbox_waiting"] == 0


async def test_acknowledgement_follows_the_receipt(store: SqlStore) -> None:
    """Received, then acknowledged: both are logged, repeats and late ones are not."""
    answer = await accepted(store)
    await claim(store)
    received = a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)
    acknowledged = a_step(answer.recipients[0], answer.message.id, DeliveryState.ACKNOWLEDGED)

    await store.documents.record_receipts([received, received])
    await store.documents.record_receipts([received, acknowledged, acknowledged, received])

    assert (await delivery_of(store, answer)).state is DeliveryState.ACKNOWLEDGED
    assert await kinds(store, answer.message.id) == [
        Kind.ACCEPTED,
        Kind.PUBLISH_ATTEMPT,
        Kind.DELIVERED_RECEIPT,
        Kind.ACKNOWLEDGED_RECEIPT,
    ]


async def test_acknowledgement_that_overtakes_the_receipt_counts(store: SqlStore) -> None:
    """Who has taken a document over has received it; the receipt that comes later says nothing new."""
    answer = await accepted(store)
    await settle(store, await claim(store), CONFIRMED)

    await store.documents.record_receipts(
        [a_step(answer.recipients[0], answer.message.id, DeliveryState.ACKNOWLEDGED)]
    )
    await store.documents.record_receipts(
        [a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)]
    )

    assert (await delivery_of(store, answer)).state is DeliveryState.ACKNOWLEDGED
    assert (await store.documents.backlog())["outbox_waiting"] == 0


@pytest.mark.parametrize("final", [DeliveryState.REFUSED, DeliveryState.UNDELIVERABLE])
async def test_outcome_is_never_rewritten(store: SqlStore, final: DeliveryState) -> None:
    """A final state stands, whatever receipts still come."""
    answer = await accepted(store)
    await claim(store)
    await store.documents.record_receipts([a_step(answer.recipients[0], answer.message.id, final)])

    for state in (DeliveryState.RECEIVED, DeliveryState.ACKNOWLEDGED, DeliveryState.REFUSED):
        await store.documents.record_receipts([a_step(answer.recipients[0], answer.message.id, state)])

    assert (await delivery_of(store, answer)).state is final
    assert len(await kinds(store, answer.message.id)) == 3


async def test_receipt_for_nothing_changes_nothing(store: SqlStore) -> None:
    """A receipt for an unknown delivery, or for one that was never sent, is passed over."""
    answer = await accepted(store)
    unknown = a_step(a_recipient(), answer.message.id, DeliveryState.RECEIVED)
    unsent = a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)

    await store.documents.record_receipts([])
    await store.documents.record_receipts([unknown, unsent])

    assert (await delivery_of(store, answer)).state is DeliveryState.QUEUED
    assert await kinds(store, answer.message.id) == [Kind.ACCEPTED]
    assert len(await claim(store)) == 1


async def test_each_recipient_has_a_delivery_of_its_own(store: SqlStore) -> None:
    """What happens to one recipient's delivery leaves the others alone."""
    answer = await accepted(store, "H53.1", "H53.2")
    first, second = await claim(store)
    await store.documents.settle([(first, CONFIRMED), (second, RETURNED)], resend_after=HOUR)
    await store.documents.record_receipts(
        [a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)]
    )

    states = [each.state for each in await store.documents.deliveries(answer.message.id)]

    assert states == [DeliveryState.RECEIVED, DeliveryState.QUEUED]


async def test_concurrent_claims_share_nothing(stores: Stores) -> None:
    """Many claims of two processes at once never give the same row to two of them, and leave none behind."""
    processes = [await stores.open(), await stores.open()]
    await asyncio.gather(*(accepted(processes[n % 2], f"H53.{n}") for n in range(40)))

    claims = await asyncio.gather(*(claim(processes[n % 2], limit=7) for n in range(12)))

    ids = [item.id for items in claims for item in items]
    assert len(ids) == len(set(ids))
    left = [item.id for item in await claim(processes[0])]
    assert len(ids) + len(left) == 40


async def test_racing_settlements_and_receipts_do_not_deadlock(stores: Stores) -> None:
    """Confirms in one process and receipts in another, for the same deliveries, both come through."""
    processes = [await stores.open(), await stores.open()]
    answers = await asyncio.gather(*(accepted(processes[0]) for _ in range(30)))
    items = await claim(processes[0])
    steps = [
        a_step(each.recipients[0], each.message.id, DeliveryState.RECEIVED) for each in reversed(answers)
    ]

    await asyncio.gather(
        settle(processes[0], items, CONFIRMED), processes[1].documents.record_receipts(steps)
    )

    for answer in answers:
        assert (await delivery_of(processes[0], answer)).state is DeliveryState.RECEIVED


async def test_unknown_delivery_is_none(store: SqlStore) -> None:
    """Asking for what never was is no error."""
    assert await store.documents.delivery("nothing") is None
    assert await store.documents.deliveries("nothing") == ()
    assert await store.documents.message("nothing") is None


async def test_backlog_counts_what_waits(store: SqlStore) -> None:
    """Due, leased, arrived and staged rows are counted apart."""
    await accepted(store, "H53.1", "H53.2")
    await accepted(store)
    await claim(store, limit=2)
    await store.documents.arrive([an_arrival(a_message(), a_recipient())])

    backlog = await store.documents.backlog()

    assert backlog == {"outbox_due": 2, "outbox_waiting": 2, "inbox_waiting": 1, "log_unsequenced": 7}
