"""The contract of `ports.RoutingLog`: staged entries, one sequencer, checkpoints that only extend."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import DBAPIError

from gateway.records import Event
from gateway.store import SqlStore
from gateway.store.errors import LogForkError
from routing.checkpoint import Checkpoint, open_checkpoint
from routing.errors_log import EntryMalformed
from routing.log import Kind, read_leaf
from routing.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from routing.merkle import consistency_proof as make_consistency_proof
from routing.merkle import inclusion_proof as make_inclusion_proof
from routing.note import Verifier, verifier_key
from tests.support.store_samples import NOON, Clock, new_id
from tests.support.stores import LOG_KEY, ORIGIN, Stores

VERIFIERS = (Verifier.of(ORIGIN, LOG_KEY.public_key()),)


def refusal(document_id: str | None = None) -> Event:
    """Return the entry of a refused document."""
    return Event(
        kind=Kind.REJECTED, document_id=document_id or new_id(), fields={"reason": "registry.code_closed"}
    )


async def signed_head(store: SqlStore) -> Checkpoint:
    """Return the latest checkpoint, its signature checked."""
    note = await store.log.checkpoint()
    assert note is not None
    return open_checkpoint(note, origin=ORIGIN, verifiers=VERIFIERS)


async def drain(store: SqlStore, limit: int = 1000) -> None:
    """Place everything that is staged."""
    while await store.log.sequence(limit=limit):
        continue


async def test_log_opens_with_its_name_and_key(store: SqlStore) -> None:
    """The first entry says whose log this is; opening it again adds none."""
    await drain(store)

    first, *others = await store.log.entries(start=0, limit=10)

    entry = read_leaf(first.leaf)
    assert (entry.kind, entry.t) == (Kind.LOG_OPENED, NOON)
    assert entry.fields == {"origin": ORIGIN, "verifier_key": verifier_key(ORIGIN, LOG_KEY.public_key())}
    assert [read_leaf(row.leaf).kind for row in others] == [Kind.KEY_ROTATED]


async def test_processes_that_open_at_once_open_one_log(stores: Stores) -> None:
    """However many processes start together, the log begins once."""
    processes = await asyncio.gather(*(stores.open() for _ in range(4)))
    await drain(processes[0])

    kinds = [read_leaf(row.leaf).kind for row in await processes[0].log.entries(start=0, limit=10)]

    assert kinds == [Kind.LOG_OPENED, Kind.KEY_ROTATED]


async def test_nothing_is_signed_before_the_first_sequence(store: SqlStore) -> None:
    """Staged entries have no place and no checkpoint yet."""
    document_id = new_id()
    await store.log.append([refusal(document_id)])

    [row] = await store.log.timeline(document_id)

    assert (row.index, row.leaf_sha256) == (None, leaf_hash(row.leaf).hex())
    assert await store.log.checkpoint() is None
    assert await store.log.entries(start=0, limit=10) == ()
    with pytest.raises(KeyError):
        await store.log.node(0, 0)


async def test_sequence_places_entries_in_order_and_signs(store: SqlStore) -> None:
    """Entries get the next places in the order in which they were staged, and the signed head covers them."""
    events = [refusal() for _ in range(5)]
    await store.log.append(events)

    checkpoint = await store.log.sequence(limit=1000)

    assert checkpoint is not None
    assert checkpoint == await signed_head(store)
    rows = await store.log.entries(start=0, limit=100)
    assert [row.index for row in rows] == list(range(7))
    assert [read_leaf(row.leaf).document_id for row in rows[2:]] == [event.document_id for event in events]
    frontier = Frontier()
    for row in rows:
        frontier.append(leaf_hash(row.leaf))
    assert (checkpoint.size, checkpoint.root) == (7, frontier.root())
    assert await store.log.sequence(limit=1000) is None


async def test_sequence_takes_no_more_than_asked(store: SqlStore) -> None:
    """A limit bounds one transaction; the rest comes next time."""
    await store.log.append([refusal() for _ in range(8)])

    sizes = [checkpoint.size async for checkpoint in _checkpoints(store, limit=4)]

    assert sizes == [4, 8, 10]


async def _checkpoints(store: SqlStore, *, limit: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a local generator
    while checkpoint := await store.log.sequence(limit=limit):
        yield checkpoint


async def test_entries_are_read_by_index(store: SqlStore) -> None:
    """A range starts at an index and holds what is there."""
    await store.log.append([refusal() for _ in range(8)])
    await drain(store)

    assert [row.index for row in await store.log.entries(start=6, limit=3)] == [6, 7, 8]
    assert [row.index for row in await store.log.entries(start=9, limit=100)] == [9]
    assert await store.log.entries(start=10, limit=100) == ()


async def test_stored_nodes_prove_everything(store: SqlStore) -> None:
    """From the stored nodes every entry is proven in every head, and every head to extend those before."""
    heads = [Checkpoint(origin=ORIGIN, size=0, root=Frontier().root())]
    for count in (1, 2, 5, 4):
        await store.log.append([refusal() for _ in range(count)])
        await drain(store)
        heads.append(await signed_head(store))
    rows = await store.log.entries(start=0, limit=100)
    nodes = {}
    for level in range(5):
        for index in range(len(rows) >> level):
            nodes[level, index] = await store.log.node(level, index)

    def read(level: int, index: int) -> bytes:
        return nodes[level, index]

    for old, new in pairwise(heads):
        proof = make_consistency_proof(old.size, new.size, read)
        verify_consistency(old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=proof)
    last = heads[-1]
    for row in rows:
        assert row.index is not None
        verify_inclusion(
            leaf_hash(row.leaf),
            index=row.index,
            size=last.size,
            proof=make_inclusion_proof(row.index, last.size, read),
            root=last.root,
        )


@pytest.mark.parametrize("node", [(0, 7), (3, 1), (1, 3), (9, 0)])
async def test_missing_node_is_a_key_error(store: SqlStore, node: tuple[int, int]) -> None:
    """A subtree that is not complete is not there."""
    await store.log.append([refusal() for _ in range(5)])
    await drain(store)

    with pytest.raises(KeyError):
        await store.log.node(*node)


async def test_history_of_a_document_is_chained(store: SqlStore, clock: Clock) -> None:
    """Entries of one document carry rising numbers and each other's hashes, however they were staged."""
    document_id = new_id()
    undecided = Event(kind=Kind.UNDECIDED, document_id=document_id, fields={"reason": "certs.no_answer"})
    await store.log.append([undecided, refusal(), undecided])
    await asyncio.gather(*(store.log.append([undecided]) for _ in range(5)))
    clock.turn(seconds=1)
    await store.log.append([refusal(document_id)])

    rows = await store.log.timeline(document_id)

    entries = [read_leaf(row.leaf) for row in rows]
    assert [entry.seq for entry in entries] == list(range(1, 9))
    assert [entry.prev for entry in entries[1:]] == [leaf_hash(row.leaf) for row in rows[:-1]]
    assert (entries[-1].kind, entries[-1].t) == (Kind.REJECTED, clock.now)


