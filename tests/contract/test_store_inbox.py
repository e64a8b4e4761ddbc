"""The contract of `ports.Documents.arrive`, `inbox`, `mark_fetched`, `acknowledge` and `correspondence`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.mentions import Sought
from gateway.records import Arrival, InboxItem, Message, MessageKind, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from routing.log import Kind, read_leaf
from tests.support.store_samples import NOON, Clock, a_message, a_recipient, an_acceptance, an_arrival, new_id
from tests.support.stores import Stores

LEASE = timedelta(seconds=120)
CONFIRMED = SendOutcome(result=SendResult.CONFIRMED)


async def arrived(store: SqlStore, *codes: str, member_id: str = "tayninh") -> list[Arrival]:
    """Let one new message arrive for each code."""
    arrivals = [an_arrival(a_message(), a_recipient(code, member_id=member_id)) for code in codes]
    assert await store.documents.arrive(arrivals) == (True,) * len(codes)
    return arrivals


async def inbox(
    store: SqlStore, *, code: str | None = None, after: str | None = None, limit: int = 100
) -> tuple[InboxItem, ...]:
    """Return the inbox of Tây Ninh."""
    return await store.documents.inbox(member_id="tayninh", code=code, after=after, limit=limit)


async def send_receipts(store: SqlStore) -> list[bytes | None]:
    """Send everything that is due, confirmed, and return the receipts."""
    items: tuple[OutboxItem, ...] = await store.documents.claim(limit=100, lease=LEASE)
    await store.documents.settle([(item, CONFIRMED) for item in items], resend_after=LEASE)
    return [item.body for item in items]


async def kinds(store: SqlStore, document_id: str) -> list[Kind]:
    """Return the kinds of a document's entries in order."""
    return [read_leaf(row.leaf).kind for row in await store.log.timeline(document_id)]


async def test_arrival_waits_in_the_inbox(store: SqlStore, clock: Clock) -> None:
    """An arrived message is kept with its body, listed for its member, and its receipt is on its way."""
    message, recipient = a_message(b"<edXML>x</edXML>"), a_recipient()
    clock.turn(minutes=3)

    assert await store.documents.arrive([an_arrival(message, recipient, body=b"<edXML>x</edXML>")]) == (True,)

    item = InboxItem(
        id=recipient.delivery_id,
        message=message,
        recipient=recipient,
        reply_queue="member.hanoi",
        arrived_at=clock.now,
        fetched_at=None,
        acknowledged_at=None,
    )
    assert await inbox(store) == (item,)
    assert await store.documents.inbox_item(member_id="tayninh", item_id=item.id) == item
    assert await store.documents.message(message.id) == message
    assert await store.documents.bodies([message.sha256]) == {message.sha256: b"<edXML>x</edXML>"}
    assert await store.documents.deliveries(message.id) == ()
    assert await kinds(store, message.id) == [Kind.ARRIVED]
    assert await send_receipts(store) == [f"receipt received {recipient.delivery_id}".encode()]


async def test_nothing_arrives(store: SqlStore) -> None:
    """An empty batch is no error."""
    assert await store.documents.arrive([]) == ()
    assert await inbox(store) == ()


async def test_repeated_arrival_only_gets_its_receipt_again(store: SqlStore, stores: Stores) -> None:
    """What was here before changes nothing; its first receipt is sent again, one at a time."""
    [arrival] = await arrived(store, "H53.7")
    again = replace(arrival, receipt=b"another receipt for the same arrival")

    assert await store.documents.arrive([again]) == (False,)
    assert await send_receipts(store) == [arrival.receipt]
    assert await store.documents.arrive([again, again]) == (False, False)

    assert await send_receipts(store) == [arrival.receipt]
    assert await kinds(store, arrival.message.id) == [Kind.ARRIVED]
    assert await stores.rows("SELECT count(*) FROM arrival") == [(1,)]


async def test_same_arrival_twice_at_once_is_new_once(store: SqlStore) -> None:
    """Two copies in one batch are one arrival."""
    arrival = an_arrival(a_message(), a_recipient())

    answers = await store.documents.arrive([arrival, arrival, replace(arrival)])

    assert sorted(answers) == [False, False, True]
    assert await kinds(store, arrival.message.id) == [Kind.ARRIVED]


