"""What the contract tests share: one RabbitMQ node for all of them."""

from collections.abc import Iterator

import pytest

from tests.support.rabbitmq import RabbitMQ, running_node


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """Lend the session's node, running."""
    with running_node() as node:
        yield node
