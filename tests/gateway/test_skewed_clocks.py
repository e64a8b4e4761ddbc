"""Several processes whose clocks are wrong by minutes, over one PostgreSQL: they decide alike, and by the database's time.

The database's clock is one that the tests turn; so are those of the processes. Around the instant the code H39 ends, and from it
on H53 is another body's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.flow.accepting import NotAcceptedError, Submission
from gateway.flow.intake import Intake
from gateway.flow.notifying import Bell
from gateway.flow.parking import Terms
from gateway.flow.spool import Spooled
from gateway.flow.stated import milliseconds
from gateway.parked import Room
from gateway.payloads import FolderPayloads
from gateway.records import Accepted, MessageKind
from gateway.store import SqlStore
from gateway.telemetry import Metrics
from routing.agencies import Member
from routing.log import Kind, LogEntry, read_leaf
from tests.api.world import root
from tests.support.cutover import HANOI, LONG_AN, NEW, OLD, document, new_body
from tests.support.postgres import Cluster
from tests.support.registry import CUT_OVER, home_agencies
from tests.support.store_samples import Clock
from tests.support.stores import Stores
from tests.support.trust_folder import FolderTrust

pytestmark = pytest.mark.asyncio(loop_scope="session")

TICK = timedelta(milliseconds=1)
SKEWS = (timedelta(minutes=-7), timedelta(0), timedelta(minutes=7))

Now = Callable[[], datetime]


class Passing(Clock):
    """A clock that goes on by a millisecond whenever somebody looks."""

    def __call__(self) -> datetime:
        """Return the time, and let it pass."""
        self.now += TICK
        return self.now


class Striking(Clock):
    """A clock that passes the instant right after it was asked for the time once more."""

    strikes = False

    def __call__(self) -> datetime:
        """Return the time it shows."""
        now = self.now
        if self.strikes:
            self.now, self.strikes = CUT_OVER, False
        return now


@dataclass(frozen=True, kw_only=True)
class Process:
    """An intake with a clock of its own."""

    intake: Intake

    async def submit(self, body: bytes, by: Member) -> Accepted | str:
        """Return the acceptance of a document, or the code that refused it."""
        spooled = Spooled(sha256=sha256(body).hexdigest(), size=len(body), memory=body, path=None)
        submission = Submission(
            body=spooled, kind=MessageKind.EDOC, caller=by, credential_id="test", key=None
        )
        try:
            answer = await self.intake.submit(submission)
        except NotAcceptedError as refused:
            decisive = refused.examination.decisive
            return decisive.code if decisive is not None else ""
        assert isinstance(answer, Accepted)
        return answer


@dataclass(frozen=True, kw_only=True)
class Cluster3:
    """Three processes over one database, in the order of `SKEWS`."""

    stores: tuple[SqlStore, ...]
    processes: tuple[Process, ...]


@asynccontextmanager
async def processes(postgres: Cluster, folder: Path, database_clock: Clock) -> AsyncIterator[Cluster3]:
    """Run three processes whose clocks differ from the database's."""
    name = postgres.create()
    opened = Stores(postgres.url(name), database_clock)
    trusted = folder / "trust"
    trusted.mkdir()
    (trusted / "root.pem").write_bytes(root().certificate.public_bytes(Encoding.PEM))
    with ThreadPoolExecutor() as executor:
        try:
            stores = [await opened.open() for _ in SKEWS]
            registry = stores[0].registry
            await registry.load_agencies(home_agencies(), actor="test", source_sha256="00" * 32)
            for member in (HANOI, LONG_AN, OLD, NEW):
                await registry.put_member(member, actor="test")
            yield Cluster3(
                stores=tuple(stores),
                processes=tuple(
                    _process(store, folder, _skewed(database_clock, skew), executor, number)
                    for number, (store, skew) in enumerate(zip(stores, SKEWS, strict=True))
                ),
            )
        finally:
            await opened.close()
    postgres.drop(name)


def _skewed(clock: Clock, skew: timedelta) -> Now:
    return lambda: clock.now + skew


