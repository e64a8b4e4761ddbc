"""The contract of `ports.Inquiries`: who is asked about, when again, and what is answered."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.inquiries import Asked, Question
from gateway.ports.documents import ASK_AFTER
from gateway.records import Accepted, OutboxItem
from gateway.store import SqlStore
from gateway.store.outbox import TRIES
from routing.delivery import DeliveryState
from tests.contract.test_store_outbox import CONFIRMED, RETURNED, accepted, claim, kinds, settle
from tests.support.store_samples import Clock, a_message, a_recipient, a_step, an_arrival
from tests.support.stores import Stores


async def arrived(store: SqlStore, *, state: DeliveryState = DeliveryState.RECEIVED) -> Accepted:
    """Accept a document and take the receipt of its arrival, or another one."""
    answer = await accepted(store)
    await settle(store, await claim(store), CONFIRMED)
    await store.documents.record_receipts([a_step(answer.recipients[0], answer.message.id, state)])
    return answer


def about(answer: Accepted) -> Asked:
    """Return what is asked about a document's delivery."""
    return Asked(delivery_id=answer.recipients[0].delivery_id, message_id=answer.message.id)


def question(answer: Accepted) -> Question:
    """Return a question about a document's delivery."""
    return Question(delivery_id=answer.recipients[0].delivery_id, envelope=b"sealed question")


async def sent(store: SqlStore) -> list[tuple[str, bytes | None]]:
    """Send what is due, and return queues and sealed bytes."""
    items: tuple[OutboxItem, ...] = await claim(store)
    await settle(store, items, CONFIRMED)
    return [(item.queue, item.body) for item in items]


async def test_it_is_asked_when_an_hour_has_passed(store: SqlStore, clock: Clock) -> None:
    """Not before; the question is sent once, to the queue of the addressee, and the log says nothing of it."""
    answer = await arrived(store)
    before = await kinds(store, answer.message.id)
    clock.turn(seconds=ASK_AFTER.total_seconds() - 1)
    assert await store.inquiries.due(limit=10) == ()
    assert await store.inquiries.ask([question(answer)]) == 0

    clock.turn(seconds=1)

    assert await store.inquiries.due(limit=10) == (about(answer),)
    assert await store.inquiries.ask([question(answer)]) == 1
    assert await store.inquiries.due(limit=10) == ()
    assert await sent(store) == [(answer.recipients[0].queue, b"sealed question")]
    assert await sent(store) == []
    assert await kinds(store, answer.message.id) == before


async def test_the_pause_grows_with_the_time_since_the_arrival(store: SqlStore, clock: Clock) -> None:
    """After one, two, four … hours; however long ago it is, a lost receipt is asked for within that time once more."""
    answer = await arrived(store)
    asked = []
    for hour in range(1, 200):
        clock.turn(hours=1)
        if await store.inquiries.due(limit=10):
            asked.append(hour)
            await store.inquiries.ask([question(answer)])

    assert asked == [1, 2, 4, 8, 16, 32, 64, 128]


@pytest.mark.parametrize("state", [DeliveryState.ACKNOWLEDGED, DeliveryState.REFUSED])
async def test_what_is_over_is_not_asked_about(store: SqlStore, clock: Clock, state: DeliveryState) -> None:
    """Neither what ended at once, nor what ended while the question was made."""
    await arrived(store, state=state)
    answer = await arrived(store)
    clock.turn(hours=1)
    assert await store.inquiries.due(limit=10) == (about(answer),)
    await store.documents.record_receipts([a_step(answer.recipients[0], answer.message.id, state)])

    assert await store.inquiries.ask([question(answer)]) == 0
    assert await store.inquiries.due(limit=10) == ()
    assert await sent(store) == []


async def test_the_longest_due_come_first(store: SqlStore, clock: Clock) -> None:
    """A portion at a time, in the order of their arrival."""
    answers = []
    for _ in range(3):
        answers.append(await arrived(store))
        clock.turn(minutes=1)
    clock.turn(hours=1)

    assert await store.inquiries.due(limit=2) == (about(answers[0]), about(answers[1]))


