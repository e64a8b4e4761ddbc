"""The scenario of `make cluster-test`, shortened."""

from __future__ import annotations

from tests.cluster.killing import YOUNG, kill_under_load
from tests.support.rabbitmq_cluster import running_rabbitmq_cluster


async def test_killing_nodes_loses_nothing() -> None:
    """The queue's leader and the sender's own node are killed under load; everything that was confirmed arrives."""
    with running_rabbitmq_cluster() as cluster:
        outcome = await kill_under_load(
            cluster, ["queue leader", "node of the sender"], seconds=3.0, age=YOUNG, told=print
        )

    assert outcome.lost == ()
    assert len(outcome.kills) == 2
    assert all(each.confirmed > 0 for each in outcome.kills)
