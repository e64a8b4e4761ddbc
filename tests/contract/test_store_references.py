"""The contract of links in `ports.Documents`: who speaks of whom, one row and one entry each, on either side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from gateway.mentions import Addressee, Sought
from gateway.records import Acceptance, Arrival, Event, Link, Message, MessageKind
from gateway.store import SqlStore
from routing.log import Kind, read_leaf
from schemas.references import Relation
from tests.support.store_samples import NOON, Clock, a_message, a_recipient, an_acceptance, an_arrival
from tests.support.stores import Stores

ISSUED = date(2025, 6, 30)


def recalls(message: Message, about: Message) -> Link:
    """Return the link by which a document recalls another one."""
    fields = {"message": message.id, "relation": "recalls", "sender": message.sender_code}
    event = Event(kind=Kind.REFERRED, document_id=about.id, fields=fields)
    return Link(about=about.id, relation=Relation.RECALLS, event=event)


def reports(message: Message, about: Message) -> Link:
    """Return the link by which a status speaks of a document."""
    fields = {
        "status_message": message.id,
        "status_code": message.status_code,
        "sender": message.sender_code,
    }
    event = Event(kind=Kind.STATUS, document_id=about.id, fields=fields)
    return Link(about=about.id, relation=Relation.ANSWERS, event=event)


def a_recall(about: Message, *, to: tuple[str, ...] = ("H53.7",)) -> Acceptance:
    """Return the acceptance of a recall."""
    acceptance = an_acceptance(b"<recall/>", recipients=[a_recipient(code) for code in to], business_type=1)
    return replace(acceptance, links=(recalls(acceptance.message, about),))


def a_status(about: Message, code: str = "03", *, sender: str = "H53.7", **facts: Any) -> Arrival:
    """Return the arrival of a status at the system of Hà Nội."""
    body = f"<status>{code}{sender}</status>".encode()
    status = a_message(
        body,
        **{
            "kind": MessageKind.STATUS,
            "status_code": code,
            "sender_code": sender,
            "about": about.id,
            **facts,
        },
    )
    to = a_recipient(about.sender_code, member_id="hanoi", queue="member.hanoi")
    return replace(an_arrival(status, to, body=body), links=(reports(status, about),))


async def kinds(store: SqlStore, message: Message) -> list[Kind]:
    """Return the kinds of the entries about a document."""
    return [read_leaf(row.leaf).kind for row in await store.log.timeline(message.id)]


async def accepted(store: SqlStore, *codes: str, **facts: Any) -> Message:
    """Accept a document to these codes."""
    to = [a_recipient(code) for code in codes or ("H53.7",)]
    body = f"<edXML>{facts}</edXML>".encode()
    return (await store.documents.accept(an_acceptance(body, recipients=to, **facts))).message


async def test_accepting_links(store: SqlStore, clock: Clock) -> None:
    """An acceptance stores what it speaks of, and the history of the other document says so."""
    original = await accepted(store)
    clock.turn(minutes=1)
    recall = a_recall(original)

    await store.documents.accept(recall)

    [mention] = (await store.documents.mentions([original.id]))[original.id]
    assert (mention.relation, mention.noted_at) == (Relation.RECALLS, clock.now)
    assert (mention.message.id, mention.message.business_type) == (recall.message.id, 1)
    assert mention.addressees == (Addressee(code="H53.7", member_id="tayninh"),)
    assert await store.documents.spoken_of(recall.message.id) == ((Relation.RECALLS, original),)
    assert await kinds(store, original) == [Kind.ACCEPTED, Kind.REFERRED]


async def test_nothing_is_linked_by_a_replay(store: SqlStore) -> None:
    """A retry of a recall writes no second link and no second entry."""
    original = await accepted(store)
    recall = a_recall(original)
    await store.documents.accept(recall)

    again = await store.documents.accept(recall)

    assert again.replayed
    assert await kinds(store, original) == [Kind.ACCEPTED, Kind.REFERRED]


async def test_one_entry_where_one_gateway_is_both_sides(store: SqlStore) -> None:
    """A message that was accepted here and then arrives here is linked once."""
    original = await accepted(store)
    recall = a_recall(original)
    stored = await store.documents.accept(recall)
    arrival = an_arrival(stored.message, recall.recipients[0], body=b"<recall/>")

    assert await store.documents.arrive([replace(arrival, links=recall.links)]) == (True,)

    assert len((await store.documents.mentions([original.id]))[original.id]) == 1
    assert (await kinds(store, original)).count(Kind.REFERRED) == 1


async def test_one_entry_for_several_addressees(store: SqlStore) -> None:
    """A message that arrives for two agencies, in one batch and in another, is linked once, and names both."""
    original = await accepted(store)
    message = a_message(b"<recall/>", business_type=1)
    link = recalls(message, original)
    first, second, third = (
        replace(an_arrival(message, a_recipient(code), body=b"<recall/>"), links=(link,))
        for code in ("H53.7", "H53.8", "H53.9")
    )

    await store.documents.arrive([first, second])
    await store.documents.arrive([third])

    [mention] = (await store.documents.mentions([original.id]))[original.id]
    assert [each.code for each in mention.addressees] == ["H53.7", "H53.8", "H53.9"]
    assert (await kinds(store, original)).count(Kind.REFERRED) == 1


async def test_two_processes_link_once(stores: Stores) -> None:
    """Two processes that get the same message for two addressees at once write one entry."""
    one, two = await stores.open(), await stores.open()
    original = await accepted(one)
    for turn in range(5):
        message = a_message(b"%d" % turn, business_type=1)
        arrivals = [
            replace(
                an_arrival(message, a_recipient(code), body=b"%d" % turn), links=(recalls(message, original),)
            )
            for code in ("H53.7", "H53.8")
        ]

        await asyncio.gather(one.documents.arrive(arrivals[:1]), two.documents.arrive(arrivals[1:]))

    assert (await kinds(one, original)).count(Kind.REFERRED) == 5


async def test_a_forged_arrival_links_nothing(store: SqlStore) -> None:
    """What reuses an id for other bytes is put aside, with what it says of others."""
    original, victim = await accepted(store), await accepted(store, number="13")
    forged = replace(a_message(b"<forged/>", business_type=1), id=victim.id)
    arrival = an_arrival(forged, a_recipient(), body=b"<forged/>")

    assert await store.documents.arrive([replace(arrival, links=(recalls(forged, original),))]) == (False,)

    assert await store.documents.mentions([original.id]) == {}
    assert await kinds(store, original) == [Kind.ACCEPTED]


async def test_mentions_come_as_they_became_known(store: SqlStore, clock: Clock) -> None:
    """Their order is that of this gateway's knowledge, not that of the ids or of the times that they claim."""
    original = await accepted(store)
    late = a_status(original, "01", id="0197b2c4-0000-7000-8000-000000000002", stated_at=NOON)
    early = a_status(
        original, "03", id="0197b2c4-0000-7000-8000-000000000001", stated_at=NOON - timedelta(hours=1)
    )

    await store.documents.arrive([late])
    clock.turn(seconds=1)
    await store.documents.arrive([early])

    found = (await store.documents.mentions([original.id]))[original.id]
    assert [each.message.status_code for each in found] == ["01", "03"]
    assert [each.message.stated_at for each in found] == [NOON, NOON - timedelta(hours=1)]
    assert await kinds(store, original) == [Kind.ACCEPTED, Kind.STATUS, Kind.STATUS]


