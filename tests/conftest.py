"""What several parts of the tests share: one RabbitMQ node, PostgreSQL cluster, object store and PKCS #11 token for a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgres import Cluster, running_cluster
from tests.support.rabbitmq import RabbitMQ, running_node
from tests.support.s3 import ObjectStore, running_object_store
from tests.support.softhsm import SoftToken, configure, make_token

# A slow machine is no fault of the code; what has to be fast is measured in benchmarks/.
settings.register_profile("vanthu", deadline=None)
settings.load_profile("vanthu")


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """Run a RabbitMQ node of our own; it may be killed and frozen, if it is left running."""
    with running_node() as node:
        yield node


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Run a PostgreSQL cluster of our own."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """Run an S3-compatible object store of our own."""
    with running_object_store(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """Make a PKCS #11 token of our own, with a key for receipts; a test that takes it away puts it back."""
    folder = tmp_path_factory.mktemp("softhsm")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(configure(folder)))
        yield make_token(folder, "vanthu")
