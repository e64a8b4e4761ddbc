"""Faults of the host that a gateway runs on: each is a trial of its own, on a lone gateway, with the same ledger and checker.

A fault that cannot be had on this host says so and is reported as not run; it never counts as passed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from tests.faults.checker import Violation, check, duplicated, lost, wire_repeats
from tests.faults.collecting import collect
from tests.faults.evidence import Bounds
from tests.faults.lone import Host, Lone, lone_world
from tests.faults.trial import Outcome, Row
from tests.faults.world import Plan

SLOW: Final = Bounds(refusal_seconds=30.0, descriptors=10_000)
"""Limits of trials in which disks and connections are bad on purpose."""


class HostFault(ABC):
    """One fault of the plan."""

    id: ClassVar[str]
    title: ClassVar[str]

    def why_not(self) -> str | None:
        """Say why this host cannot have it."""
        return None

    async def run(self, plan: Plan, folder: Path, *, long: bool = False, plant: str | None = None) -> Outcome:
        """Have it, and check; `plant` names a bug that is planted into the gateway."""
        if reason := self.why_not():
            row = Row(
                fault=self.id,
                title=self.title,
                times=0,
                documents=0,
                lost=0,
                duplicated=0,
                heal_seconds=0.0,
                not_run=reason,
            )
            return Outcome(rows=(row,), repeats=0, violations=())
        return await self.trial(plan, folder, long=long, plant=plant)

    @abstractmethod
    async def trial(self, plan: Plan, folder: Path, *, long: bool, plant: str | None) -> Outcome:
        """Have it in a world of its own, and check."""


class Verdict:
    """What a trial came to, once its block has ended."""

    def __init__(self) -> None:
        self.times = 0
        self.outcome: Outcome | None = None

    @property
    def told(self) -> Outcome:
        """The outcome."""
        if self.outcome is None:
            raise AssertionError("the trial is not over")
        return self.outcome


@asynccontextmanager
async def trying(
    fault: HostFault, plan: Plan, folder: Path, host: Host, *, bounds: Bounds = SLOW
) -> AsyncIterator[tuple[Lone, Verdict]]:
    """Lend a lone gateway under load to a fault; afterwards see to it that it comes to rest, and check."""
    verdict = Verdict()
    plan.tell(f"{fault.id} {fault.title}{f', with {host.plant} planted' if host.plant else ''}")
    async with lone_world(plan, folder, host) as lone:
        await lone.begin(fault.id)
        yield lone, verdict
        if lone.service.pid is None:
            await lone.service.start()
        seconds = await lone.rest(fault.id)
        if seconds is None:
            plan.tell(f"{fault.id} not settled: {'; '.join(await lone.unsettled())}")
        evidence = await collect(lone)
    documents = {each.sha256 for each in evidence.ledger.attempts}
    row = Row(
        fault=fault.id,
        title=fault.title,
        times=verdict.times,
        documents=len(documents),
        lost=len(list(lost(evidence))),
        duplicated=len(list(duplicated(evidence))),
        heal_seconds=seconds,
    )
    violations = check(evidence, bounds)
    if not verdict.times:
        violations.append(Violation("I10", f"{fault.id} was never injected"))
    repeats = sum(times - 1 for times in wire_repeats(evidence).values())
    verdict.outcome = Outcome(rows=(row,), repeats=repeats, violations=tuple(violations))
    plan.tell(f"{fault.id} had {row.times} times, {row.documents} documents, {len(violations)} violations")


def quiet(plan: Plan, *, senders: int) -> Plan:
    """Return the plan with so many senders."""
    return replace(plan, senders=senders)