def _process(store: SqlStore, folder: Path, clock: Now, executor: ThreadPoolExecutor, number: int) -> Process:
    intake = Intake(
        gateway="gw-north",
        store=store,
        payloads=FolderPayloads(folder / f"payloads-{number}", gateway="gw-north"),
        trust=FolderTrust(folder / "trust"),
        clock=clock,
        executor=executor,
        bell=Bell(),
        metrics=Metrics(),
        terms=Terms(keep=timedelta(days=7), room=Room(documents=10, size=2**20)),
    )
    return Process(intake=intake)


async def _log(store: SqlStore) -> list[LogEntry]:
    while await store.log.sequence(limit=1000):
        pass
    return [read_leaf(row.leaf) for row in await store.log.entries(start=0, limit=10_000)]


def _decided(entry: LogEntry) -> int:
    moment = entry.fields["decided_t"]
    assert isinstance(moment, int)
    return moment


@pytest.mark.parametrize(
    ("moment", "is_over"), [(CUT_OVER - TICK, False), (CUT_OVER, True)], ids=["before", "at the instant"]
)
async def test_every_process_decides_alike(
    postgres: Cluster, tmp_path: Path, moment: datetime, *, is_over: bool
) -> None:
    """Whatever time it takes it to be: what ends is accepted until the instant, what begins is from it on."""
    new = new_body()
    async with processes(postgres, tmp_path, Clock(moment)) as running:
        for each in running.processes:
            to_old = await each.submit(document("H26", "H39"), HANOI)
            by_old = await each.submit(document("H53", "H26"), OLD)
            by_new = await each.submit(document("H53", "H26", by=new), NEW)
            if is_over:
                assert (to_old, by_old) == ("registry.code_closed", "access.sender_not_bound")
                assert isinstance(by_new, Accepted)
                assert by_new.message.accepted_at == moment
            else:
                assert isinstance(to_old, Accepted)
                assert isinstance(by_old, Accepted)
                # Its certificate begins at the instant, too.
                assert by_new == "certs.certificate_not_yet_valid"
        [store, *_] = running.stores
        entries = await _log(store)
        decided = [each for each in entries if each.kind in {Kind.ACCEPTED, Kind.REJECTED}]
        assert len(decided) == 9
        for entry in decided:
            assert (_decided(entry) >= milliseconds(CUT_OVER)) is is_over


async def test_the_instant_comes_between_the_decision_and_its_commit(
    postgres: Cluster, tmp_path: Path
) -> None:
    """What was refused for the time before is decided again: no entry after the instant says what held before it."""
    clock = Striking(CUT_OVER - TICK)
    async with processes(postgres, tmp_path, clock) as running:
        for process in running.processes:
            clock.now, clock.strikes = CUT_OVER - TICK, True
            answer = await process.submit(document("H53", "H26", by=new_body()), NEW)

            assert isinstance(answer, Accepted)
            assert answer.message.accepted_at == CUT_OVER
        [store, *_] = running.stores
        assert not [each for each in await _log(store) if each.kind is Kind.REJECTED]


async def test_every_entry_agrees_with_its_own_time(postgres: Cluster, tmp_path: Path) -> None:
    """While the instant passes, many documents at three processes: an entry before it is one thing, after it another."""
    clock = Passing(CUT_OVER - 60 * TICK)
    dice = random.Random(1)
    async with processes(postgres, tmp_path, clock) as running:
        clock.now = CUT_OVER - 40 * TICK
        answers: list[Accepted | str] = []
        while clock.now < CUT_OVER + 20 * TICK:
            answers += await asyncio.gather(
                *(dice.choice(running.processes).submit(document("H26", "H39"), HANOI) for _ in range(4))
            )
        [store, *_] = running.stores
        entries = await _log(store)
        accepted = [each.t for each in entries if each.kind is Kind.ACCEPTED]
        rejected = [_decided(each) for each in entries if each.kind is Kind.REJECTED]

        assert {each for each in answers if isinstance(each, str)} == {"registry.code_closed"}
        assert len(accepted) + len(rejected) == len(answers)
        assert accepted
        assert max(accepted) < CUT_OVER
        assert rejected
        assert min(rejected) >= milliseconds(CUT_OVER)
