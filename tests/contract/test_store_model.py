"""A store against a model of it: whatever the order of events, both say the same, and the log passes an audit."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from gateway.ports import KeyConflictError
from gateway.records import Acceptance, Accepted, OutboxItem, SendOutcome, SendResult
from gateway.store import SqlStore
from gateway.store.due import allotted
from gateway.store.outbox import resend_delay
from routing.delivery import DeliveryState
from tests.support.postgres import Cluster
from tests.support.store_samples import Clock, a_recipient, a_step, an_acceptance, an_arrival, new_id
from tests.support.stores import Stores

T = TypeVar("T")

LEASE = timedelta(minutes=2)
RESEND = timedelta(hours=1)
RECEIPTS = (DeliveryState.RECEIVED, DeliveryState.ACKNOWLEDGED, DeliveryState.REFUSED)


@dataclass
class Row:
    """An outbox row as the model sees it."""

    due: datetime
    fence: int = 0
    held: bool = False
    is_delivery: bool = True
    priority: int = 0
    flow: str | None = None
    seq: int = 0
    deliver_by: datetime | None = None

    def is_in_time(self, now: datetime) -> bool:
        """Say whether its deadline has not passed."""
        return self.deliver_by is None or self.deliver_by > now


@dataclass
class Parcel:
    """A delivery, and the arrival at its other end, as the model sees them."""

    acceptance: Acceptance
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    late: DeliveryState | None = None
    arrived: str | None = None
    """None, "waiting", "refused" or "acknowledged"."""


@dataclass
class Model:
    """All that the store should know."""

    keys: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    outbox: dict[str, Row] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)

    def due(self, now: datetime, limit: int) -> list[str]:
        """Return what a claim has to take: the urgent first, and nothing before what its flow has in flight or left out."""
        ripe = {name: row for name, row in self.outbox.items() if row.due <= now}
        shares = allotted(Counter(row.priority for row in ripe.values()), limit)
        taken: list[str] = []
        for priority, share in shares.items():
            flying = [
                row
                for row in self.outbox.values()
                if row.flow and row.fence == 1 and row.held and row.due > now and row.priority >= priority
            ]
            busy = {row.flow for row in flying}
            ready = sorted(
                (row.due, row.seq, name)
                for name, row in ripe.items()
                if row.priority == priority
                and row.is_in_time(now)
                and not (row.flow in busy and not row.fence)
            )
            mine = [name for *_, name in ready[:share]]
            left = [row for name, row in ripe.items() if name not in {*taken, *mine} and not row.fence]
            taken += [name for name in mine if not _is_behind(ripe[name], left, now)]
        return taken


def _is_behind(row: Row, left: list[Row], now: datetime) -> bool:
    """Say whether something of the same flow, as urgent and older, is due and was left out, neither of them tried yet."""
    return not row.fence and any(
        row.flow and each.flow == row.flow and each.priority >= row.priority and each.seq < row.seq
        for each in left
        if each.is_in_time(now)
    )


class StoreMachine(RuleBasedStateMachine):
    """Plays a gateway that sends to itself: accepts, sends, receives, acknowledges, dies and comes back."""

    fresh_url: ClassVar[Callable[[], str]]

    items = Bundle("items")
    deliveries = Bundle("deliveries")

    @initialize()
    def begin(self) -> None:
        """Open the store."""
        self.runner = asyncio.Runner()
        self.model = Model()
        self.clock = Clock()
        self.stores = Stores(type(self).fresh_url(), self.clock)
        self.store: SqlStore = self.run(self.stores.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the store."""
        return self.runner.run(work)

    def teardown(self) -> None:
        """Close the store, and audit what it leaves."""
        if hasattr(self, "runner"):
            self.run(self.stores.close())
            self.runner.close()

    @rule(
        target=deliveries,
        body=st.integers(0, 5),
        key=st.integers(0, 3),
        codes=st.integers(1, 2),
        priority=st.sampled_from([0, 0, 1, 4]),
        within=st.sampled_from([None, None, timedelta(minutes=5), timedelta(days=2)]),
    )
    def accept(self, body: int, key: int, codes: int, priority: int, within: timedelta | None) -> Any:
        """Accept a document, unless one of its keys says that it is a retry or a contradiction."""
        to = [a_recipient(f"H53.{code}") for code in range(codes)]
        name = f"k-{key}" if key else None
        attempt = replace(
            an_acceptance(b"%d" % body, recipients=to, key=name, priority=priority), deliver_within=within
        )
        keys = {(each.scope, each.owner, each.key) for each in attempt.keys}
        known = {self.model.keys[each] for each in keys if each in self.model.keys}
        answer = self.run(_or_conflict(self.store, attempt))
        if any(sha256 != attempt.message.sha256 for sha256, _ in known):
            assert isinstance(answer, KeyConflictError)
            assert answer.message_id in {message_id for _, message_id in known}
            return multiple()
        assert isinstance(answer, Accepted)
        assert answer.replayed == bool(known)
        if known:
            assert answer.message.id == min(message_id for _, message_id in known)
            return multiple()
        self.model.keys |= dict.fromkeys(keys, (attempt.message.sha256, attempt.message.id))
        for recipient in to:
            self.model.parcels[recipient.delivery_id] = Parcel(acceptance=attempt)
            self.model.numbers[recipient.code] += 1
            self.model.outbox[recipient.delivery_id] = Row(
                due=self.clock.now,
                priority=priority,
                flow=recipient.code,
                seq=self.model.numbers[recipient.code],
                deliver_by=None if within is None else self.clock.now + within,
            )
        assert [each.flow_seq for each in answer.recipients] == [self.model.numbers[each.code] for each in to]
        return multiple(*(recipient.delivery_id for recipient in to))

    @rule(target=items, limit=st.integers(1, 3))
    def claim(self, limit: int) -> Any:
        """Claim what is due; it must be what the model would have claimed, receipts by their number only."""
        expected = self.model.due(self.clock.now, limit)
        claimed = self.run(self.store.documents.claim(limit=limit, lease=LEASE))
        assert [item.id for item in claimed] == expected
        for item in claimed:
            row = self.model.outbox[item.id]
            row.fence, row.held, row.due = row.fence + 1, True, self.clock.now + LEASE
            assert item.fence == row.fence
            if row.is_delivery:
                self.model.parcels[item.id].attempts += 1
        return multiple(*claimed)

    @rule(item=consumes(items), again=st.booleans(), result=st.sampled_from(SendResult))
    def settle(self, item: OutboxItem, result: SendResult, *, again: bool) -> None:
        """Settle a claim, however old it is, once or twice."""
        outcome = [(item, SendOutcome(result=result, reason="why"))] * (1 + again)
        self.run(self.store.documents.settle(outcome, resend_after=RESEND))
        row = self.model.outbox.get(item.id)
        if row is None or not row.held or row.fence != item.fence:
            return
        row.held = False
        if result is not SendResult.CONFIRMED:
            [(due,)] = self.run(self.stores.rows("SELECT next_at FROM outbox WHERE id = :id", id=item.id))
            row.due = self.clock.now + timedelta(microseconds=due - int(self.clock.now.timestamp() * 1e6))
            assert timedelta(seconds=1) <= row.due - self.clock.now <= timedelta(minutes=10)
        elif row.is_delivery:
            row.due = self.clock.now + resend_delay(item.attempt, RESEND)
            parcel = self.model.parcels[item.id]
            if parcel.state is DeliveryState.QUEUED:
                parcel.state = DeliveryState.CONFIRMED
        else:
            del self.model.outbox[item.id]

    @rule(name=deliveries, state=st.sampled_from(RECEIPTS))
    def receipt(self, name: str, state: DeliveryState) -> None:
        """Record a receipt, which may be late, repeated or out of order."""
        parcel = self.model.parcels[name]
        recipient = next(each for each in parcel.acceptance.recipients if each.delivery_id == name)
        step = a_step(recipient, parcel.acceptance.message.id, state)
        self.run(self.store.documents.record_receipts([step, step]))
        if parcel.state is DeliveryState.EXPIRED:
            is_news = parcel.attempts and (parcel.late or DeliveryState.CONFIRMED).can_become(state)
            parcel.late = state if is_news else parcel.late
        elif parcel.attempts and parcel.state.can_become(state):
            parcel.state = state
            self.model.outbox.pop(name, None)

    @rule(name=deliveries, refused=st.booleans())
    def arrive(self, name: str, *, refused: bool) -> None:
        """Let a message that was sent arrive, for the first time or again."""
        parcel = self.model.parcels[name]
        if not parcel.attempts:
            return
        recipient = next(each for each in parcel.acceptance.recipients if each.delivery_id == name)
        refusal = "certs.revoked" if refused else None
        arrival = an_arrival(parcel.acceptance.message, recipient, body=None, refusal=refusal)
        [fresh] = self.run(self.store.documents.arrive([arrival]))
        assert fresh == (parcel.arrived is None)
        parcel.arrived = parcel.arrived or ("refused" if refused else "waiting")
        self._expect_receipts()

    @rule(name=deliveries)
    def acknowledge(self, name: str) -> None:
        """Acknowledge what waits in the inbox, once."""
        parcel = self.model.parcels[name]
        item = self.run(self.store.documents.inbox_item(member_id="tayninh", item_id=name))
        assert (item is not None) == (parcel.arrived in {"waiting", "acknowledged"})
        if item is None:
            return
        assert (item.acknowledged_at is None) == (parcel.arrived == "waiting")
        self.run(self.store.documents.mark_fetched(item))
        done = self.run(self.store.documents.acknowledge(item, receipt=new_id().encode()))
        assert done == (parcel.arrived == "waiting")
        parcel.arrived = "acknowledged"
        self._expect_receipts()

    def _expect_receipts(self) -> None:
        """Take new receipts over into the model, as the store made them: they have ids that only it knows."""
        rows = self.run(self.stores.rows("SELECT id FROM outbox WHERE kind <> 'delivery'"))
        for (name,) in rows:
            self.model.outbox.setdefault(name, Row(due=self.clock.now, is_delivery=False))
        assert {name for (name,) in rows} == {
            name for name, row in self.model.outbox.items() if not row.is_delivery
        }

    @rule(limit=st.sampled_from([1, 100]))
    def expire(self, limit: int) -> None:
        """Expire what is past its deadline and not being sent."""
        now = self.clock.now
        past = sorted(
            (row.deliver_by, name)
            for name, row in self.model.outbox.items()
            if row.deliver_by is not None and row.deliver_by <= now and not (row.held and row.due > now)
        )
        assert self.run(self.store.under_way.expire(limit=limit)) == len(past[:limit])
        for _, name in past[:limit]:
            del self.model.outbox[name]
            self.model.parcels[name].state = DeliveryState.EXPIRED

    @rule(seconds=st.sampled_from([1, 30, 120, 600, 3600, 86_400]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.turn(seconds=seconds)

    @rule(limit=st.sampled_from([1, 7, 1000]))
    def sequence(self, limit: int) -> None:
        """Place staged entries."""
        self.run(self.store.log.sequence(limit=limit))

    @rule()
    def restart(self) -> None:
        """End the process and start the next one."""
        self.run(self.store.close())
        self.store = self.run(self.stores.open())

    @invariant()
    def agrees(self) -> None:
        """Deliveries, inbox and outbox are those of the model."""
        if not hasattr(self, "store"):
            return
        for name, parcel in self.model.parcels.items():
            delivery = self.run(self.store.documents.delivery(name))
            assert delivery is not None
            assert (delivery.state, delivery.attempts) == (parcel.state, parcel.attempts)
            assert delivery.late_state == parcel.late
        inbox = self.run(self.store.documents.inbox(member_id="tayninh", code=None, after=None, limit=99))
        waiting = {name for name, parcel in self.model.parcels.items() if parcel.arrived == "waiting"}
        assert [item.id for item in inbox] == sorted(waiting)
        backlog = self.run(self.store.documents.backlog())
        due = sum(row.due <= self.clock.now for row in self.model.outbox.values())
        assert (backlog["outbox_due"], backlog["outbox_waiting"]) == (due, len(self.model.outbox) - due)
        assert backlog["inbox_waiting"] == len(waiting)


async def _or_conflict(store: SqlStore, attempt: Acceptance) -> Accepted | KeyConflictError:
    try:
        return await store.documents.accept(attempt)
    except KeyConflictError as conflict:
        return conflict


def play(fresh: Callable[[], str], examples: int) -> None:
    """Run the machine, each time on a fresh database."""

    class Machine(StoreMachine):
        """The machine on this kind of database."""

        fresh_url = staticmethod(fresh)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


def test_sqlite_behaves_like_the_model(sqlite_template: Path, tmp_path: Path) -> None:
    """SQLite does what the model does."""

    def fresh() -> str:
        path = tmp_path / f"{new_id()}.db"
        shutil.copy(sqlite_template, path)
        return f"sqlite:///{path}"

    play(fresh, 12)


def test_postgresql_behaves_like_the_model(postgres: Cluster, postgres_template: str) -> None:
    """PostgreSQL does what the model does."""
    play(lambda: postgres.url(postgres.create(template=postgres_template)), 5)
