"""`python -m tests.faults`: inject every fault under load, show one table; exits with 1 if any invariant is violated."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.faults.catalogue import FAULTS
from tests.faults.catalogue.hosts import HOST_FAULTS
from tests.faults.evidence import Bounds
from tests.faults.fault import Fault
from tests.faults.report import show
from tests.faults.trial import Outcome, attempt
from tests.faults.world import Plan


def main() -> int:
    """Run and report."""
    given = _arguments()
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    console = Console()
    known = [*FAULTS, *HOST_FAULTS]
    names = [name for name in given.only.split(",") if name] or known
    if unknown := [name for name in names if name not in known]:
        console.print(f"no such fault: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    folder = Path(given.folder or tempfile.mkdtemp(prefix="vanthu-faults-"))
    console.print(f"seed {seed}, faults {','.join(names)}, ledger in {folder}")
    outcomes = _hosts(console, names, seed=seed, folder=folder, given=given)
    if faults := [FAULTS[name] for name in names if name in FAULTS]:
        outcomes += _rounds(console, faults, seed=seed, folder=folder, given=given)
    show(console, outcomes)
    if any(outcome.violations for outcome in outcomes):
        console.print(
            f"ledger and output are kept in {folder}; again: --seed {seed} --only {','.join(names)}"
        )
        return 1
    shutil.rmtree(folder)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="draw everything from this number; by default a new one")
    parser.add_argument("--only", default="", help="faults, divided by commas; by default all")
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin new rounds for so long; by default one round"
    )
    parser.add_argument("--senders", type=int, default=4, help="systems that write at the same time")
    parser.add_argument("--short", action="store_true", help="as gentle as in the tests")
    parser.add_argument(
        "--refusals", type=float, default=1.0, help="seconds within which 99 of 100 refusals must be answered"
    )
    parser.add_argument("--folder", help="where to keep the ledger; by default a temporary folder")
    return parser.parse_args()


def _hosts(
    console: Console, names: list[str], *, seed: int, folder: Path, given: argparse.Namespace
) -> list[Outcome]:
    """Run the faults of the host, each in a world of its own, once."""
    plan = Plan(seed=seed, tell=lambda line: console.print(f"  {line}", style="dim"))
    return [
        asyncio.run(HOST_FAULTS[name].run(plan, folder / name, long=not given.short))
        for name in names
        if name in HOST_FAULTS
    ]


def _rounds(
    console: Console, faults: list[Fault], *, seed: int, folder: Path, given: argparse.Namespace
) -> list[Outcome]:
    """Run rounds, each in a world of its own with the faults in another order, until the time is over or something is wrong."""
    began, outcomes = time.monotonic(), list[Outcome]()
    while not outcomes or time.monotonic() - began < given.minutes * 60:
        plan = Plan(
            seed=seed + len(outcomes),
            senders=given.senders,
            shares_payloads=random.Random(seed + len(outcomes)).random() < 0.5,
            tell=lambda line: console.print(
                f"  {time.monotonic() - began:6.0f} s  {line}", style="dim", soft_wrap=True
            ),
        )
        order = random.Random(plan.seed).sample(faults, len(faults))
        bodies = "shared" if plan.shares_payloads else "in pieces"
        console.print(f"round {len(outcomes) + 1}, seed {plan.seed}, big bodies {bodies}")
        bounds = Bounds(refusal_seconds=given.refusals)
        trial = attempt(plan, order, folder / f"{plan.seed}", long=not given.short, bounds=bounds)
        outcomes.append(asyncio.run(trial))
        if outcomes[-1].violations:
            break
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