async def test_one_message_arrives_for_several_recipients(store: SqlStore) -> None:
    """One message for two agencies is two inbox items over one body."""
    message = a_message()
    arrivals = [an_arrival(message, a_recipient(code)) for code in ("H53.1", "H53.2")]

    assert await store.documents.arrive(arrivals) == (True, True)

    assert [item.recipient.code for item in await inbox(store)] == ["H53.1", "H53.2"]
    assert await kinds(store, message.id) == [Kind.ARRIVED, Kind.ARRIVED]


async def test_refused_arrival_reaches_no_inbox(store: SqlStore) -> None:
    """A refused message is logged and answered, but nobody sees it and its bytes are not kept."""
    message, recipient = a_message(), a_recipient()

    assert await store.documents.arrive([an_arrival(message, recipient, refusal="certs.revoked")]) == (True,)

    assert await inbox(store) == ()
    assert await store.documents.inbox_item(member_id="tayninh", item_id=recipient.delivery_id) is None
    assert await store.documents.message(message.id) is None
    assert await store.documents.bodies([message.sha256]) == {}
    assert await kinds(store, message.id) == [Kind.ARRIVAL_REFUSED]
    assert await send_receipts(store) == [f"receipt certs.revoked {recipient.delivery_id}".encode()]
    assert (await store.documents.backlog())["inbox_waiting"] == 0


async def test_first_decision_on_an_arrival_stands(store: SqlStore) -> None:
    """What was refused stays refused when it comes again and would pass now; the sender hears the same."""
    message, recipient = a_message(), a_recipient()
    refused = an_arrival(message, recipient, refusal="certs.revoked")
    await store.documents.arrive([refused])
    await send_receipts(store)

    assert await store.documents.arrive([an_arrival(message, recipient)]) == (False,)

    assert await inbox(store) == ()
    assert await send_receipts(store) == [refused.receipt]


async def test_refused_item_cannot_be_taken(store: SqlStore) -> None:
    """An item made up for a refused arrival is neither fetched nor acknowledged."""
    message, recipient = a_message(), a_recipient()
    await store.documents.arrive([an_arrival(message, recipient, refusal="certs.revoked")])
    made_up = InboxItem(
        id=recipient.delivery_id,
        message=message,
        recipient=recipient,
        reply_queue="",
        arrived_at=NOON,
        fetched_at=None,
        acknowledged_at=None,
    )

    await store.documents.mark_fetched(made_up)

    assert await store.documents.acknowledge(made_up, receipt=b"") is False
    assert await kinds(store, message.id) == [Kind.ARRIVAL_REFUSED]


async def test_arrival_of_what_was_accepted_here(store: SqlStore) -> None:
    """Where one gateway serves both sides, sending and receiving share the message and its history."""
    accepted = await store.documents.accept(an_acceptance())
    await store.documents.claim(limit=1, lease=LEASE)

    arrival = an_arrival(replace(accepted.message, verdict={}), accepted.recipients[0], body=None)
    assert await store.documents.arrive([arrival]) == (True,)

    [item] = await inbox(store)
    assert item.message == accepted.message
    assert await kinds(store, accepted.message.id) == [Kind.ACCEPTED, Kind.PUBLISH_ATTEMPT, Kind.ARRIVED]


async def _discards(store: SqlStore, stores: Stores, forged: Arrival) -> bool:
    """Tell whether an arrival is put aside: no inbox row, no receipt, one entry."""
    before = await inbox(store)
    await send_receipts(store)

    [fresh] = await store.documents.arrive([forged])

    entries = [
        read_leaf(bytes(leaf)) for (leaf,) in await stores.rows("SELECT leaf FROM log_entry ORDER BY id")
    ]
    return (
        not fresh
        and await inbox(store) == before
        and await send_receipts(store) == []
        and entries[-1].kind is Kind.MESSAGE_DISCARDED
        and entries[-1].fields["delivery"] == forged.recipient.delivery_id
    )


