"""A trial: one world, one fault after the other under load, each followed by a time without, and the checker at the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.checker import Violation, check, duplicated, lost, wire_repeats
from tests.faults.collecting import collect
from tests.faults.evidence import Bounds, Evidence
from tests.faults.fault import Fault, Options
from tests.faults.world import Plan, running_world


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is told of one fault."""

    fault: str
    title: str
    times: int
    documents: int
    lost: int
    duplicated: int
    heal_seconds: float | None
    not_run: str = ""
    """Why this host cannot have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a trial came to."""

    rows: tuple[Row, ...]
    repeats: int
    """Messages that were put on the wire once more than the first time."""

    violations: tuple[Violation, ...]


async def attempt(
    plan: Plan,
    faults: Sequence[Fault],
    folder: Path,
    *,
    long: bool = False,
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
) -> Outcome:
    """Run the faults in the order given and check; what each is, follows from the seed of the plan."""
    chance, times = random.Random(plan.seed), dict[str, int]()
    async with running_world(plan, folder) as world:
        await world.warm_up()
        for fault in faults:
            options = fault.draw(chance, long=long)
            plan.tell(f"{fault.id} {fault.title}: {_shown(options)}")
            times[fault.id] = 0
            await world.begin(fault.id)
            try:
                times[fault.id] = await fault.inject(world, options)
            finally:
                await fault.heal(world)
            if not long:
                # How long leases last, and pauses between tries, is measured by the long runs.
                await world.hasten()
            seconds = await world.rest(fault.id)
            if seconds is None:
                plan.tell(f"{fault.id} not settled: {'; '.join(await world.unsettled())}")
                break
            plan.tell(f"{fault.id} settled after {seconds:.1f} s")
        plan.tell("checking")
        evidence = await collect(world)
    return Outcome(
        rows=tuple(_rows(evidence, [fault for fault in faults if fault.id in times], times)),
        repeats=sum(times - 1 for times in wire_repeats(evidence).values()),
        violations=tuple(check(evidence, bounds)),
    )


def _rows(evidence: Evidence, faults: Sequence[Fault], times: dict[str, int]) -> list[Row]:
    """Attribute each document to the fault during which it was first sent."""
    began = {phase.fault: phase.t for phase in evidence.ledger.phases if phase.what == "began"}
    first: dict[str, float] = {}
    for each in evidence.ledger.attempts:
        first[each.sha256] = min(each.t, first.get(each.sha256, each.t))

    def during(sha256: str) -> str:
        return max((t, fault) for fault, t in began.items() if t <= first[sha256])[1]

    documents = [during(sha256) for sha256 in first]
    gone = [during(evidence.accepted[message_id].sha256) for message_id, _ in lost(evidence)]
    twice = [during(sha256) for sha256, _ in duplicated(evidence) if sha256 in first]
    return [
        Row(
            fault=fault.id,
            title=fault.title,
            times=times[fault.id],
            documents=documents.count(fault.id),
            lost=gone.count(fault.id),
            duplicated=twice.count(fault.id),
            heal_seconds=evidence.heal_seconds.get(fault.id),
        )
        for fault in faults
    ]


def _shown(options: Options) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items())
