"""The contract of `ports.Documents.accept` and `replay`: one commit, one acceptance for each key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.ports import KeyConflictError, StaleRegistryError
from gateway.records import Acceptance, Accepted, Event, IdempotencyKey
from gateway.store import SqlStore
from routing.agencies import Member
from routing.delivery import DeliveryState
from routing.errors_log import EntryMalformed
from routing.log import Kind, read_leaf
from tests.support.store_samples import NOON, Clock, a_recipient, an_acceptance, keys_of
from tests.support.stores import Stores

A_MEMBER = Member(id="hanoi", name="Hà Nội", prefixes=("H26",), queue="member.hanoi", gateway="gw-north")


async def test_accept_commits_everything(store: SqlStore, stores: Stores) -> None:
    """After one acceptance the message, its body, deliveries, outbox rows, keys and log entry are all there."""
    to = (a_recipient("H53.7"), a_recipient("H53.1"), a_recipient("H39"))
    acceptance = an_acceptance(b"<edXML>1</edXML>", recipients=to, key="k-1")

    accepted = await store.documents.accept(acceptance)

    stamped = replace(acceptance.message, accepted_at=NOON)
    numbered = tuple(replace(each, flow_seq=1) for each in to)
    assert accepted == Accepted(
        message=stamped,
        recipients=numbered,
        leaf_sha256=accepted.leaf_sha256,
        entry=accepted.entry,
        replayed=False,
    )
    assert await store.documents.message(stamped.id) == stamped
    assert await store.documents.bodies([stamped.sha256]) == {stamped.sha256: b"<edXML>1</edXML>"}
    deliveries = await store.documents.deliveries(stamped.id)
    assert [each.id for each in deliveries] == [recipient.delivery_id for recipient in to]
    assert {(each.state, each.attempts, each.reason, each.updated_at) for each in deliveries} == {
        (DeliveryState.QUEUED, 0, None, NOON)
    }
    assert await store.documents.delivery(deliveries[1].id) == deliveries[1]
    assert (await store.documents.backlog())["outbox_due"] == 3
    [row] = await store.log.timeline(stamped.id)
    entry = read_leaf(row.leaf)
    assert (entry.kind, entry.t, entry.seq, row.leaf_sha256) == (Kind.ACCEPTED, NOON, 1, accepted.leaf_sha256)
    assert len(await stores.rows("SELECT * FROM idempotency")) == 3


async def test_accept_survives_a_restart(stores: Stores) -> None:
    """What was accepted is there when the next process opens the database, and a retry gets the first answer."""
    first = await stores.open()
    acceptance = an_acceptance()
    accepted = await first.documents.accept(acceptance)
    await first.close()

    second = await stores.open()

    assert await second.documents.message(acceptance.message.id) == accepted.message
    assert await second.documents.accept(acceptance) == replace(accepted, replayed=True)


async def test_accept_without_body_keeps_none(store: SqlStore) -> None:
    """A body that is too big for a row is not looked for in one."""
    acceptance = replace(an_acceptance(), body=None)

    accepted = await store.documents.accept(acceptance)

    assert await store.documents.bodies([accepted.message.sha256]) == {}


async def test_accept_keeps_one_body_for_the_same_bytes(store: SqlStore, stores: Stores) -> None:
    """Two systems that send the same bytes share one row."""
    await store.documents.accept(an_acceptance())
    await store.documents.accept(an_acceptance(member_id="danang"))

    assert await stores.rows("SELECT count(*) FROM body") == [(1,)]


async def test_further_entries_of_one_acceptance_are_chained(store: SqlStore) -> None:
    """An acceptance with several events gets one history, and its answer names the first."""
    plain = an_acceptance()
    second = Event(
        kind=Kind.PAYLOAD_ERASED,
        document_id=plain.message.id,
        fields={"payload_sha256": plain.message.sha256, "reason": "retention.expired"},
    )

    accepted = await store.documents.accept(replace(plain, events=(*plain.events, second)))

    rows = await store.log.timeline(plain.message.id)
    entries = [read_leaf(row.leaf) for row in rows]
    assert [entry.seq for entry in entries] == [1, 2]
    assert rows[0].leaf_sha256 == accepted.leaf_sha256
    assert entries[1].prev == bytes.fromhex(accepted.leaf_sha256)


@pytest.mark.parametrize("shared", ["key", "body", "document-id"])
async def test_same_bytes_under_any_key_get_the_first_answer(
    store: SqlStore, stores: Stores, shared: str
) -> None:
    """A retry is recognised by each of its keys, and writes nothing, not even its other keys."""
    first = an_acceptance(b"<a/>", key="k-1")
    accepted = await store.documents.accept(first)
    before = await stores.rows("SELECT count(*) FROM log_entry")
    retry = an_acceptance(b"<a/>", key="k-2")
    same = next(key for key in first.keys if key.scope == shared)
    others = tuple(replace(key, owner="elsewhere") for key in retry.keys if key.scope != shared)

    answer = await store.documents.accept(replace(retry, keys=(same, *others)))

    assert answer == replace(accepted, replayed=True)
    assert await store.documents.message(retry.message.id) is None
    assert await stores.rows("SELECT count(*) FROM idempotency") == [(3,)]
    assert await stores.rows("SELECT count(*) FROM log_entry") == before


@pytest.mark.parametrize("shared", ["key", "document-id"])
async def test_other_bytes_under_a_key_are_a_conflict(store: SqlStore, stores: Stores, shared: str) -> None:
    """A key never comes to stand for other bytes; the conflict says which key and names the first message."""
    first = an_acceptance(b"<a/>", key="k-1")
    await store.documents.accept(first)
    other = an_acceptance(b"<b/>", key="k-2")
    same = next(key for key in first.keys if key.scope == shared)

    with pytest.raises(KeyConflictError) as raised:
        await store.documents.accept(replace(other, keys=(*other.keys, same)))

    assert (raised.value.scope, raised.value.message_id) == (shared, first.message.id)
    assert await store.documents.message(other.message.id) is None
    assert await stores.rows("SELECT count(*) FROM idempotency") == [(3,)]
    assert (await store.documents.accept(other)).replayed is False


async def test_keys_belong_to_their_owner(store: SqlStore) -> None:
    """Two systems may use the same Idempotency-Key for different bytes."""
    await store.documents.accept(an_acceptance(b"<a/>", key="k-1"))

    answer = await store.documents.accept(an_acceptance(b"<b/>", key="k-1", member_id="danang"))

    assert answer.replayed is False


async def test_acceptance_without_keys_is_new_each_time(store: SqlStore) -> None:
    """Where nothing identifies a retry, nothing is taken for one."""
    answers = [await store.documents.accept(replace(an_acceptance(), keys=())) for _ in range(2)]

    assert [answer.replayed for answer in answers] == [False, False]


async def test_outdated_registry_is_refused(store: SqlStore, stores: Stores) -> None:
    """A decision made by a registry that is no longer in force is not committed, and leaves nothing behind."""
    await store.registry.put_member(A_MEMBER, actor="ops")
    acceptance = an_acceptance()

    with pytest.raises(StaleRegistryError):
        await store.documents.accept(acceptance)

    assert await store.documents.message(acceptance.message.id) is None
    assert await stores.rows("SELECT count(*) FROM idempotency") == [(0,)]
    current = replace(acceptance.message, registry_version=1)
    assert (await store.documents.accept(replace(acceptance, message=current))).replayed is False


async def test_retry_after_a_registry_change_is_still_a_replay(store: SqlStore) -> None:
    """An accepted document stays accepted: its retry is no new decision."""
    acceptance = an_acceptance()
    accepted = await store.documents.accept(acceptance)
    await store.registry.put_member(A_MEMBER, actor="ops")

    assert await store.documents.accept(acceptance) == replace(accepted, replayed=True)


async def test_concurrent_retries_are_accepted_once(store: SqlStore, stores: Stores) -> None:
    """Of 100 simultaneous attempts under one key exactly one is written, and all get the same answer."""
    attempts = [an_acceptance(b"<a/>", key="k-1") for _ in range(100)]

    answers = await asyncio.gather(*map(store.documents.accept, attempts))

    assert [answer.replayed for answer in answers].count(False) == 1
    assert len({(answer.message.id, answer.leaf_sha256) for answer in answers}) == 1
    assert await stores.rows("SELECT count(*) FROM message") == [(1,)]
    assert await stores.rows("SELECT count(*) FROM outbox") == [(1,)]


async def test_concurrent_conflicts_have_one_winner_for_each_key(store: SqlStore) -> None:
    """Of simultaneous attempts with different bytes under one key one wins, the others are told its message."""
    attempts = [an_acceptance(f"<a>{n}</a>".encode(), key=f"k-{n % 5}") for n in range(100)]

    answers = await asyncio.gather(*map(store.documents.accept, attempts), return_exceptions=True)

    winners = {answer.message.id for answer in answers if isinstance(answer, Accepted)}
    conflicts = [answer for answer in answers if isinstance(answer, KeyConflictError)]
    assert (len(winners), len(conflicts)) == (5, 95)
    assert {conflict.message_id for conflict in conflicts} == winners


async def test_loser_gives_its_other_keys_back(store: SqlStore, stores: Stores) -> None:
    """In one batch a key that was claimed for an item which then loses goes to the next item that names it."""
    taken = an_acceptance(b"<a/>", key="taken")
    await store.documents.accept(taken)
    loser = an_acceptance(b"<b/>", key="taken")
    free = IdempotencyKey(scope="key", owner="hanoi", key="free")
    loser = replace(loser, keys=(*loser.keys, free))
    heir = an_acceptance(b"<c/>", key="free")

    answers = await asyncio.gather(
        *(store.documents.accept(each) for each in (loser, heir, loser, heir)), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [KeyConflictError, Accepted, KeyConflictError, Accepted]
    owners = await stores.rows("SELECT message_id FROM idempotency WHERE key = 'free'")
    assert owners == [(heir.message.id,)]
    assert await stores.rows("SELECT count(*) FROM idempotency") == [(6,)]


async def test_two_processes_accept_once(stores: Stores) -> None:
    """Two processes on one database that get the same retries agree on one acceptance."""
    processes = [await stores.open(), await stores.open()]
    attempts = [an_acceptance(f"<a>{n}</a>".encode(), key=f"k-{n}") for n in range(20)]
    again = [an_acceptance(f"<a>{n}</a>".encode(), key=f"k-{n}") for n in reversed(range(20))]

    answers = await asyncio.gather(
        *(processes[0].documents.accept(each) for each in attempts),
        *(processes[1].documents.accept(each) for each in again),
    )

    assert [answer.replayed for answer in answers].count(False) == 20
    assert await stores.rows("SELECT count(*) FROM message") == [(20,)]


def _poisoned(acceptance: Acceptance) -> Acceptance:
    """Return an acceptance whose entry cannot be written."""
    [event] = acceptance.events
    return replace(acceptance, events=(replace(event, fields={**event.fields, "recipients": []}),))


async def test_poisoned_item_harms_only_itself(store: SqlStore, stores: Stores) -> None:
    """An item that breaks the shared transaction is rolled back alone; its neighbours are committed."""
    items = [an_acceptance(f"<a>{n}</a>".encode()) for n in range(20)]
    items[7] = _poisoned(items[7])

    answers = await asyncio.gather(*map(store.documents.accept, items), return_exceptions=True)

    assert isinstance(answers.pop(7), EntryMalformed)
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert await stores.rows("SELECT count(*) FROM message") == [(19,)]
    assert await store.documents.message(items[7].message.id) is None


async def test_reused_message_id_is_refused(store: SqlStore) -> None:
    """A message id stands for one message, whatever its keys say."""
    first = an_acceptance(b"<a/>")
    await store.documents.accept(first)

    with pytest.raises(IntegrityError):
        await store.documents.accept(an_acceptance(b"<b/>", id=first.message.id))


async def test_replay_returns_the_first_acceptance(store: SqlStore, clock: Clock) -> None:
    """A retry that would not pass examination any more still gets its first answer, by any of its keys."""
    acceptance = an_acceptance(b"<a/>", key="k-1")
    accepted = await store.documents.accept(acceptance)
    clock.turn(days=400)

    for key in acceptance.keys:
        assert await store.documents.replay([key], acceptance.message.sha256) == replace(
            accepted, replayed=True
        )


async def test_replay_of_what_was_never_accepted_is_none(store: SqlStore) -> None:
    """Unknown keys, and keys that stand for other bytes, are no replay."""
    first = an_acceptance(b"<a/>", key="k-1")
    await store.documents.accept(first)
    other = an_acceptance(b"<b/>")

    assert await store.documents.replay([], first.message.sha256) is None
    assert await store.documents.replay(keys_of(other.message), other.message.sha256) is None
    assert await store.documents.replay(first.keys, other.message.sha256) is None
    mixed = (*other.keys, *first.keys)
    assert await store.documents.replay(mixed, other.message.sha256) is None
