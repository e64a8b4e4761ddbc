"""Group commit: what waits is committed together, an item that fails harms no other, and nobody hears too early."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.store.database import Database, open_database
from gateway.store.errors import StoreClosedError
from gateway.store.writer import MAX_BATCH, TRIES, Writer

NOON = datetime(2025, 7, 1, 5, 0, 0, 123_456, tzinfo=UTC)


class Bench:
    """A table to write to, and a record of which batches came."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.batches: list[tuple[str, ...]] = []
        self.times: list[datetime] = []
        self.commits = 0
        self.gate = threading.Event()
        self.waiting = threading.Event()
        event.listen(database.writes, "commit", self._count)
        with database.writes.begin() as connection:
            connection.execute(text("CREATE TABLE word (word TEXT PRIMARY KEY)"))
        self.commits = 0

    def _count(self, _: Connection) -> None:
        self.commits += 1

    def insert(self, connection: Connection, now: datetime, items: Sequence[str]) -> list[int | Exception]:
        """Insert words; refuse short ones, break on the word "poison"."""
        self.batches.append(tuple(items))
        self.times.append(now)
        results: list[int | Exception] = []
        for item in items:
            if len(item) < 3:
                results.append(ValueError(item))
                continue
            connection.execute(text("INSERT INTO word VALUES (:word)"), {"word": item})
            if item == "poison":
                raise RuntimeError(item)
            results.append(len(item))
        return results

    def length(self, _connection: Connection, _now: datetime, items: Sequence[str]) -> list[int]:
        """Write nothing."""
        self.batches.append(("length", *items))
        return [len(item) for item in items]

    def hold(self, _connection: Connection, _now: datetime, items: Sequence[None]) -> list[None]:
        """Keep the writer busy until the gate opens, so that what comes meanwhile has to wait together."""
        self.waiting.set()
        self.gate.wait()
        return [None] * len(items)

    async def words(self) -> set[str]:
        """Return what is durable."""
        return set(
            await self.database.read(
                lambda connection: connection.execute(text("SELECT word FROM word")).scalars().all()
            )
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Lend a table."""
    database = await asyncio.to_thread(open_database, f"sqlite:///{tmp_path / 'writer.db'}")
    yield Bench(database)
    await asyncio.to_thread(database.close)


@pytest.fixture
async def writer(bench: Bench) -> AsyncIterator[Writer]:
    """Lend a writer whose clock stands still."""
    writer = Writer(bench.database.writes, clock=lambda: NOON)
    yield writer
    bench.gate.set()
    await writer.close()


async def together(bench: Bench, writer: Writer, *words: str) -> list[int | BaseException]:
    """Write words while the writer is busy, so that they come as one batch."""
    held = asyncio.create_task(writer.write(bench.hold, None))
    await asyncio.to_thread(bench.waiting.wait)
    writes = [asyncio.create_task(writer.write(bench.insert, word)) for word in words]
    await asyncio.sleep(0)
    bench.gate.set()
    await held
    return await asyncio.gather(*writes, return_exceptions=True)


async def test_write_returns_after_the_commit(bench: Bench, writer: Writer) -> None:
    """The result comes back when another connection can see the row."""
    assert await writer.write(bench.insert, "công văn") == 8

    assert await bench.words() == {"công văn"}


async def test_what_waits_is_committed_together(bench: Bench, writer: Writer) -> None:
    """Many waiting writes are one call of the operation and one commit, each with its own result."""
    words = [f"word-{number}" for number in range(50)]

    results = await together(bench, writer, *words)

    assert results == [len(word) for word in words]
    assert bench.batches == [tuple(words)]
    assert bench.commits == 2  # that of `hold`, and one for all


async def test_operations_share_a_transaction(bench: Bench, writer: Writer) -> None:
    """Different operations that wait together are committed together, each called once with its own items."""
    held = asyncio.create_task(writer.write(bench.hold, None))
    await asyncio.to_thread(bench.waiting.wait)
    writes = [
        asyncio.create_task(writer.write(operation, word))
        for word in ("one", "two", "three")
        for operation in (bench.insert, bench.length)
    ]
    await asyncio.sleep(0)
    bench.gate.set()
    await held

    assert await asyncio.gather(*writes) == [3, 3, 3, 3, 5, 5]
    assert bench.batches == [("one", "two", "three"), ("length", "one", "two", "three")]
    assert bench.commits == 2


async def test_batches_are_bounded(bench: Bench, writer: Writer) -> None:
    """No transaction grows beyond its limit; the rest comes in the next."""
    words = [f"word-{number}" for number in range(MAX_BATCH + 10)]

    await together(bench, writer, *words)

    assert [len(batch) for batch in bench.batches] == [MAX_BATCH, 10]
    assert await bench.words() == set(words)


async def test_returned_exception_is_for_its_caller_alone(bench: Bench, writer: Writer) -> None:
    """An item that is refused does not disturb the transaction of the others."""
    results = await together(bench, writer, "one", "x", "two")

    assert [type(result) for result in results] == [int, ValueError, int]
    assert await bench.words() == {"one", "two"}
    assert len(bench.batches) == 1


async def test_raised_exception_undoes_and_each_is_tried_alone(bench: Bench, writer: Writer) -> None:
    """If the shared transaction breaks, every item gets one of its own: the bad one fails, the others stand."""
    results = await together(bench, writer, "one", "poison", "two", "two")

    assert [type(result) for result in results] == [int, RuntimeError, int, IntegrityError]
    assert await bench.words() == {"one", "two"}
    assert bench.batches[1:] == [("one",), ("poison",), ("two",), ("two",)]


async def test_single_failure_is_not_repeated(bench: Bench, writer: Writer) -> None:
    """Who is alone in a batch is told at once."""
    with pytest.raises(RuntimeError):
        await writer.write(bench.insert, "poison")

    assert bench.batches == [("poison",)]
    assert await bench.words() == set()
    assert await writer.write(bench.insert, "next") == 4


class _RaceLostError(Exception):
    """What psycopg raises for a deadlock, seen from SQLAlchemy."""

    sqlstate = "40P01"


class Racer:
    """An operation that loses against another process a number of times."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.calls = 0

    def run(self, _connection: Connection, _now: datetime, items: Sequence[str]) -> list[str]:
        """Lose, or return the items."""
        self.calls += 1
        if self.calls <= self.losses:
            raise OperationalError("statement", {}, _RaceLostError())
        return list(items)


async def test_lost_race_is_run_again(writer: Writer) -> None:
    """A deadlock or serialization failure is nobody's fault, so the item is tried again."""
    racer = Racer(losses=TRIES - 1)

    assert await writer.write(racer.run, "item") == "item"
    assert racer.calls == TRIES


async def test_race_that_is_always_lost_is_given_up(writer: Writer) -> None:
    """After a few tries the caller is told."""
    racer = Racer(losses=100)

    with pytest.raises(OperationalError):
        await writer.write(racer.run, "item")

    assert racer.calls == TRIES + 1


async def test_wrong_number_of_results_is_an_error(writer: Writer) -> None:
    """An operation that forgets an item cannot leave its caller waiting for ever."""

    def forget(connection: Connection, now: datetime, items: Sequence[str]) -> list[str]:
        return []

    with pytest.raises(ValueError, match="zip"):
        await writer.write(forget, "item")


async def test_cancelled_caller_does_not_lose_the_write(bench: Bench, writer: Writer) -> None:
    """Who gives up waiting has asked all the same; the others are not disturbed."""
    held = asyncio.create_task(writer.write(bench.hold, None))
    await asyncio.to_thread(bench.waiting.wait)
    gone = asyncio.create_task(writer.write(bench.insert, "gone"))
    stays = asyncio.create_task(writer.write(bench.insert, "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    bench.gate.set()

    assert await stays == 5
    await held
    assert await bench.words() == {"gone", "stays"}


async def test_close_finishes_what_waits(bench: Bench, writer: Writer) -> None:
    """Closing waits for everything that was asked before, and refuses what comes after."""
    held = asyncio.create_task(writer.write(bench.hold, None))
    await asyncio.to_thread(bench.waiting.wait)
    writes = [asyncio.create_task(writer.write(bench.insert, word)) for word in ("one", "two")]
    await asyncio.sleep(0)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreClosedError):
        await writer.write(bench.insert, "late")
    bench.gate.set()

    await closing
    await held
    assert await asyncio.gather(*writes) == [3, 3]
    assert await bench.words() == {"one", "two"}
    await writer.close()


async def test_write_that_slips_past_close_is_refused(bench: Bench, writer: Writer) -> None:
    """A write queued from another thread just after the end of the queue fails instead of waiting for ever."""
    held = asyncio.create_task(writer.write(bench.hold, None))
    await asyncio.to_thread(bench.waiting.wait)
    writer._jobs.put(None)
    late = asyncio.create_task(writer.write(bench.insert, "late"))
    await asyncio.sleep(0)
    bench.gate.set()
    await held

    with pytest.raises(StoreClosedError):
        await late


async def test_all_items_see_the_time_of_the_transaction(bench: Bench, writer: Writer) -> None:
    """One transaction has one time, in whole milliseconds."""
    await together(bench, writer, "one", "two")

    assert bench.times == [NOON.replace(microsecond=123_000)]


async def test_event_loops_do_not_wait_for_each_other(bench: Bench, writer: Writer) -> None:
    """Two loops may write through one writer; a loop that is gone is no reason to fail for the other."""

    def elsewhere() -> None:
        async def ask_and_leave() -> None:
            asking = asyncio.ensure_future(writer.write(bench.insert, "elsewhere"))
            await asyncio.sleep(0)
            asking.cancel()

        asyncio.run(ask_and_leave())

    held = asyncio.create_task(writer.write(bench.hold, None))
    await asyncio.to_thread(bench.waiting.wait)
    await asyncio.to_thread(elsewhere)
    here = asyncio.create_task(writer.write(bench.insert, "here"))
    await asyncio.sleep(0)
    bench.gate.set()

    assert await here == 4
    await held
    assert await bench.words() == {"elsewhere", "here"}


async def test_unreachable_database_fails_everyone_once() -> None:
    """Without a connection the batch fails as a whole, after one attempt to connect."""
    attempts: list[int] = []
    gate = threading.Event()

    def refuse() -> sqlite3.Connection:
        attempts.append(1)
        gate.wait()
        raise sqlite3.OperationalError("nobody answers")

    writer = Writer(create_engine("sqlite://", creator=refuse), clock=None)
    asked = [asyncio.create_task(writer.write(Racer(0).run, "item")) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()

    answers = await asyncio.gather(*asked, return_exceptions=True)

    await writer.close()
    assert {type(answer) for answer in answers} == {OperationalError}
    assert len(attempts) <= 2  # for whoever came first, and for all who came while that was tried
