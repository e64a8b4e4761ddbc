"""`ports.ParkedDocuments`: kept once, decided once, by one process at a time, and never more than there is room for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.interval import Interval
from gateway.parked import Parked, ParkedItem, ParkedState, Parking, Road, Room
from gateway.ports import (
    InstantPassedError,
    KeyConflictError,
    NoRoomError,
    NotHeldError,
    StaleRegistryError,
    StillParkedError,
)
from gateway.records import Acceptance, Event, IdempotencyKey
from gateway.store import SqlStore
from routing.log import Kind, read_leaf
from tests.support.registry import HANOI
from tests.support.store_samples import (
    NOON,
    Clock,
    a_message,
    a_recipient,
    accepted_event,
    an_acceptance,
    keys_of,
    new_id,
    sha256,
)
from tests.support.stores import Stores

MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=60)
WEEK = timedelta(days=7)
ROOM = Room(documents=3, size=1000)
WHY = {"code": "certs.revocation_unknown", "level": "undecided", "vi": "Chưa biết", "en": "unknown"}
REFUSED = {"code": "certs.certificate_revoked", "level": "refuse", "vi": "Bị thu hồi", "en": "revoked"}


def a_parking(
    body: bytes = b"<edXML/>", *, key: str | None = None, room: Room = ROOM, **facts: Any
) -> Parking:
    """Return everything that parking a document over `body` must commit."""
    parked = Parked(
        id=new_id(),
        road=Road.INTAKE,
        state=ParkedState.PARKED,
        member_id="hanoi",
        sender_code="H26.1",
        sender_as_sent="000.00.01.H26",
        document_id=new_id(),
        number="12/QĐ-UBND",
        subject="V/v sắp xếp",
        sha256=sha256(body),
        size=len(body),
        received_at=NOON - timedelta(seconds=3),
        keep_until=NOON - timedelta(seconds=3) + WEEK,
        next_at=NOON - timedelta(seconds=3) + MINUTE,
        attempts=0,
        reason=WHY,
        decided_at=None,
    )
    parked = replace(parked, **facts)
    keys = [
        IdempotencyKey(scope="body", owner=parked.member_id, key=parked.sha256),
        IdempotencyKey(scope="document-id", owner=parked.sender_code, key=parked.document_id),
    ]
    if key is not None:
        keys.append(IdempotencyKey(scope="key", owner=parked.member_id, key=key))
    return Parking(
        parked=parked,
        credential_id="cred-1",
        key=key,
        keys=tuple(keys),
        body=body,
        queue=None,
        room=room,
        events=(an_event(Kind.PARKED, parked),),
    )


def an_arrival_parking(body: bytes = b"envelope", **facts: Any) -> Parking:
    """Return everything that parking an arrival must commit."""
    names = {"sender_code": "", "sender_as_sent": "", "document_id": "", "number": "", "subject": ""}
    item = a_parking(body, road=Road.ARRIVAL, **(names | facts))
    fields = {"recipient": "H53.7", "gateway": "gw.other", "reason": "certs.revocation_unknown"}
    event = Event(kind=Kind.ARRIVAL_UNDECIDED, document_id=new_id(), fields=fields)
    return replace(item, keys=(), credential_id=None, queue="member.hanoi", events=(event,))


def an_event(kind: Kind, parked: Parked) -> Event:
    """Return an entry about a parked document."""
    fields = {
        "reason": "certs.revocation_unknown",
        "sender": parked.sender_code,
        "member": parked.member_id,
        "payload_sha256": parked.sha256,
        "payload_size": parked.size,
    }
    return Event(kind=kind, document_id=parked.id, fields=fields)


def an_acceptance_of(item: ParkedItem, **facts: Any) -> Acceptance:
    """Return the acceptance of a claimed document."""
    about = item.parked
    message = a_message(
        item.body or b"",
        id=about.id,
        sha256=about.sha256,
        size=about.size,
        sender_code=about.sender_code,
        document_id=about.document_id,
        **facts,
    )
    to = (a_recipient(),)
    return Acceptance(
        message=message,
        recipients=to,
        body=item.body,
        keys=keys_of(message, item.key),
        events=(accepted_event(message, to),),
        parked=item.fence,
    )


async def claimed(store: SqlStore) -> ParkedItem:
    """Claim the one document that is due."""
    (item,) = await store.parked.claim(limit=10, lease=LEASE)
    return item


async def history(store: SqlStore, message_id: str) -> list[Kind]:
    """Return the kinds of a document's entries."""
    rows = await store.log.timeline(message_id)
    return [read_leaf(row.leaf).kind for row in rows]