async def test_id_of_another_message_is_no_way_in(store: SqlStore, stores: Stores) -> None:
    """A gateway that sends other bytes under a known message id, or in another's name, is not heard."""
    [known] = await arrived(store, "H53.7")
    other_bytes = replace(a_message(b"<forged/>"), id=known.message.id)
    other_gateway = replace(known.message, gateway="gw-evil")

    assert await _discards(store, stores, an_arrival(other_bytes, a_recipient("H53.1"), body=b"<forged/>"))
    assert await _discards(store, stores, an_arrival(other_gateway, a_recipient("H53.1")))
    assert await _discards(
        store, stores, an_arrival(other_bytes, a_recipient("H53.1"), refusal="certs.revoked")
    )
    assert await store.documents.message(known.message.id) == known.message


async def test_id_of_another_delivery_is_no_way_in(store: SqlStore, stores: Stores) -> None:
    """A delivery id stands for one message and one recipient, and a message comes once for each recipient."""
    [known] = await arrived(store, "H53.7")
    other_message = an_arrival(a_message(b"<other/>"), known.recipient, body=b"<other/>")
    other_code = an_arrival(known.message, replace(known.recipient, code="H53.1"))
    other_delivery = an_arrival(known.message, replace(known.recipient, delivery_id=new_id()))

    for forged in (other_message, other_code, other_delivery):
        assert await _discards(store, stores, forged)
    assert await store.documents.message(other_message.message.id) is None


async def test_forged_pair_in_one_batch_is_caught(store: SqlStore) -> None:
    """Of two new arrivals that claim one message id for different bytes the first stands."""
    first = an_arrival(a_message(b"<a/>"), a_recipient("H53.1"), body=b"<a/>")
    second = an_arrival(replace(a_message(b"<b/>"), id=first.message.id), a_recipient("H53.2"), body=b"<b/>")

    answers = await store.documents.arrive([first, second])

    assert sorted(answers) == [False, True]
    assert len(await inbox(store)) == 1


async def test_inbox_is_the_members_own(store: SqlStore) -> None:
    """A member sees its own items only."""
    [theirs] = await arrived(store, "H26.1", member_id="hanoi")
    [ours] = await arrived(store, "H53.1")

    assert [item.id for item in await inbox(store)] == [ours.recipient.delivery_id]
    item_id = theirs.recipient.delivery_id
    assert await store.documents.inbox_item(member_id="tayninh", item_id=item_id) is None
    assert await store.documents.inbox_item(member_id="hanoi", item_id=item_id) is not None


async def test_inbox_pages_by_keyset(store: SqlStore) -> None:
    """Items come oldest first; the last id of a page leads to the next; a code narrows the list."""
    arrivals = await arrived(store, "H53.1", "H53.2", "H53.1", "H53.1")
    ids = [arrival.recipient.delivery_id for arrival in arrivals]

    first = await inbox(store, limit=3)
    second = await inbox(store, after=first[-1].id, limit=3)

    assert [item.id for item in (*first, *second)] == ids
    assert [item.id for item in await inbox(store, code="H53.1")] == [ids[0], ids[2], ids[3]]
    assert await inbox(store, code="H53") == ()


async def test_fetching_is_logged_each_time_and_dated_once(store: SqlStore, clock: Clock) -> None:
    """Every reading of a body is an entry; the time kept is that of the first."""
    await arrived(store, "H53.7")
    [item] = await inbox(store)
    clock.turn(seconds=10)
    fetched_at = clock.now

    await store.documents.mark_fetched(item)
    clock.turn(seconds=10)
    await asyncio.gather(store.documents.mark_fetched(item), store.documents.mark_fetched(item))

    [item] = await inbox(store)
    assert item.fetched_at == fetched_at
    assert await kinds(store, item.message.id) == [Kind.ARRIVED, *[Kind.FETCHED] * 3]


async def test_acknowledged_item_leaves_the_inbox(store: SqlStore, clock: Clock) -> None:
    """Acknowledging takes an item once, sends its receipt and keeps it readable."""
    [arrival] = await arrived(store, "H53.7")
    [item] = await inbox(store)
    await send_receipts(store)
    clock.turn(seconds=10)

    assert await store.documents.acknowledge(item, receipt=b"acknowledged!") is True
    assert await store.documents.acknowledge(item, receipt=b"again") is False

    assert await inbox(store) == ()
    kept = await store.documents.inbox_item(member_id="tayninh", item_id=item.id)
    assert kept == replace(item, acknowledged_at=clock.now)
    assert await send_receipts(store) == [b"acknowledged!"]
    assert await kinds(store, arrival.message.id) == [Kind.ARRIVED, Kind.ACKNOWLEDGED]
    assert (await store.documents.backlog())["inbox_waiting"] == 0