async def test_mentions_by_speaker(store: SqlStore) -> None:
    """Asked for one speaker, only the statuses of others are left out; requests and documents stay."""
    original = await accepted(store, "H53.7", "H53.8")
    await store.documents.accept(a_recall(original))
    await store.documents.arrive([a_status(original), a_status(original, "02", sender="H53.8")])
    await store.documents.arrive([a_status(original, "13", sender="H26.1")])

    found = (await store.documents.mentions([original.id], speakers=["H53.8"]))[original.id]

    assert sorted(each.message.status_code or "" for each in found) == ["", "02", "13"]


async def test_mentions_of_several(store: SqlStore) -> None:
    """Many documents are asked for at once; those of which nothing speaks are left out."""
    one, two, three = [await accepted(store, number=name) for name in "123"]
    await store.documents.arrive([a_status(one), a_status(two, "02")])

    found = await store.documents.mentions([one.id, two.id, three.id])

    assert found.keys() == {one.id, two.id}
    assert await store.documents.mentions([]) == {}


async def test_facts_of_a_message_come_back(store: SqlStore) -> None:
    """What a message says of itself is kept as it was, on both roads."""
    refers_to = ({"relation": "updates", "document_id": "d-1", "date": "2025-06-30"},)
    facts: dict[str, Any] = {
        "business_type": 2,
        "promulgation_date": ISSUED,
        "reason": "Sai sót",
        "refers_to": refers_to,
    }
    sent = await accepted(store, **facts)
    staff = {"staff": "Lê Thị Cúc", "email": "cuc@tayninh.example"}
    status = a_status(sent, stated_at=NOON, staff=staff)
    await store.documents.arrive([status])

    kept = await store.documents.message(sent.id)
    came = await store.documents.message(status.message.id)

    assert kept is not None
    assert (kept.business_type, kept.promulgation_date, kept.stated_at, kept.staff) == (2, ISSUED, None, None)
    assert (kept.reason, kept.refers_to) == ("Sai sót", refers_to)
    assert came == status.message


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({}, True),
        ({"recipients": None}, True),
        ({"document_id": "other"}, True),
        ({"document_id": ""}, True),
        ({"document_id": "other", "number": None}, False),
        ({"document_id": "other", "promulgation_date": None}, False),
        ({"document_id": "other", "promulgation_date": ISSUED - timedelta(days=1)}, False),
        ({"document_id": "other", "number": "12/VP"}, False),
        ({"document_id": "other", "senders": ("H26",)}, False),
        ({"document_id": "other", "senders": ("H26", "H26.1"), "recipients": ("H39", "H53.7")}, True),
        ({"senders": ("H26", "H26.1"), "recipients": ("H39", "H53.7")}, True),
        ({"senders": ("H26", "H26.1"), "recipients": ("H39",)}, False),
        ({"document_id": "other", "recipients": ("H53.8",)}, False),
        ({"number": "12/VP"}, True),
        ({"recipients": ("H53.8",)}, False),
        ({"recipients": ("H53.9",)}, False),
    ],
    ids=str,
)
async def test_a_document_is_found_by_number_and_date(
    store: SqlStore, sought: dict[str, Any], *, found: bool
) -> None:
    """Where its id is not known, number and date of issue together find it; where it is, though by others, they do not count."""
    sent = await accepted(store, document_id="d-1", number="12/QĐ-UBND", promulgation_date=ISSUED)
    await accepted(store, "H53.9", document_id="d-2", number="12/QĐ-UBND", promulgation_date=ISSUED)
    facts: dict[str, Any] = {
        "senders": (sent.sender_code,),
        "recipients": ("H53.7",),
        "document_id": "d-1",
        "number": "12/QĐ-UBND",
        "promulgation_date": ISSUED,
    }

    answer = await store.documents.correspondence(Sought(**(facts | sought)))

    assert answer == (sent if found else None)