async def test_parked_once_for_all_its_names(store: SqlStore) -> None:
    """A document is kept with the time of the commit as its first receipt; the same bytes again lead to it."""
    item = a_parking(key="k-1")
    parked = await store.parked.park(item)

    assert parked == replace(item.parked, received_at=NOON, keep_until=NOON + WEEK, next_at=NOON + MINUTE)
    assert await store.parked.document(parked.id) == parked
    assert await store.parked.waiting_under(item.keys, parked.sha256) == parked
    assert await store.parked.waiting_under(item.keys, sha256(b"other")) is None
    assert await store.documents.replay(item.keys, parked.sha256) is None
    assert await history(store, parked.id) == [Kind.PARKED]
    assert await store.parked.first_seen(parked.sha256) == NOON
    again = replace(a_parking(key="k-1"), parked=replace(item.parked, id=new_id()))
    with pytest.raises(StillParkedError) as raised:
        await store.parked.park(again)
    assert raised.value.message_id == parked.id


@pytest.mark.parametrize("scope", ["key", "document-id"])
async def test_other_bytes_are_a_conflict(store: SqlStore, scope: str) -> None:
    """A name stands for one body, parked or accepted, from both sides."""
    first = a_parking(b"<one/>", key="k-1")
    await store.parked.park(first)
    names: dict[str, Any] = {"key": "k-1"} if scope == "key" else {"document_id": first.parked.document_id}

    with pytest.raises(KeyConflictError) as parked:
        await store.parked.park(a_parking(b"<two/>", **names))
    with pytest.raises(KeyConflictError) as accepted:
        await store.documents.accept(an_acceptance(b"<two/>", **names))

    for raised in (parked, accepted):
        assert (raised.value.scope, raised.value.message_id) == (scope, first.parked.id)


async def test_the_same_bytes_are_not_accepted_beside_a_parked_document(store: SqlStore) -> None:
    """Whoever would accept them is told under which id they are parked; nothing is written."""
    item = a_parking()
    await store.parked.park(item)
    rival = an_acceptance(document_id=item.parked.document_id)

    with pytest.raises(StillParkedError) as raised:
        await store.documents.accept(rival)

    assert raised.value.message_id == item.parked.id
    assert await store.documents.message(rival.message.id) is None


async def test_accepted_under_its_own_id(store: SqlStore) -> None:
    """The acceptance ends the parking in the same commit, keeps the keys and the history, and is answered again to retries."""
    item = a_parking(key="k-1")
    await store.parked.park(item)
    assert await store.parked.claim(limit=10, lease=LEASE) == ()
    await store.parked.wake()
    leased = await claimed(store)

    accepted = await store.documents.accept(an_acceptance_of(leased))

    assert accepted.message.id == item.parked.id
    found = await store.parked.document(item.parked.id)
    assert found is not None
    assert (found.state, found.decided_at, found.attempts) == (ParkedState.ACCEPTED, NOON, 1)
    assert await history(store, item.parked.id) == [Kind.PARKED, Kind.ACCEPTED]
    assert (await store.documents.bodies([item.parked.sha256])) == {item.parked.sha256: b"<edXML/>"}
    replay = await store.documents.replay(item.keys, item.parked.sha256)
    assert replay is not None
    assert (replay.message.id, replay.replayed) == (item.parked.id, True)
    rival = an_acceptance(document_id=item.parked.document_id)
    assert (await store.documents.accept(rival)).message.id == item.parked.id
    with pytest.raises(NotHeldError):
        await store.documents.accept(an_acceptance_of(leased))
    await store.parked.wake()
    assert await store.parked.claim(limit=10, lease=LEASE) == ()


async def test_a_retry_in_the_same_commit_gets_its_answer(store: SqlStore) -> None:
    """A retry of the sender and the acceptance of the parked document may share a commit; it is one acceptance."""
    item = a_parking()
    await store.parked.park(item)
    await store.parked.wake()
    leased = await claimed(store)
    rival = an_acceptance(document_id=item.parked.document_id)

    results = await asyncio.gather(
        store.documents.accept(rival),
        store.documents.accept(an_acceptance_of(leased)),
        return_exceptions=True,
    )

    assert {getattr(each, "message_id", None) or each.message.id for each in results} == {item.parked.id}  # type: ignore[union-attr]
    assert await history(store, item.parked.id) == [Kind.PARKED, Kind.ACCEPTED]


async def test_a_stale_registry_leaves_it_parked(store: SqlStore) -> None:
    """An acceptance under an outdated registry is refused as such, and the same claim may try again."""
    await store.parked.park(a_parking())
    await store.parked.wake()
    leased = await claimed(store)
    await store.registry.put_member(HANOI, actor="ops")

    with pytest.raises(StaleRegistryError):
        await store.documents.accept(an_acceptance_of(leased))

    accepted = await store.documents.accept(an_acceptance_of(leased, registry_version=1))
    assert accepted.message.id == leased.parked.id


