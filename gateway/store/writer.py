"""Group commit: the one thread that writes commits all that has gathered in one transaction.

A commit costs an fsync whether it holds one row or a thousand, so concurrent callers share it. Invariants: a
caller hears of success only after the commit; an item that fails never fails its neighbours; a caller that
goes away does not take its write along.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from gateway.ports import Clock
from gateway.store.dialects import transaction_time
from gateway.store.errors import OutcomeUnknownError, StoreClosedError
from gateway.store.reckoned_clock import ReckonedClock

T = TypeVar("T")
R = TypeVar("R")

Operation: TypeAlias = Callable[[Connection, datetime, Sequence[T]], Sequence[R | Exception]]
"""Does all items of one kind inside the shared transaction, whose time it is given.

Returns one result for each item. An exception that is returned goes to that item's caller alone; the operation must then have
written nothing for it. One that is raised undoes the transaction, and every item is tried again by itself.
"""

MAX_BATCH: Final = 256
LINGER: Final = 0.001
"""Seconds to wait for company when the last batch had some: one more round of waiting callers costs less than one more fsync."""

TRIES: Final = 4
"""How often an item that lost against another process is tried by itself."""

_LOST_A_RACE: Final = frozenset({"40P01", "40001", "55P03"})  # deadlock, serialization failure, lock timeout

_Outcome: TypeAlias = "Any | Exception"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Job:
    operation: Operation[Any, Any]
    item: Any
    first: bool
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class _UnreachableError(Exception):
    """No connection: its cause goes to everyone, because trying each item alone would only multiply the wait."""


class Writer:
    """The only way to write. Lives from construction to `close`; `write` may be called from any event loop."""

    def __init__(self, engine: Engine, *, clock: Clock | None) -> None:
        self._engine = engine
        self._clock = clock
        self._reckoned = ReckonedClock()
        self.clock: Clock = clock or self._reckoned
        """The time of this store's transactions, also between them; once the first one is over."""
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def write(self, operation: Operation[T, R], item: T, *, first: bool = False) -> R:
        """Do one item in the next shared transaction and return its result once that is durable.

        `first` puts its operation before all others of the transaction: for the one that waits for rows which many processes
        want. Whoever waits for such a row then holds nothing else, so that nobody waits in a circle.

        Raises:
            StoreClosedError: after `close`.
            OutcomeUnknownError: the connection broke during COMMIT.

        """
        if self._closed:
            raise StoreClosedError
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._jobs.put(_Job(operation=operation, item=item, first=first, future=future, loop=loop))
        return await future

    async def close(self) -> None:
        """Finish what waits and end the thread."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        had_company = False
        while batch := self._gather(linger=had_company):
            had_company = len(batch) > 1
            _deliver(batch, self._outcomes(batch))
        _deliver(left := self._leftovers(), [StoreClosedError() for _ in left])

    def _gather(self, *, linger: bool) -> list[_Job]:
        """Return the jobs that wait, at least one; an empty list means that the writer is closed."""
        first = self._jobs.get()
        if first is None:
            return []
        batch = [first]
        until = time.monotonic() + LINGER if linger else 0.0
        while len(batch) < MAX_BATCH:
            try:
                job = (
                    self._jobs.get(timeout=max(0.0, until - time.monotonic()))
                    if linger
                    else self._jobs.get_nowait()
                )
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _leftovers(self) -> list[_Job]:
        left: list[_Job] = []
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return left
            if job is not None:
                left.append(job)

    def _outcomes(self, batch: Sequence[_Job]) -> Sequence[_Outcome]:
        try:
            return self._transact(batch)
        except (_UnreachableError, OutcomeUnknownError) as error:
            return [error.__cause__ if isinstance(error, _UnreachableError) else error] * len(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers; the thread must live on
            if len(batch) == 1 and not _lost_a_race(error):
                return [error]
        return self._one_by_one(batch)

    def _one_by_one(self, batch: Sequence[_Job]) -> Sequence[_Outcome]:
        outcomes: list[_Outcome] = []
        for job in batch:
            outcome = self._alone(job)
            if isinstance(outcome, _UnreachableError):
                return [*outcomes, *[outcome.__cause__] * (len(batch) - len(outcomes))]
            outcomes.append(outcome)
        return outcomes

    def _alone(self, job: _Job) -> _Outcome:
        for _ in range(TRIES - 1):
            try:
                return self._transact([job])[0]
            except Exception as error:  # noqa: BLE001 - as above
                if not _lost_a_race(error):
                    return error
        try:
            return self._transact([job])[0]
        except Exception as error:  # noqa: BLE001 - as above
            return error

    def _transact(self, batch: Sequence[_Job]) -> Sequence[_Outcome]:
        """Run a batch in one transaction.

        Raises:
            _UnreachableError: there is no connection; nothing was done.
            OutcomeUnknownError: the connection broke during COMMIT.

        """
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise _UnreachableError from error
        with connection:
            transaction = connection.begin()
            now = transaction_time(connection, self._clock)
            self._reckoned.tell(now)
            outcomes = _perform(connection, now, batch)
            try:
                transaction.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise OutcomeUnknownError from error
                raise
        return outcomes


def _perform(connection: Connection, now: datetime, batch: Sequence[_Job]) -> list[_Outcome]:
    """Hand each operation all of its items: those that come first, then the others in the order in which they appear."""
    places: dict[Operation[Any, Any], list[int]] = {}
    for place, job in sorted(enumerate(batch), key=lambda each: not each[1].first):
        places.setdefault(job.operation, []).append(place)
    outcomes: list[_Outcome] = [None] * len(batch)
    for operation, mine in places.items():
        results = operation(connection, now, [batch[place].item for place in mine])
        for place, result in zip(mine, results, strict=True):
            outcomes[place] = result
    return outcomes


def _lost_a_race(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_A_RACE


def _deliver(batch: Sequence[_Job], outcomes: Sequence[_Outcome]) -> None:
    """Wake the callers of a batch, with one call into each of their event loops."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Outcome]]] = {}
    for job, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, pairs)
        except RuntimeError:  # that loop is closed, so nobody waits there any more
            continue


def _resolve(pairs: Sequence[tuple[asyncio.Future[Any], _Outcome]]) -> None:
    for future, outcome in pairs:
        if future.done():  # cancelled: the write stands, its caller is gone
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
