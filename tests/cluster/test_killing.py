"""A cluster loses the leader of a queue, which is also the sender's node: nothing is lost, and sending goes on soon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.killing import kill_under_load
from tests.support.rabbitmq_cluster import RabbitMQCluster, running_rabbitmq_cluster

AGE = 5.0
"""Seconds for which the queue is left alone: it must not be lost for being young."""

SECONDS = 2.0
SOON = 25.0
"""Seconds without a confirm: RabbitMQ needs some to notice and to elect, more on a busy machine."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RabbitMQCluster]:
    """Start three nodes."""
    with running_rabbitmq_cluster() as running:
        yield running


async def test_queue_leader_is_killed_under_load(cluster: RabbitMQCluster) -> None:
    """All that was confirmed arrives, and the sender finds its way to another node and to the new leader."""
    outcome = await kill_under_load(cluster, ["queue leader"], seconds=SECONDS, age=AGE, told=lambda _: None)
    (killed,) = outcome.kills

    assert not outcome.lost
    assert killed.confirmed > 0
    assert killed.stall < SOON