async def test_concurrent_acknowledgements_have_one_winner(stores: Stores) -> None:
    """Whoever acknowledges at the same time, in one process or two, one of them did it."""
    processes = [await stores.open(), await stores.open()]
    await arrived(processes[0], "H53.7")
    [item] = await inbox(processes[0])

    answers = await asyncio.gather(
        *(processes[n % 2].documents.acknowledge(item, receipt=b"%d" % n) for n in range(10))
    )

    assert sorted(answers) == [False] * 9 + [True]
    assert await kinds(processes[0], item.message.id) == [Kind.ARRIVED, Kind.ACKNOWLEDGED]


async def test_unknown_item_is_not_acknowledged(store: SqlStore) -> None:
    """An item that is not there is nobody's to take."""
    [arrival] = await arrived(store, "H53.7")
    [item] = await inbox(store)

    assert await store.documents.acknowledge(replace(item, id=new_id()), receipt=b"") is False
    await store.documents.mark_fetched(replace(item, id=new_id()))
    assert await kinds(store, arrival.message.id) == [Kind.ARRIVED]


async def test_repeat_after_acknowledgement_gets_both_receipts(store: SqlStore) -> None:
    """If a sender asks again after everything was said, it hears everything again."""
    [arrival] = await arrived(store, "H53.7")
    [item] = await inbox(store)
    await store.documents.acknowledge(item, receipt=b"acknowledged!")
    await send_receipts(store)

    assert await store.documents.arrive([arrival]) == (False,)

    assert sorted(filter(None, await send_receipts(store))) == [b"acknowledged!", arrival.receipt]


async def test_processes_that_receive_the_same_store_it_once(stores: Stores) -> None:
    """A message that two processes take from the axis at once is new for one of them."""
    processes = [await stores.open(), await stores.open()]
    arrivals = [an_arrival(a_message(), a_recipient()) for _ in range(10)]

    answers = await asyncio.gather(*(process.documents.arrive(arrivals) for process in processes))

    assert [sorted(pair) for pair in zip(*answers, strict=True)] == [[False, True]] * 10
    assert len(await inbox(processes[0])) == 10


async def _correspondence(store: SqlStore, message: Message, recipient_code: str) -> Message | None:
    return await store.documents.correspondence(
        Sought(senders=(message.sender_code,), recipients=(recipient_code,), document_id=message.document_id)
    )


async def test_correspondence_is_found_on_both_sides(store: SqlStore) -> None:
    """A document is found by sender, recipient and its own id, sent from here or arrived here."""
    sent = (await store.documents.accept(an_acceptance(recipients=[a_recipient("H53.7")]))).message
    [came] = await arrived(store, "H53.1")

    assert await _correspondence(store, sent, "H53.7") == sent
    assert await _correspondence(store, came.message, "H53.1") == came.message


async def test_correspondence_needs_all_three(store: SqlStore) -> None:
    """Another sender, recipient or document id, or a status message, is another correspondence."""
    sent = (await store.documents.accept(an_acceptance(recipients=[a_recipient("H53.7")]))).message
    status = a_message(b"<status/>", kind=MessageKind.STATUS, status_code="03", about=sent.id)
    await store.documents.arrive([an_arrival(status, a_recipient("H53.9"), body=b"<status/>")])

    assert await _correspondence(store, sent, "H53.8") is None
    assert await _correspondence(store, replace(sent, sender_code="H26"), "H53.7") is None
    assert await _correspondence(store, replace(sent, document_id="x"), "H53.7") is None
    assert await _correspondence(store, status, "H53.9") is None


async def test_correspondence_names_the_oldest(store: SqlStore) -> None:
    """If an id was used twice, by way of two gateways, the first document counts."""
    first = a_message(b"<a/>", document_id="42")
    second = a_message(b"<b/>", document_id="42")
    for message, body in ((second, b"<b/>"), (first, b"<a/>")):
        await store.documents.arrive([an_arrival(message, a_recipient("H53.7"), body=body)])

    found = await _correspondence(store, first, "H53.7")

    assert found == first
