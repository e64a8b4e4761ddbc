"""`python -m tests.rehearsal`: the whole rehearsal, with its table; exits with 1 if anything was lost, misrouted or undecided."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

from rich.console import Console

from tests.rehearsal.night import Plan, rehearse
from tests.rehearsal.report import show
from tests.support.postgres import running_cluster
from tests.support.rabbitmq import running_node


def main() -> int:
    """Rehearse and report."""
    arguments = argparse.ArgumentParser(prog="cutover-rehearsal", description=__doc__)
    arguments.add_argument("--before", type=float, default=30, help="seconds of load before the instant")
    arguments.add_argument("--since", type=float, default=30, help="seconds of load from the instant on")
    arguments.add_argument("--senders", type=int, default=4, help="senders for each signing agency")
    arguments.add_argument("--processes", type=int, default=3, help="gateway processes")
    given = arguments.parse_args()
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)
    console = Console()
    plan = Plan(**vars(given), tell=lambda line: console.print(f"  {line}", style="dim"))
    with running_cluster() as cluster, running_node() as rabbitmq:
        ledger, report = asyncio.run(rehearse(plan, cluster, rabbitmq))
    show(console, ledger, report)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
