"""The rehearsal, shortened: the night goes by and nothing is lost, misrouted or undecided."""

from __future__ import annotations

import pytest

from routing.log import Kind
from tests.rehearsal.night import Plan, rehearse
from tests.rehearsal.report import MUST_BE_NONE
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitMQ


@pytest.mark.timeout(600)
async def test_the_night_of_the_cut_over(postgres: Cluster, rabbitmq: RabbitMQ) -> None:
    """Load across the instant on three processes whose clocks disagree, and a broker that stands still just then."""
    plan = Plan(before=5, since=5, senders=1, processes=3)

    ledger, report = await rehearse(plan, postgres, rabbitmq)

    assert {label: report.counts[label] for label in MUST_BE_NONE} == dict.fromkeys(MUST_BE_NONE, 0), (
        report.faults[:20]
    )
    for seen in ("accepted before", "accepted since", "refused before", "refused since", "delivered"):
        assert report.counts[seen], f"nothing was {seen}"
    assert report.counts["told undeliverable"]
    assert report.entries[Kind.REROUTED]
    assert report.entries[Kind.HELD]
    assert ledger.answered_again