async def test_a_question_that_waits_is_not_put_twice(store: SqlStore, clock: Clock) -> None:
    """What could not be sent is sent again by itself; what is asked meanwhile adds nothing, and is not counted as owed."""
    answer = await arrived(store)
    clock.turn(hours=1)
    await store.inquiries.ask([question(answer), question(answer)])
    items = await claim(store)
    await settle(store, items, RETURNED)
    clock.turn(hours=1)

    assert await store.inquiries.ask([question(answer)]) == 1

    assert (await store.documents.backlog())["outbox_due"] == 1
    assert (await store.ledger.outbox(after=None, limit=10)).rows == 0
    assert [item.attempt for item in await claim(store)] == [2]


async def test_a_question_that_cannot_be_sent_is_given_up(store: SqlStore, clock: Clock) -> None:
    """After five tries it waits for its next time, and is nothing that is stuck: the queue may be gone for ever."""
    answer = await arrived(store)
    clock.turn(hours=1)
    await store.inquiries.ask([question(answer)])
    tries = 0
    while items := await claim(store):
        tries += 1
        await settle(store, items, RETURNED)
        clock.turn(minutes=2)

    assert tries == TRIES
    assert await store.dead_letters.stuck() == ()
    clock.turn(hours=1)
    assert await store.inquiries.due(limit=10) == (about(answer),)


async def test_two_processes_ask_once(stores: Stores, clock: Clock) -> None:
    """Whoever comes later finds that it was asked."""
    processes = [await stores.open(), await stores.open()]
    answers = [await arrived(processes[0]) for _ in range(10)]
    clock.turn(hours=1)
    questions = [question(each) for each in answers]

    asked = await asyncio.gather(*(each.inquiries.ask(questions) for each in processes))

    assert sum(asked) == 10
    assert len(await sent(processes[0])) == 10


async def test_the_last_receipt_is_given_again(store: SqlStore) -> None:
    """The acknowledgement or the refusal, with the bytes of the first time; nothing of what still waits in its inbox."""
    messages = [a_message(), a_message(), a_message()]
    recipients = [a_recipient() for _ in messages]
    refusals = [None, None, "certs.altered"]
    await store.documents.arrive(
        [
            an_arrival(message, recipient, refusal=refusal)
            for message, recipient, refusal in zip(messages, recipients, refusals, strict=True)
        ]
    )
    item = await store.documents.inbox_item(
        member_id=recipients[0].member_id, item_id=recipients[0].delivery_id
    )
    assert item is not None
    await store.documents.acknowledge(item, receipt=b"acknowledged!")
    await sent(store)

    answers = await store.inquiries.answer(
        [
            Asked(delivery_id=recipient.delivery_id, message_id=message.id)
            for message, recipient in zip(messages, recipients, strict=True)
        ]
    )

    assert answers == (True, True, True)
    refused = f"receipt certs.altered {recipients[2].delivery_id}".encode()
    assert sorted(await sent(store), key=str) == sorted(
        [("member.hanoi", b"acknowledged!"), ("member.hanoi", refused)], key=str
    )


async def test_nothing_is_said_of_what_is_not_here(store: SqlStore) -> None:
    """Neither of an unknown delivery nor of one that is of another message."""
    message, recipient = a_message(), a_recipient()
    await store.documents.arrive([an_arrival(message, recipient)])
    await sent(store)

    known = await store.inquiries.answer(
        [
            Asked(delivery_id=recipient.delivery_id, message_id="another"),
            Asked(delivery_id="unknown", message_id=message.id),
        ]
    )

    assert known == (False, False)
    assert await sent(store) == []


async def test_no_pause_is_longer_than_asked_for(store: SqlStore, clock: Clock) -> None:
    """How long the first pause is says who takes the receipt."""
    answer = await accepted(store)
    await claim(store)
    step = a_step(answer.recipients[0], answer.message.id, DeliveryState.RECEIVED)
    await store.documents.record_receipts([step], ask_after=timedelta(seconds=3))
    clock.turn(seconds=3)

    assert await store.inquiries.due(limit=10) == (about(answer),)
