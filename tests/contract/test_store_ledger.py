"""The contract of `ports.Ledger`: every way to lose a document is found with its id, and nothing else ever is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from gateway.ledger import Balance, Page
from gateway.store import SqlStore
from routing.delivery import DeliveryState
from routing.ledger import Gap, GapKind, Term
from routing.log import Kind, read_leaf
from tests.support.ledger_samples import HOUR, a_receipt, accept, everything, publish
from tests.support.store_samples import NOON, Clock
from tests.support.stores import Stores


async def pages(store: SqlStore, *, limit: int = 3) -> AsyncIterator[Page]:
    """Check everything, in portions."""
    after: str | None = None
    while True:
        page = await store.ledger.page(after=after, limit=limit)
        yield page
        after = page.last
        if after is None:
            return


async def gaps(store: SqlStore) -> list[Gap]:
    """Return all that a count of everything finds."""
    return [gap async for page in pages(store) for gap in page.gaps]


async def owed(store: SqlStore, *, after: timedelta = -HOUR) -> list[Page]:
    """Check all that is owed, in portions."""
    found, last = [], None
    while True:
        page = await store.ledger.owed(after=last, limit=2, overdue_before=NOON + after)
        found.append(page)
        last = page.last
        if last is None:
            return found


async def balanced(store: SqlStore) -> Balance:
    """Add everything up, and return the equation."""
    while await store.ledger.advance(limit=2):
        pass
    balance = await store.ledger.balance(most=1000)
    assert balance is not None
    return balance


def terms(balance: Balance) -> tuple[int, ...]:
    """Return the equation as numbers."""
    totals = balance.totals
    return (
        totals.accepted,
        totals.delivered,
        totals.pending,
        totals.held,
        totals.refused,
        totals.expired,
        totals.gap,
    )


async def test_what_is_sound_has_no_gap(store: SqlStore) -> None:
    """Deliveries in every state, and arrivals: nothing is missing, and the sum comes out."""
    await everything(store)

    assert await gaps(store) == []
    assert [page.gaps for page in await owed(store)] == [(), ()]
    assert terms(await balanced(store)) == (6, 2, 3, 0, 1, 0, 0)


async def test_an_empty_ledger_balances(store: SqlStore) -> None:
    """Nothing was accepted, so nothing is missing."""
    assert await gaps(store) == []
    assert terms(await balanced(store)) == (0, 0, 0, 0, 0, 0, 0)


async def test_sums_are_by_day_in_vietnam(stores: Stores, clock: Clock) -> None:
    """A document belongs to the day on which it was accepted, whatever becomes of it later."""
    store = await stores.open()
    first = await accept(store)
    await publish(store)
    clock.turn(hours=12)  # 0:00 in Hà Nội
    await accept(store)
    await store.documents.record_receipts([a_receipt(first, DeliveryState.RECEIVED)])

    early, late = (await balanced(store)).days
    assert (early.day, early.totals.delivered, early.totals.pending) == (date(2025, 7, 1), 1, 0)
    assert (late.day, late.totals.delivered, late.totals.pending) == (date(2025, 7, 2), 0, 1)


async def test_sums_are_the_same_in_any_portions(stores: Stores) -> None:
    """Entries that are in the tree and entries that wait for their place count alike, and each counts once."""
    store = await stores.open()
    answers = await everything(store)
    fresh = await store.ledger.balance(most=1000)
    assert fresh is not None
    await store.log.sequence(limit=7)
    while await store.ledger.advance(limit=1):
        pass
    half = await store.ledger.balance(most=1000)
    await store.documents.record_receipts([a_receipt(answers["received"], DeliveryState.ACKNOWLEDGED)])
    while await store.log.sequence(limit=1000):
        pass
    done = await balanced(store)

    assert terms(fresh) == (6, 2, 3, 0, 1, 0, 0)
    assert half is not None
    assert half.days == fresh.days == done.days
    assert await store.ledger.advance(limit=1000) is False


async def test_two_processes_add_up_once(stores: Stores) -> None:
    """Whoever was slower changes nothing."""
    first, second = await stores.open(), await stores.open()
    await everything(first)
    while await first.log.sequence(limit=1000):
        pass

    async def add(store: SqlStore) -> None:
        while await store.ledger.advance(limit=1):
            pass

    await asyncio.gather(add(first), add(second))
    assert terms(await balanced(first)) == (6, 2, 3, 0, 1, 0, 0)


async def test_too_far_behind_is_no_answer(store: SqlStore) -> None:
    """With more entries than it may add up at once it says so, and not something that is nearly right."""
    await everything(store)
    assert await store.ledger.balance(most=3) is None


async def test_what_waits_for_its_receipt_too_long_is_listed(store: SqlStore, clock: Clock) -> None:
    """Handed to the axis, and nobody said that it arrived: no gap, but something to look after."""
    answers = await everything(store)
    clock.turn(hours=2)

    assert [page.overdue for page in await owed(store) if page.overdue] == []
    found = [each for page in await owed(store, after=HOUR) for each in page.overdue]
    assert found == [answers["confirmed"].recipients[0].delivery_id]


LOSSES = {
    "the row is gone": ("DELETE FROM delivery WHERE id = :id", "queued", GapKind.DELIVERY_MISSING),
    "a delivered row is gone": ("DELETE FROM delivery WHERE id = :id", "received", GapKind.DELIVERY_MISSING),
    "nothing will send it": ("DELETE FROM outbox WHERE id = :id", "queued", GapKind.NOT_IN_OUTBOX),
    "nothing will send it again": ("DELETE FROM outbox WHERE id = :id", "confirmed", GapKind.NOT_IN_OUTBOX),
    "an end without a receipt": (
        "UPDATE delivery SET state = 'acknowledged' WHERE id = :id",
        "confirmed",
        GapKind.STATE_UNFOUNDED,
    ),
    "a receipt without its end": (
        "UPDATE delivery SET state = 'confirmed' WHERE id = :id",
        "received",
        GapKind.STATE_UNFOUNDED,
    ),
    "a state that nobody knows": (
        "UPDATE delivery SET state = 'lost' WHERE id = :id",
        "queued",
        GapKind.STATE_UNKNOWN,
    ),
    "expired by nobody": (
        "UPDATE delivery SET state = 'expired' WHERE id = :id",
        "queued",
        GapKind.STATE_UNFOUNDED,
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_loss_is_found_with_its_id(stores: Stores, loss: str) -> None:
    """Whatever is done to the rows of one delivery, a count of everything names it, and no other."""
    store = await stores.open()
    answers = await everything(store)
    statement, state, kind = LOSSES[loss]
    recipient = answers[state].recipients[0]
    await stores.tamper(statement, id=recipient.delivery_id)

    found = await gaps(store)
    assert (kind, recipient.delivery_id, answers[state].message.id) in {
        (gap.kind, gap.subject, gap.document_id) for gap in found
    }
    assert {gap.subject for gap in found} == {recipient.delivery_id}


VANISHINGS = (
    "DELETE FROM delivery WHERE id = :id",
    "UPDATE delivery SET state = 'acknowledged' WHERE id = :id",
    "UPDATE delivery SET state = 'lost' WHERE id = :id",
)


@pytest.mark.parametrize("statement", VANISHINGS)
async def test_the_sum_notices_at_once(stores: Stores, statement: str) -> None:
    """What is owed by the log and by no row any more is missing from the sum, long before anybody counts everything."""
    store = await stores.open()
    answers = await everything(store)
    assert not (await balanced(store)).differs
    await stores.tamper(statement, id=answers["confirmed"].recipients[0].delivery_id)

    balance = await balanced(store)
    assert balance.differs
    assert balance.totals.gap == 1


async def test_a_loss_and_an_invention_do_not_make_up_for_each_other(stores: Stores) -> None:
    """A delivery that nobody promised is a gap of its own."""
    store = await stores.open()
    answers = await everything(store)
    lost, kept = answers["confirmed"].recipients[0].delivery_id, answers["queued"].recipients[0].delivery_id
    await stores.tamper("UPDATE outbox SET id = 'invented' WHERE id = :id", id=lost)
    await stores.tamper("UPDATE delivery SET id = 'invented' WHERE id = :id", id=lost)

    assert not (await balanced(store)).differs
    assert {(gap.kind, gap.subject) for gap in await gaps(store)} == {
        (GapKind.DELIVERY_MISSING, lost),
        (GapKind.DELIVERY_UNPROMISED, "invented"),
    }
    assert kept not in {gap.subject for gap in await gaps(store)}


async def test_what_is_over_is_not_sent_again(stores: Stores) -> None:
    """A row in the outbox for a delivery at its end would be sent for ever."""
    store = await stores.open()
    answers = await everything(store)
    delivery_id = answers["received"].recipients[0].delivery_id
    await stores.tamper(
        "INSERT INTO outbox (id, kind, queue, delivery_id, next_at, fence, attempts) "
        "VALUES (:id, 'delivery', 'member.tayninh', :id, 0, 0, 0)",
        id=delivery_id,
    )

    assert [(gap.kind, gap.subject) for gap in await gaps(store)] == [(GapKind.STILL_IN_OUTBOX, delivery_id)]


async def test_a_body_that_is_gone_is_found_while_somebody_needs_it(stores: Stores) -> None:
    """Both sides of it: what is not delivered yet, and what lies in an inbox. What is delivered needs no body any more."""
    store = await stores.open()
    answers = await everything(store)
    store.ledger.has_payload = lambda _: False
    assert await gaps(store) == []

    await stores.tamper("DELETE FROM body")
    found = await gaps(store)
    assert {gap.kind for gap in found} == {GapKind.BODY_MISSING}
    documents = {gap.document_id for gap in found}
    assert {answers["queued"].message.id, answers["confirmed"].message.id} < documents
    assert len(documents) == 3

    store.ledger.has_payload = lambda _: True
    assert await gaps(store) == []


async def test_an_arrival_that_vanishes_is_found(stores: Stores) -> None:
    """The log says that it came, and it is in no inbox; or it is there, and the log does not say so."""
    store = await stores.open()
    await everything(store)
    [(lost,)] = await stores.rows("SELECT id FROM arrival WHERE refusal IS NULL")
    [(refused,)] = await stores.rows("SELECT id FROM arrival WHERE refusal IS NOT NULL")
    await stores.tamper("UPDATE arrival SET id = 'another' WHERE id = :id", id=lost)
    await stores.tamper("UPDATE arrival SET refusal = NULL WHERE id = :id", id=refused)

    assert {(gap.kind, gap.subject) for gap in await gaps(store)} == {
        (GapKind.ARRIVAL_MISSING, lost),
        (GapKind.ARRIVAL_UNLOGGED, "another"),
        (GapKind.ARRIVAL_MISSING, refused),
    }


async def test_a_document_without_its_rows_is_found(stores: Stores) -> None:
    """Message, deliveries and outbox are gone, as in a restored table: the log still knows."""
    store = await stores.open()
    answer = await accept(store)
    name = answer.message.id
    for statement in (
        "DELETE FROM outbox WHERE message_id = :id",
        "DELETE FROM delivery WHERE message_id = :id",
        "DELETE FROM evidence WHERE message_id = :id",
        "DELETE FROM message WHERE id = :id",
    ):
        await stores.tamper(statement, id=name)

    assert {(gap.kind, gap.document_id) for gap in await gaps(store)} == {
        (GapKind.DELIVERY_MISSING, name),
        (GapKind.MESSAGE_MISSING, name),
    }


async def test_an_entry_that_cannot_be_read_is_a_gap(stores: Stores) -> None:
    """Nothing is known for sure of that document, so it does not count as sound."""
    store = await stores.open()
    stores.is_sound = False
    answer = await accept(store)
    await stores.tamper(
        "DROP TRIGGER log_entry_freeze" + (" ON log_entry" if "postgresql" in stores.url else "")
    )
    await stores.tamper("UPDATE log_entry SET leaf = '{' WHERE document_id = :id", id=answer.message.id)

    assert [(gap.kind, gap.subject) for gap in await gaps(store)] == [
        (GapKind.ENTRY_UNREADABLE, answer.message.id)
    ]


async def test_what_fell_out_of_the_outbox_is_put_back(stores: Stores, clock: Clock) -> None:
    """It is sent again, under a higher number of attempts, and an entry says what happened."""
    store = await stores.open()
    answers = await everything(store)
    lost = answers["confirmed"].recipients[0].delivery_id
    over = answers["received"].recipients[0].delivery_id
    await stores.tamper("DELETE FROM outbox WHERE id = :id", id=lost)

    assert await store.ledger.requeue([lost, over, "unknown"]) == (lost,)
    assert await store.ledger.requeue([lost]) == ()
    assert await gaps(store) == []
    entry = read_leaf((await store.log.timeline(answers["confirmed"].message.id))[-1].leaf)
    assert (entry.kind, entry.fields["delivery"]) == (Kind.REQUEUED, lost)
    assert lost in {item.id for item in await publish(store)}
    await store.documents.record_receipts([a_receipt(answers["confirmed"], DeliveryState.RECEIVED)])
    assert await gaps(store) == []


async def test_it_is_remembered_when_everything_was_counted(stores: Stores, clock: Clock) -> None:
    """Also by the next process."""
    store = await stores.open()
    assert await store.ledger.recounted() is None
    await store.ledger.note_recount()
    assert await (await stores.open()).ledger.recounted() == NOON


async def test_under_load_nothing_is_ever_missing(stores: Stores) -> None:
    """While documents are accepted, sent and received by one process, another one that checks sees no gap at any moment."""
    busy, watching = await stores.open(), await stores.open()
    done = asyncio.Event()

    async def work() -> None:
        for _ in range(12):
            answers = await asyncio.gather(*(accept(busy, "H53.7", "H57.4") for _ in range(5)))
            await publish(busy)
            await asyncio.gather(
                *(
                    busy.documents.record_receipts([a_receipt(each, state, place=place)])
                    for each in answers
                    for place, state in enumerate((DeliveryState.RECEIVED, DeliveryState.REFUSED))
                )
            )
            await busy.log.sequence(limit=50)
        done.set()

    async def watch() -> int:
        looks = 0
        while not done.is_set():
            assert await gaps(watching) == []
            assert [gap for page in await owed(watching) for gap in page.gaps] == []
            await watching.ledger.advance(limit=7)
            balance = await watching.ledger.balance(most=10_000)
            assert balance is not None
            assert not balance.differs, balance
            assert balance.totals.gap == 0
            looks += 1
        return looks

    _, looks = await asyncio.gather(work(), watch())
    assert looks > 1
    assert terms(await balanced(watching)) == (120, 60, 0, 0, 60, 0, 0)
    counted: dict[Term, int] = dict.fromkeys(Term, 0)
    async for page in pages(watching, limit=50):
        for counts in page.counts.values():
            counted = {term: counted[term] + counts[term] for term in Term}
    assert (counted[Term.DELIVERED], counted[Term.REFUSED]) == (60, 60)