async def test_history_is_one_across_processes(stores: Stores) -> None:
    """Two processes that write about one document at once take turns; no number is given twice."""
    processes = [await stores.open(), await stores.open()]
    document_id = new_id()
    undecided = Event(kind=Kind.UNDECIDED, document_id=document_id, fields={"reason": "certs.no_answer"})

    await asyncio.gather(*(processes[n % 2].log.append([undecided]) for n in range(40)))

    entries = [read_leaf(row.leaf) for row in await processes[0].log.timeline(document_id)]
    assert [entry.seq for entry in entries] == list(range(1, 41))
    assert len({entry.instance for entry in entries}) == 2


async def test_malformed_entry_is_refused_alone(store: SqlStore) -> None:
    """An entry that no reader would accept is not written, and its neighbours are."""
    good, bad = new_id(), new_id()
    broken = Event(kind=Kind.REJECTED, document_id=bad, fields={})

    answers = await asyncio.gather(
        store.log.append([refusal(good)]), store.log.append([refusal(bad), broken]), return_exceptions=True
    )

    assert [type(answer) for answer in answers] == [type(None), EntryMalformed]
    assert len(await store.log.timeline(good)) == 1
    assert await store.log.timeline(bad) == ()
    await store.log.append([])


async def test_sequencing_goes_on_after_a_restart(stores: Stores) -> None:
    """The next process picks the tree up where the last one left it."""
    first = await stores.open()
    await first.log.append([refusal() for _ in range(5)])
    await drain(first)
    before = await signed_head(first)
    await first.log.append([refusal() for _ in range(5)])
    await first.close()

    second = await stores.open()
    await drain(second)

    after = await signed_head(second)
    assert (before.size, after.size) == (7, 12)


async def test_two_sequencers_make_one_log(stores: Stores) -> None:
    """Several processes that sequence at once make one chain of heads (the audit at the end sees any fork)."""
    processes = [await stores.open() for _ in range(3)]
    for _ in range(5):
        await asyncio.gather(*(process.log.append([refusal() for _ in range(7)]) for process in processes))
        await asyncio.gather(*(process.log.sequence(limit=5) for process in processes for _ in range(3)))
    await drain(processes[0])

    assert (await signed_head(processes[1])).size == 2 + 5 * 3 * 7


