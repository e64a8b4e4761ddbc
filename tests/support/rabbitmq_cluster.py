"""Three RabbitMQ nodes on this machine that make one cluster: they share a port mapper and a cookie, and nothing else."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.rabbitmq import START_SECONDS, RabbitMQ, RabbitMQError, free_ports

NODES = 3


class RabbitMQCluster:
    """The nodes in the order in which they joined."""

    def __init__(self, folder: Path) -> None:
        (self._mapper_port,) = free_ports(1)
        self._folder = folder
        cookie = secrets.token_hex(16)
        self.nodes: list[RabbitMQ] = []
        for number in range(NODES):
            home = folder / str(number)
            home.mkdir()
            self.nodes.append(RabbitMQ(home, cookie=cookie, mapper_port=self._mapper_port, schedulers=1))
        self._mapper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The addresses of all nodes, as the setting has them."""
        return " ".join(node.url for node in self.nodes)

    def start(self) -> None:
        """Start the nodes side by side and join them."""
        self._mapper = subprocess.Popen(
            ["epmd", "-address", "127.0.0.1", "-port", str(self._mapper_port)],
            stdin=subprocess.DEVNULL,
        )
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait()
            node.control("await_startup")
        for node in self.nodes[1:]:
            for step in (("stop_app",), ("join_cluster", self.nodes[0].name), ("start_app",)):
                node.control(*step)

    def leader(self, queue: str) -> RabbitMQ:
        """Return the node that leads a quorum queue."""
        for node in self.nodes:
            try:
                told = node.control("list_queues", "name", "leader")
            except RabbitMQError:
                continue
            leaders = dict(line.split("\t") for line in told.splitlines() if "\t" in line)
            found = [each for each in self.nodes if each.name == leaders.get(queue)]
            if found:
                return found[0]
        message = f"nobody says who leads {queue}"
        raise RabbitMQError(message)

    def complete(self) -> None:
        """Start nodes that were killed, and wait until every node runs in the cluster again."""
        if not (killed := [node for node in self.nodes if not node.is_running]):
            return
        for node in killed:
            node.restart()
        deadline = time.monotonic() + START_SECONDS
        while not all(self._sees_all(node) for node in self.nodes):
            if time.monotonic() > deadline:
                message = "the cluster did not become whole again"
                raise RabbitMQError(message)
            time.sleep(0.5)

    def _sees_all(self, node: RabbitMQ) -> bool:
        try:
            seen = json.loads(node.control("cluster_status", "--formatter", "json"))
        except RabbitMQError:
            return False
        return len(seen["running_nodes"]) == NODES

    def stop(self) -> None:
        """End all nodes and their port mapper."""
        for node in self.nodes:
            node.stop()
        if self._mapper is not None:
            self._mapper.terminate()
            self._mapper.wait(timeout=10)


@contextmanager
def running_rabbitmq_cluster() -> Iterator[RabbitMQCluster]:
    """Start a cluster and stop it at the end.

    Raises:
        RabbitMQError: RabbitMQ is not installed, or does not start.

    """
    folder = Path(tempfile.mkdtemp(prefix="vanthu-cluster-"))
    cluster = RabbitMQCluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