async def test_refused_frees_its_names(store: SqlStore) -> None:
    """A refusal is in the log and told; the same names may come again, and its body is gone."""
    item = a_parking(key="k-1")
    await store.parked.park(item)
    await store.parked.wake()
    leased = await claimed(store)
    event = an_event(Kind.REJECTED, leased.parked)

    assert await store.parked.refuse(leased, reason=REFUSED, event=event)
    assert not await store.parked.refuse(leased, reason=REFUSED, event=event)

    found = await store.parked.document(item.parked.id)
    assert found is not None
    assert (found.state, found.reason, found.decided_at) == (ParkedState.REFUSED, REFUSED, NOON)
    assert await history(store, item.parked.id) == [Kind.PARKED, Kind.REJECTED]
    again = a_parking(key="k-1", document_id=item.parked.document_id)
    assert (await store.parked.park(again)).id == again.parked.id
    with pytest.raises(NotHeldError):
        await store.documents.accept(an_acceptance_of(leased))


async def test_withdrawn_by_its_sender_only(store: SqlStore) -> None:
    """A withdrawal counts even while somebody decides on it: the decision comes too late."""
    item = a_parking()
    await store.parked.park(item)
    await store.parked.wake()
    leased = await claimed(store)
    event = an_event(Kind.WITHDRAWN, item.parked)

    assert not await store.parked.withdraw(item.parked.id, member_id="tayninh", event=event)
    assert await store.parked.withdraw(item.parked.id, member_id="hanoi", event=event)
    assert not await store.parked.withdraw(item.parked.id, member_id="hanoi", event=event)

    with pytest.raises(NotHeldError):
        await store.documents.accept(an_acceptance_of(leased))
    assert not await store.parked.refuse(leased, reason=REFUSED, event=an_event(Kind.REJECTED, item.parked))
    assert await history(store, item.parked.id) == [Kind.PARKED, Kind.WITHDRAWN]


async def test_due_after_its_pause_or_when_woken(store: SqlStore, clock: Clock) -> None:
    """What is still undecided waits for its next turn; being woken during a lease is not forgotten."""
    await store.parked.park(a_parking())
    clock.turn(seconds=59)
    assert await store.parked.claim(limit=10, lease=LEASE) == ()
    clock.turn(seconds=1)
    first = await claimed(store)
    assert not first.is_over
    later = {**WHY, "code": "certs.no_trust_anchors"}
    await store.parked.postpone(first, delay=timedelta(minutes=2), reason=later)
    clock.turn(seconds=119)
    assert await store.parked.claim(limit=10, lease=LEASE) == ()
    clock.turn(seconds=1)
    second = await claimed(store)
    assert (second.parked.reason, second.parked.attempts, second.fence) == (later, 2, 2)

    await store.parked.wake()
    assert await store.parked.claim(limit=10, lease=LEASE) == ()
    await store.parked.postpone(second, delay=timedelta(hours=1), reason=WHY)
    assert (await claimed(store)).fence == 3
    clock.turn(days=8)
    assert (await claimed(store)).is_over


async def test_a_dead_process_holds_nothing_for_long(stores: Stores, clock: Clock) -> None:
    """When a lease ends another process decides, and what the first one says then does not count."""
    one, other = await stores.open(), await stores.open()
    await one.parked.park(a_parking())
    clock.turn(minutes=1)
    dead = await claimed(one)
    assert await other.parked.claim(limit=10, lease=LEASE) == ()
    clock.turn(seconds=60)
    alive = await claimed(other)

    await one.parked.postpone(dead, delay=timedelta(days=1), reason=REFUSED)
    assert not await one.parked.refuse(dead, reason=REFUSED, event=an_event(Kind.REJECTED, dead.parked))
    with pytest.raises(NotHeldError):
        await one.documents.accept(an_acceptance_of(dead))

    accepted = await other.documents.accept(an_acceptance_of(alive))
    assert accepted.message.id == dead.parked.id


async def test_processes_share_the_work(stores: Stores, clock: Clock) -> None:
    """Several processes that claim at once never get the same document, and between them get all."""
    one, other = await stores.open(), await stores.open()
    room = Room(documents=100, size=10_000)
    ids = {(await one.parked.park(a_parking(b"%d" % number, room=room))).id for number in range(20)}
    clock.turn(minutes=1)

    batches = await asyncio.gather(
        *(store.parked.claim(limit=3, lease=LEASE) for store in (one, other) for _ in range(4))
    )
    rest = await one.parked.claim(limit=100, lease=LEASE)

    got = [item.parked.id for batch in (*batches, rest) for item in batch]
    assert len(got) == len(set(got)) == 20
    assert set(got) == ids