async def test_sequencer_that_was_overtaken_builds_on_the_new_head(stores: Stores) -> None:
    """What a process remembers of the tree counts only as long as it is the stored head."""
    one, two = await stores.open(), await stores.open()
    await drain(one)
    await two.log.append([refusal() for _ in range(3)])
    await drain(two)
    await one.log.append([refusal()])

    await drain(one)

    assert (await signed_head(one)).size == 6


async def test_failed_sequence_is_forgotten(store: SqlStore, stores: Stores) -> None:
    """Entries placed by a transaction that fails are placed anew, as if nothing had been."""
    await store.log.append([refusal() for _ in range(5)])
    blocker = "INSERT INTO log_checkpoint (size, note, signed_at) VALUES (7, 'in the way', 0)"
    await stores.tamper(blocker)
    stores.is_sound = False

    with pytest.raises(LogForkError):
        await store.log.sequence(limit=1000)

    assert (await store.documents.backlog())["log_unsequenced"] == 7
    with pytest.raises(KeyError):
        await store.log.node(1, 0)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log_head SET size = 9",
        "UPDATE log_head SET size = 8",
        "UPDATE log_head SET root = (SELECT leaf_hash FROM log_entry WHERE tree_index = 0)",
        "INSERT INTO log_checkpoint (size, note, signed_at) VALUES (8, 'x', 0)",
    ],
)
async def test_head_that_contradicts_the_tree_is_fatal(stores: Stores, change: str) -> None:
    """A head or checkpoint that the stored subtrees do not lead to is never signed over, by old or new processes."""
    stores.is_sound = False
    store = await stores.open()
    await store.log.append([refusal() for _ in range(5)])
    await drain(store)
    await stores.tamper(
        "DROP TRIGGER log_head_freeze" + (" ON log_head" if "postgresql" in stores.url else "")
    )
    await stores.tamper(change)
    fresh = await stores.open()
    await store.log.append([refusal()])

    for process in (store, fresh):
        with pytest.raises(LogForkError):
            await process.log.sequence(limit=1000)

    assert await stores.rows("SELECT count(*) FROM log_entry WHERE tree_index >= 7") == [(0,)]


async def test_log_of_another_name_is_not_signed(stores: Stores) -> None:
    """A gateway that was renamed does not go on signing the old log under a new name."""
    stores.is_sound = False
    store = await stores.open()
    await drain(store)

    renamed = await stores.open(gateway_name="gw-renamed")

    with pytest.raises(LogForkError):
        await renamed.log.sequence(limit=10)


async def test_log_key_may_be_rotated(stores: Stores) -> None:
    """Another key signs on under the same name; the old checkpoints stand."""
    stores.is_sound = False
    await drain(await stores.open())
    other = Ed25519PrivateKey.generate()
    store = await stores.open(log_key=other)
    await store.log.append([refusal()])

    await drain(store)

    note = await store.log.checkpoint()
    assert note is not None
    head = open_checkpoint(note, origin=ORIGIN, verifiers=[Verifier.of(ORIGIN, other.public_key())])
    assert head.size == 3


async def test_database_refuses_to_rewrite_the_log(store: SqlStore, stores: Stores) -> None:
    """Even someone with the database's password meets an obstacle before changing or deleting anything."""
    await store.log.append([refusal() for _ in range(3)])
    await drain(store)
    await store.log.append([refusal()])

    for change in (
        "UPDATE log_entry SET leaf = leaf_hash WHERE tree_index = 0",
        "UPDATE log_entry SET leaf_hash = leaf WHERE tree_index = 0",
        "UPDATE log_entry SET tree_index = 99 WHERE tree_index = 0",
        "UPDATE log_entry SET tree_index = NULL WHERE tree_index = 0",
        "UPDATE log_entry SET document_id = 'x', seq = 1 WHERE tree_index IS NULL",
        "UPDATE log_entry SET leaf = leaf_hash WHERE tree_index IS NULL",
        "DELETE FROM log_entry WHERE tree_index IS NULL",
        "DELETE FROM log_entry",
        "UPDATE log_node SET hash = hash",
        "DELETE FROM log_node",
        "UPDATE log_checkpoint SET note = ''",
        "DELETE FROM log_checkpoint",
        "UPDATE log_head SET size = 1",
        "DELETE FROM log_head",
    ):
        with pytest.raises(DBAPIError, match="the routing log is append-only"):
            await stores.tamper(change)


async def test_postgresql_refuses_to_truncate_the_log(store: SqlStore, stores: Stores) -> None:
    """TRUNCATE goes round the triggers of single rows and has one of its own; SQLite has no TRUNCATE at all."""
    await drain(store)
    expected = "the routing log is append-only" if stores.url.startswith("postgresql") else "syntax error"

    for table in ("log_entry", "log_node", "log_checkpoint", "log_head"):
        with pytest.raises(DBAPIError, match=expected):
            await stores.tamper(f"TRUNCATE {table}")
