"""Dead letters in the store: counted once a death, kept until somebody decides, worked off one by one, each act an entry."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256

from gateway.dead_letters import (
    Act,
    Cause,
    Death,
    Decision,
    LetterItem,
    LetterState,
    Order,
    Selection,
)
from gateway.records import Event, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.store.stuck import NO_RECEIPT, OFTEN, RECEIPT_NOT_SENT
from routing.log import Kind, LogEntry, read_leaf
from tests.support.store_samples import Clock, a_message, a_recipient, an_acceptance, an_arrival
from tests.support.stores import Stores

WORDS = {"vi": "hỏng", "en": "broken", "fix_vi": "sửa", "fix_en": "mend it"}
CRASHED = Cause(code="axis.delivery_limit", words=WORDS)
LEASE = timedelta(seconds=60)
WHY = Decision(actor="admin", reason="the sender's key is registered now", rate=100)
ALL = Selection()
RETURNED = SendOutcome(result=SendResult.RETURNED, reason="NO_ROUTE")
UNKNOWN = SendOutcome(result=SendResult.UNKNOWN, reason="timeout")


def death(body: bytes, *, attempt: str = "1", cause: str = "axis.bad_envelope", queue: str = "q") -> Death:
    """Return a death of these bytes."""
    digest = sha256(body).hexdigest()
    event = Event(
        kind=Kind.MESSAGE_DISCARDED, fields={"reason": cause, "queue": queue, "payload_sha256": digest}
    )
    return Death(
        queue=queue,
        body=body,
        sha256=digest,
        attempt=attempt,
        cause=Cause(code=cause, words=WORDS),
        event=event,
    )


async def entries(store: SqlStore, kind: Kind) -> list[LogEntry]:
    """Return the entries of a kind."""
    while await store.log.sequence(limit=1000):
        pass
    rows = await store.log.entries(start=0, limit=10_000)
    return [entry for entry in (read_leaf(row.leaf) for row in rows) if entry.kind is kind]


async def ids(store: SqlStore, state: LetterState = LetterState.WAITING) -> list[str]:
    """Return the ids of the letters in a state."""
    found = await store.dead_letters.letters(state=state, cause=None, after=None, limit=100)
    return [each.id for each in found]


async def order(store: SqlStore, selection: Selection = ALL, decision: Decision = WHY) -> Order:
    """Order that letters be examined again."""
    given = await store.dead_letters.resend(selection, decision)
    assert given is not None
    return given


async def claim(store: SqlStore) -> LetterItem:
    """Claim the next letter."""
    item = await store.dead_letters.claim(lease=LEASE, crashed=CRASHED)
    assert item is not None
    return item


async def test_same_bytes_are_one_letter(store: SqlStore, clock: Clock) -> None:
    """A second death counts, the same death told twice does not, and the newest cause stands."""
    await store.dead_letters.bury([death(b"a"), death(b"b"), death(b"a", queue="other")])
    begun = clock.now
    clock.now += timedelta(hours=1)
    await store.dead_letters.bury([death(b"a", attempt="2", cause="axis.rejected")])
    await store.dead_letters.bury([death(b"a", attempt="2", cause="axis.delivery_limit"), death(b"b")])

    by_cause = {each.cause.code: each for each in await store.dead_letters.causes()}
    assert {code: (each.letters, each.deaths) for code, each in by_cause.items()} == {
        "axis.bad_envelope": (2, 2),
        "axis.rejected": (1, 2),
    }
    assert (by_cause["axis.rejected"].first_seen, by_cause["axis.rejected"].last_seen) == (begun, clock.now)
    assert by_cause["axis.rejected"].cause.words == WORDS
    assert len(await entries(store, Kind.MESSAGE_DISCARDED)) == 4


async def test_the_axis_tells_of_deaths_that_are_known(store: SqlStore) -> None:
    """Two of the same bytes that we buried ourselves stay two, with our cause, when the axis hands both out as well."""
    await store.dead_letters.bury([death(b"a", attempt="1"), death(b"a", attempt="2")])
    for attempt in ("1", "2"):
        await store.dead_letters.bury([death(b"a", attempt=attempt, cause="axis.rejected")])

    [group] = await store.dead_letters.causes()
    assert (group.cause.code, group.deaths) == ("axis.bad_envelope", 2)


async def test_letters_by_cause_and_page(store: SqlStore) -> None:
    """Letters are listed in the order in which they came, of one cause, from where the last page ended."""
    await store.dead_letters.bury([death(b"%d" % number) for number in range(5)])
    await store.dead_letters.bury([death(b"x", cause="axis.rejected")])
    letters = store.dead_letters
    waiting = LetterState.WAITING
    first = await letters.letters(state=waiting, cause="axis.bad_envelope", after=None, limit=3)
    rest = await letters.letters(state=waiting, cause="axis.bad_envelope", after=first[-1].id, limit=3)

    assert len({each.id for each in (*first, *rest)}) == 5
    assert len(await letters.letters(state=waiting, cause=None, after=None, limit=10)) == 6
    assert await letters.letters(state=LetterState.RESENT, cause=None, after=None, limit=10) == ()


async def test_one_letter_keeps_its_body_until_it_was_taken(store: SqlStore) -> None:
    """Taken, a letter is resent and its body is given up; the order is finished and says so."""
    await store.dead_letters.bury([death(b"letter")])
    [letter_id] = await ids(store)
    given = await order(store, Selection(letter_id=letter_id))
    found = await store.dead_letters.letter(letter_id)
    assert found is not None
    assert (found[0].state, found[0].order_id, found[1]) == (LetterState.RESENDING, given.id, b"letter")

    item = await claim(store)
    assert (item.body, item.queue) == (b"letter", "q")
    await store.dead_letters.taken(item)
    await store.dead_letters.taken(item)

    found = await store.dead_letters.letter(letter_id)
    assert found is not None
    assert (found[0].state, found[1]) == (LetterState.RESENT, None)
    assert await store.dead_letters.letter("no such id") is None
    [entry] = await entries(store, Kind.DEAD_LETTERS_RESENT)
    assert (entry.fields["actor"], entry.fields["count"], entry.fields["explanation"]) == (
        "admin",
        1,
        WHY.reason,
    )


async def test_died_again(store: SqlStore, clock: Clock) -> None:
    """What dies again waits again with its new cause; what cannot be judged now waits as before; the order counts both."""
    await store.dead_letters.bury([death(b"a"), death(b"b")])
    await order(store)
    clock.now += timedelta(seconds=1)
    item = await claim(store)
    await store.dead_letters.failed(item, death(item.body, attempt="o/1", cause="axis.rejected"))
    await store.dead_letters.failed(await claim(store), None)

    assert {each.cause.code: each.deaths for each in await store.dead_letters.causes()} == {
        "axis.bad_envelope": 1,
        "axis.rejected": 2,
    }
    [progress] = await store.dead_letters.orders(limit=5)
    assert (progress.total, progress.done, progress.failed) == (2, 0, 2)


async def test_rate(store: SqlStore, clock: Clock) -> None:
    """No more letters are handed out in a second than ordered, whoever asks; at the end the order is finished."""
    await store.dead_letters.bury([death(b"%d" % number) for number in range(7)])
    await order(store, decision=Decision(actor="admin", reason="slowly", rate=2))
    counts = []
    for _ in range(6):
        handed = 0
        while (item := await store.dead_letters.claim(lease=LEASE, crashed=CRASHED)) is not None:
            await store.dead_letters.taken(item)
            handed += 1
        counts.append(handed)
        clock.now += timedelta(seconds=1)

    assert sum(counts) == 7
    assert max(counts) <= 3  # the first second has what is due at once, too
    [progress] = await store.dead_letters.orders(limit=1)
    assert (progress.done, progress.finished_at is not None) == (7, True)
    assert await store.dead_letters.next_due() is None


async def test_crash_gives_back_and_twice_is_enough(stores: Stores, clock: Clock) -> None:
    """A letter whose process died is claimed again by another; after the second time it waits, and its neighbours go on."""
    one, other = await stores.open(), await stores.open()
    await one.dead_letters.bury([death(b"poison"), death(b"neighbour")])
    await order(one)
    first = await claim(one)
    clock.now += 2 * LEASE
    second = await claim(other)
    assert (second.id, second.fence) == (first.id, first.fence + 1)
    await one.dead_letters.taken(first)
    assert (await ids(one, LetterState.RESENT)) == []

    clock.now += 2 * LEASE
    third = await claim(one)
    assert third.body == b"neighbour"
    await one.dead_letters.taken(third)
    [waiting] = await one.dead_letters.letters(
        state=LetterState.WAITING, cause="axis.delivery_limit", after=None, limit=5
    )
    assert waiting.id == first.id
    clock.now += timedelta(seconds=1)
    assert await one.dead_letters.claim(lease=LEASE, crashed=CRASHED) is None
    [progress] = await one.dead_letters.orders(limit=1)
    assert (progress.done, progress.failed, progress.finished_at) == (1, 1, clock.now)


async def test_several_processes_share_an_order(stores: Stores, clock: Clock) -> None:
    """Each letter goes to one of them."""
    opened = [await stores.open() for _ in range(3)]
    await opened[0].dead_letters.bury([death(b"%d" % number) for number in range(30)])
    await order(opened[0])
    clock.now += timedelta(seconds=1)
    claimed: list[str] = []

    async def work(store: SqlStore) -> None:
        while (item := await store.dead_letters.claim(lease=LEASE, crashed=CRASHED)) is not None:
            claimed.append(item.id)
            await store.dead_letters.taken(item)

    await asyncio.gather(*(work(each) for each in opened))

    assert len(claimed) == len(set(claimed)) == 30
    assert len(await ids(opened[0], LetterState.RESENT)) == 30


async def test_discard(store: SqlStore) -> None:
    """Discarded letters lose their bodies, with an entry; the same bytes that die again wait again."""
    await store.dead_letters.bury([death(b"a"), death(b"b"), death(b"c", cause="axis.rejected")])
    count = await store.dead_letters.discard(Selection(cause="axis.bad_envelope"), WHY)
    assert (count, await store.dead_letters.discard(Selection(cause="axis.bad_envelope"), WHY)) == (2, 0)
    [discarded, _] = await ids(store, LetterState.DISCARDED)
    found = await store.dead_letters.letter(discarded)
    assert found is not None
    assert found[1] is None
    assert [entry.fields["count"] for entry in await entries(store, Kind.DEAD_LETTERS_DISCARDED)] == [2]

    await store.dead_letters.bury([death(b"a", attempt="2")])
    assert len(await ids(store)) == 2


async def test_nothing_to_order(store: SqlStore) -> None:
    """Where nothing waits, nothing is ordered and nothing is written."""
    assert await store.dead_letters.resend(ALL, WHY) is None
    assert await store.dead_letters.retry(ALL, WHY) is None
    assert await store.dead_letters.orders(limit=5) == ()
    assert await entries(store, Kind.DEAD_LETTERS_RESENT) == []


async def test_stuck_by_last_reason_and_tried_now(store: SqlStore, clock: Clock) -> None:
    """What was tried often is grouped by what was said last; ordered by reason, it is due at once, at the rate asked for."""
    begun = clock.now
    for number in range(5):
        recipients = [a_recipient("H53.7")]
        await store.documents.accept(an_acceptance(b"<edXML>%d</edXML>" % number, recipients=recipients))
    await store.documents.arrive([an_arrival(a_message(), a_recipient())])
    for _ in range(OFTEN):
        items = await store.documents.claim(limit=100, lease=timedelta(seconds=120))
        sent = sorted((item for item in items if item.message is not None), key=lambda each: each.id)
        outcomes = [(item, RETURNED if place % 2 else UNKNOWN) for place, item in enumerate(sent)]
        await store.documents.settle(outcomes, resend_after=timedelta(hours=1))
        clock.now += timedelta(hours=3)

    groups = {each.reason: each for each in await store.dead_letters.stuck()}
    assert set(groups) == {"NO_ROUTE", "timeout", RECEIPT_NOT_SENT}
    assert sum(each.count for each in groups.values()) == 6
    assert groups["NO_ROUTE"].first == begun
    assert NO_RECEIPT not in groups

    clock.now -= timedelta(hours=3) - timedelta(milliseconds=1)
    assert await store.documents.claim(limit=100, lease=LEASE) == ()
    chosen = Selection(cause="NO_ROUTE")
    given = await store.dead_letters.retry(chosen, Decision(actor="admin", reason="queue made", rate=1))
    assert given is not None
    assert (given.act, given.total) == (Act.RETRY, groups["NO_ROUTE"].count)
    tried = []
    while (await store.dead_letters.orders(limit=1))[0].finished_at is None:
        assert await store.dead_letters.claim(lease=LEASE, crashed=CRASHED) is None
        tried.append(len(await store.documents.claim(limit=100, lease=timedelta(days=1))))
        clock.now += timedelta(seconds=1)

    assert (sum(tried), max(tried)) == (given.total, 1)
    [entry] = await entries(store, Kind.DELIVERIES_URGED)
    assert (entry.fields["cause"], entry.fields["count"]) == ("NO_ROUTE", given.total)