@pytest.mark.parametrize("room", [Room(documents=2, size=1000), Room(documents=9, size=17)], ids=str)
async def test_room_is_limited_for_each_member(store: SqlStore, room: Room) -> None:
    """What is over a member's share is not kept and leaves nothing behind; others, and its own arrivals, have their own."""
    kept = [await store.parked.park(a_parking(b"<body%d/>" % number, room=room)) for number in range(2)]
    over = a_parking(b"<body2/>", room=room)
    with pytest.raises(NoRoomError):
        await store.parked.park(over)
    assert await store.parked.document(over.parked.id) is None
    assert await history(store, over.parked.id) == []
    assert await store.parked.first_seen(over.parked.sha256) is None

    await store.parked.park(a_parking(b"<body3/>", room=room, member_id="tayninh"))
    await store.parked.park(an_arrival_parking(room=room))
    event = an_event(Kind.WITHDRAWN, kept[0])
    assert await store.parked.withdraw(kept[0].id, member_id="hanoi", event=event)
    assert (await store.parked.park(over)).id == over.parked.id


async def test_arrivals_are_parked_once_and_forgotten_when_decided(store: SqlStore) -> None:
    """However often an envelope comes, it is one row and one entry; a decided one leaves no row."""
    item = an_arrival_parking()
    first = await store.parked.park(item)
    for _ in range(3):
        assert await store.parked.park(item) == first
    message_id = item.events[0].document_id or ""
    assert await history(store, message_id) == [Kind.ARRIVAL_UNDECIDED]
    assert await store.parked.document(first.id) is None
    event = an_event(Kind.WITHDRAWN, first)
    assert not await store.parked.withdraw(first.id, member_id="hanoi", event=event)

    await store.parked.wake()
    leased = await claimed(store)
    assert (leased.body, leased.queue, leased.parked.road) == (b"envelope", "member.hanoi", Road.ARRIVAL)
    await store.parked.finish(leased)

    await store.parked.wake()
    assert await store.parked.claim(limit=10, lease=LEASE) == ()


async def test_lists_and_counts(store: SqlStore, clock: Clock) -> None:
    """A member's documents are listed by state in the order they came; the backlog counts what waits, by road."""
    first = await store.parked.park(a_parking(b"<one/>"))
    clock.turn(seconds=10)
    second = await store.parked.park(a_parking(b"<two/>"))
    await store.parked.park(a_parking(b"<three/>", member_id="tayninh"))
    await store.parked.park(an_arrival_parking())
    await store.parked.withdraw(second.id, member_id="hanoi", event=an_event(Kind.WITHDRAWN, second))
    third = await store.parked.park(a_parking(b"<four/>"))

    async def listed(state: ParkedState, after: str | None = None, limit: int = 10) -> list[str]:
        found = await store.parked.documents(member_id="hanoi", state=state, after=after, limit=limit)
        return [each.id for each in found]

    assert await listed(ParkedState.PARKED) == [first.id, third.id]
    assert await listed(ParkedState.PARKED, limit=1) == [first.id]
    assert await listed(ParkedState.PARKED, after=first.id) == [third.id]
    assert await listed(ParkedState.WITHDRAWN) == [second.id]
    backlog = await store.parked.backlog()
    assert (backlog[Road.INTAKE].documents, backlog[Road.INTAKE].oldest) == (3, NOON)
    assert backlog[Road.INTAKE].size == first.size + third.size + len(b"<three/>")
    assert (backlog[Road.ARRIVAL].documents, backlog[Road.ARRIVAL].size) == (1, len(b"envelope"))


async def test_a_refusal_for_another_time_is_not_written(store: SqlStore, clock: Clock) -> None:
    """What was decided before an instant is not recorded after it; it has to be decided again."""
    body = sha256(b"<refused/>")
    fields = {"reason": "certs.certificate_not_yet_valid", "payload_sha256": body}
    event = Event(kind=Kind.REJECTED, document_id=new_id(), fields=fields)
    before = Interval(None, NOON)

    with pytest.raises(InstantPassedError):
        await store.parked.refuse_at_once(event, sha256=body, steady=before)
    assert await store.parked.first_seen(body) is None

    clock.turn(hours=-1)
    await store.parked.refuse_at_once(event, sha256=body, steady=before)
    assert await store.parked.first_seen(body) == NOON - timedelta(hours=1)


async def test_the_first_time_stays(store: SqlStore, clock: Clock) -> None:
    """When bytes were first seen is remembered from the first refusal on."""
    body = sha256(b"<refused/>")
    for _ in range(2):
        fields = {"reason": "schema.not_xml", "payload_sha256": body}
        event = Event(kind=Kind.REJECTED, document_id=new_id(), fields=fields)
        await store.parked.refuse_at_once(event, sha256=body)
        clock.turn(hours=1)

    assert await store.parked.first_seen(body) == NOON
    assert await store.parked.first_seen(sha256(b"never")) is None