async def test_a_link_needs_both_ends(store: SqlStore, stores: Stores) -> None:
    """A link to a document that is not there is refused with everything that came with it."""
    recall = a_recall(a_message())

    with pytest.raises(DBAPIError):
        await store.documents.accept(recall)

    assert await store.documents.message(recall.message.id) is None
    assert await stores.rows("SELECT * FROM reference") == []


async def test_what_overtook_its_document_is_linked_later(store: SqlStore) -> None:
    """Recalls that are linked to nothing are found by their sender until they are linked; what they answer does not count."""
    answered, original = await accepted(store, number="1"), await accepted(store, number="2")
    recall, new = a_message(b"<recall/>", business_type=1), a_message(b"<new/>", business_type=0)
    answers = replace(recalls(recall, answered), relation=Relation.ANSWERS)
    await store.documents.arrive(
        [
            replace(an_arrival(recall, a_recipient(), body=b"<recall/>"), links=(answers,)),
            an_arrival(new, a_recipient(), body=b"<new/>"),
        ]
    )
    assert await store.documents.unlinked([recall.sender_code, "H1"]) == (recall,)
    assert await store.documents.unlinked(["H1"]) == await store.documents.unlinked([]) == ()

    for _ in range(2):
        await store.documents.link(recall, [recalls(recall, original)])

    assert await store.documents.unlinked([recall.sender_code]) == ()
    assert await kinds(store, original) == [Kind.ACCEPTED, Kind.REFERRED]
