"""`make cluster-test`: three nodes, one killed after the other under load, and a table of what that cost.

    python -m tests.cluster [--rounds N]

Exits 1 if anything that the broker had confirmed did not arrive.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

from rich.console import Console
from rich.table import Table

from tests.cluster.killing import TARGETS, YOUNG, Outcome, kill_under_load
from tests.support.rabbitmq_cluster import running_rabbitmq_cluster

SECONDS = 5.0


def show(console: Console, outcome: Outcome) -> None:
    """Print what happened."""
    table = Table(
        "killed", "confirmed meanwhile", "longest stall, s", title="kill -9 under load, three nodes"
    )
    for each in outcome.kills:
        table.add_row(each.what, f"{each.confirmed:,}", f"{each.stall:.2f}")
    console.print(table)
    console.print(
        f"confirmed {outcome.confirmed:,} · lost {len(outcome.lost)} · came twice {outcome.repeated}"
        " (the receiving gateway drops them)"
    )
    if outcome.lost:
        console.print(f"[red]lost: {outcome.lost[:20]}[/red]")


def main() -> int:
    """Run the scenario."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="how often each kind of node is killed")
    rounds = parser.parse_args().rounds
    logging.getLogger("aiormq").setLevel(
        logging.CRITICAL
    )  # it prints a traceback for each connection that goes
    console = Console()
    console.print("starting three nodes …")
    with running_rabbitmq_cluster() as cluster:
        outcome = asyncio.run(
            kill_under_load(
                cluster,
                list(TARGETS) * rounds,
                seconds=SECONDS,
                age=YOUNG,
                told=lambda text: console.print(f"killed {text}"),
            )
        )
    show(console, outcome)
    return 1 if outcome.lost or not outcome.confirmed else 0


if __name__ == "__main__":
    sys.exit(main())
