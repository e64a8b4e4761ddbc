"""A private RabbitMQ node for tests: Debian's `rabbitmq-server` in a temporary folder, on free loopback ports.

Nothing of a node that the system may run is read or written: home, cookie, port mapper, configuration, data and logs are the
node's own. One node can serve a whole test session (a start takes seconds) if each test uses queue names of its own.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's start script; the one in /usr/sbin switches to the user of the system-wide node."""

START_SECONDS = 180
CONTROL_SECONDS = 180
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"


class RabbitMQError(Exception):
    """The node could not be started or asked."""


def free_ports(count: int) -> tuple[int, ...]:
    """Return TCP ports that were free on the loopback address a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    return ports


class RabbitMQ:
    """One node and its port mapper; `kill`, `freeze` and the like act on this node only."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: str = "",
        plugins: Sequence[str] = (),
        cookie: str | None = None,
        mapper_port: int | None = None,
        schedulers: int = 2,
    ) -> None:
        """Configure a node; nodes that are to join each other have one cookie and one mapper, which somebody else runs."""
        if not SERVER.exists():
            message = f"{SERVER} is missing; run: apt-get install --no-install-recommends rabbitmq-server"
            raise RabbitMQError(message)
        self.folder = folder
        self.port, self._distribution_port, own_mapper_port, *control = free_ports(5)
        self._control_ports = sorted(control)
        self._mapper_port = mapper_port or own_mapper_port
        self._has_mapper = mapper_port is None
        self._schedulers = schedulers
        self._node: subprocess.Popen[bytes] | None = None
        self._mapper: subprocess.Popen[bytes] | None = None
        self._configure(settings, plugins, cookie or secrets.token_hex(16))

    @property
    def name(self) -> str:
        """The node's name within a cluster."""
        return f"vanthu{self.port}@localhost"

    @property
    def url(self) -> str:
        """The node's address with working credentials."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def is_running(self) -> bool:
        """Whether the node was started and not ended since."""
        return self._node is not None

    def start(self) -> None:
        """Start the port mapper and the node, and wait until the node speaks AMQP."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the port mapper and the node without waiting for them."""
        if self._mapper is None and self._has_mapper:
            self._mapper = self._spawn("epmd", "-address", "127.0.0.1", "-port", str(self._mapper_port))
        (self.folder / "node.pid").unlink(missing_ok=True)
        self._node = self._spawn(str(SERVER))

    def wait(self) -> None:
        """Wait until the node speaks AMQP."""
        deadline = time.monotonic() + START_SECONDS
        while not self._speaks():
            if self._node is None or self._node.poll() is not None or time.monotonic() > deadline:
                message = f"RabbitMQ did not start:\n{self._output()[-3000:]}"
                raise RabbitMQError(message)
            time.sleep(0.1)

    def kill(self) -> None:
        """End the node as a power cut of the process would: SIGKILL, no farewell."""
        if self._node is not None:
            os.killpg(self._node.pid, signal.SIGKILL)
            self._node.wait(timeout=10)
            self._node = None
            while self._speaks():  # the virtual machine is a child of the script and goes a moment later
                time.sleep(0.01)

    def restart(self) -> None:
        """Start the node again after `kill`, with the same data on the same port."""
        self.start()

    def freeze(self) -> None:
        """Stop the node from running without closing anything."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen node go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the node and its port mapper."""
        self.kill()
        if self._mapper is not None:
            self._mapper.terminate()
            self._mapper.wait(timeout=10)
            self._mapper = None

    def control(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run `rabbitmqctl` against this node and return what it prints."""
        command = [str(SERVER.with_name("rabbitmqctl")), "--quiet", *arguments]
        done = subprocess.run(
            command,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=CONTROL_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            message = f"rabbitmqctl {' '.join(arguments)}: {done.stderr.decode(errors='replace')}"
            raise RabbitMQError(message)
        return done.stdout.decode()

    def _configure(self, settings: str, plugins: Sequence[str], secret: str) -> None:
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(secret)
        cookie.chmod(0o400)
        (self.folder / "plugins").write_text(f"[{','.join(plugins)}].\n")
        (self.folder / "rabbitmq.conf").write_text(
            "vm_memory_high_watermark.absolute = 2GB\ndisk_free_limit.absolute = 10MB\nlog.file.level = warning\n"
            + settings
        )
        folder = str(self.folder)
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": folder,
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CTL_DIST_PORT_MIN": str(self._control_ports[0]),
            "RABBITMQ_CTL_DIST_PORT_MAX": str(self._control_ports[1]),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_PID_FILE": f"{folder}/node.pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/rabbitmq-env.conf",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-kernel inet_dist_use_interface {{127,0,0,1}} +S {self._schedulers}:{self._schedulers} +sbwt none"
            ),
        }

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _speaks(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(PROTOCOL_HEADER)
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self._node is None:
            message = "the node is not running"
            raise RabbitMQError(message)
        os.killpg(self._node.pid, number)

    def _output(self) -> str:
        return (self.folder / "output.txt").read_text(errors="replace")


@contextmanager
def running_node(*, settings: str = "", plugins: Sequence[str] = ()) -> Iterator[RabbitMQ]:
    """Start a node and stop it at the end; `settings` are further lines of its configuration.

    Raises:
        RabbitMQError: RabbitMQ is not installed, or does not start.

    """
    folder = Path(tempfile.mkdtemp(prefix="vanthu-rabbitmq-"))
    try:
        node = RabbitMQ(folder, settings=settings, plugins=plugins)
        try:
            node.start()
            yield node
        finally:
            node.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
