"""One connection to the broker: opened within a time limit, cut without waiting for the peer, silent about its credentials.

This is a plain connection. Whoever uses it opens a new one when it fails, because a connection that restores itself leaves its
callers waiting, or cancelled, in between. Invariants: every wait has a limit; whatever goes wrong comes out as an
`AxisUnreachableError` whose text and cause hold no credential; the connection it came from is gone by then.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aio_pika
import structlog
from aiormq import TransportFactory, spec
from aiormq.connection import TCPTransportFactory, TLSTransportFactory
from yarl import URL

from gateway.axis.amqp_security import PLAIN, Security
from gateway.axis.errors import AxisError, AxisUnreachableError
from gateway.errors import GatewayError

FAREWELL_SECONDS = 5
SCHEMES = frozenset({"amqp", "amqps"})
_FORM = (
    "the address of the axis must look like amqp://user:password@host:port/vhost (or amqps://); "
    "those of a cluster's nodes stand side by side, divided by spaces"
)

log = structlog.get_logger(__name__)


def being_cancelled() -> bool:
    """Say whether somebody asked this very task to stop.

    aiormq also raises CancelledError in tasks that nobody cancelled, when a peer falls silent. That one is a failed call.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Backoff:
    """Growing, jittered pauses between tries, so that a broker that comes back is not met by everyone at once."""

    def __init__(self, *, first: float = 0.2, most: float = 10.0) -> None:
        self._first = first
        self._most = most
        self._failures = 0

    def pause(self) -> float:
        """Count a failure and return how many seconds to wait."""
        longest = min(self._most, self._first * 2.0**self._failures)
        self._failures = min(self._failures + 1, 20)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter keeps no secret

    def reset(self) -> None:
        """Begin anew after a success."""
        self._failures = 0


class _Wire(TransportFactory):
    """Opens the socket and keeps its transport: aiormq itself cannot cut a connection whose peer does not read."""

    def __init__(self, scheme: str) -> None:
        self._factory = TLSTransportFactory() if scheme == "amqps" else TCPTransportFactory()
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:  # noqa: ANN401 - aiormq's signature
        """Open the socket."""
        reader, self._writer = await self._factory.create(url, **kwargs)
        return reader, self._writer

    def cut(self) -> None:
        """Drop the socket and what waits in its buffer."""
        if self._writer is not None:
            self._writer.transport.abort()


class AxisConnection(aio_pika.Connection):
    """A plain aio-pika connection that can also be dropped."""

    def __init__(self, url: URL, *, purpose: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(url, ssl_context=tls, client_properties={"connection_name": f"vanthu {purpose}"})
        self._wire = _Wire(url.scheme)
        self.kwargs["transport_factory"] = self._wire

    def on_blocking(self, told: Callable[[str], None]) -> None:
        """Have `told` called with the broker's reason when it stops reading from us, and with nothing when it goes on.

        aiormq answers these notices by itself and offers no way to hear them, hence its private names; a test on a real broker
        fails if a new version has others. The broker sends them only to a connection that tried to publish.
        """

        async def blocked(frame: spec.Connection.Blocked) -> None:
            told(frame.reason or "no reason given")

        async def unblocked(_: spec.Connection.Unblocked) -> None:
            told("")

        if self.transport is None:
            raise RuntimeError("the connection is not open")
        connection = self.transport.connection
        connection._Connection__handle_connection_blocked = blocked  # type: ignore[attr-defined]  # noqa: SLF001 - as said above
        connection._Connection__handle_connection_unblocked = unblocked  # type: ignore[attr-defined]  # noqa: SLF001 - as said above

    async def drop(self) -> None:
        """Cut the connection at once; what was in flight has an unknown outcome."""
        self._wire.cut()
        await self._farewell()

    async def leave(self) -> None:
        """Close the connection properly, or cut it if the broker does not answer."""
        await self._farewell()
        if not self.is_closed:
            self._wire.cut()

    async def _farewell(self) -> None:
        with suppress(Exception):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self.close()
                await self.closed()  # somebody else may have begun to close it


class Broker:
    """Where the broker's nodes are and how long to wait for one; opens connections, to another node when one does not answer."""

    def __init__(self, urls: str, *, timeout: float, heartbeat: int, security: Security = PLAIN) -> None:
        addresses = [_parse(url) for url in urls.split()]
        if not addresses or len({address.scheme for address in addresses}) > 1:
            raise ValueError(_FORM)
        if security.password and any(address.password for address in addresses):
            raise ValueError("the password for the axis stands in its address and in a file; one is enough")
        self._addresses = [address.update_query(heartbeat=heartbeat) for address in addresses]
        self._turn = 0
        self._tls = security.context(addresses[0].scheme)
        self._security = security
        self._secrets = {address.password for address in addresses if address.password}
        if security.password is not None and security.password.exists():
            # One that is missing may come later, like the broker; one that others can read is a mistake to be told at once.
            self._note(security.secret())
        self.timeout = timeout

    def __str__(self) -> str:
        """Return the addresses without users and passwords."""
        return " ".join(map(_shown, self._addresses))

    def __repr__(self) -> str:
        """Return the same: this ends up in tracebacks."""
        return f"<Broker {self}>"

    async def connect(self, purpose: str) -> AxisConnection:
        """Open a connection; `purpose` is shown by the broker's own tools.

        Raises:
            AxisUnreachableError: nobody answers, who answers cannot be trusted, the credentials are refused or cannot be read, or
                there is no such virtual host.

        """
        for _ in self._addresses[1:]:
            try:
                return await self._connect(purpose)
            except AxisUnreachableError as error:
                log.warning("axis_node_unreachable", reason=str(error))
        return await self._connect(purpose)

    async def _connect(self, purpose: str) -> AxisConnection:
        connection = AxisConnection(await self._address(), purpose=purpose, tls=self._tls)
        try:
            async with self.guard(connection), asyncio.timeout(self.timeout):
                await connection.connect()
        except AxisUnreachableError:
            self._turn += 1
            raise
        return connection

    async def _address(self) -> URL:
        """Return the address of the node whose turn it is, with the password."""
        address = self._addresses[self._turn % len(self._addresses)]
        try:
            secret = await asyncio.to_thread(self._security.secret)
        except (GatewayError, OSError) as error:
            raise AxisUnreachableError(f"{self}: {error}") from None
        self._note(secret)
        return address if secret is None else address.with_password(secret)

    def _note(self, secret: str | None) -> None:
        """Remember a password, so that no text shows it."""
        if secret:
            self._secrets.add(secret)

    @asynccontextmanager
    async def guard(self, connection: AxisConnection) -> AsyncIterator[None]:
        """Drop the connection if anything inside fails.

        Raises:
            AxisUnreachableError: instead of whatever went wrong; other `AxisError`s pass as they are.

        """
        try:
            yield
        except asyncio.CancelledError:
            await connection.drop()
            if being_cancelled():
                raise
            reason = "the broker fell silent"
        except AxisError:
            await connection.drop()
            raise
        except Exception as error:  # noqa: BLE001 - a lost connection surfaces as OSError, RuntimeError, KeyError and more
            await connection.drop()
            reason = self.explain(error)
        else:
            return
        # No cause: frames of the libraries hold the address with its password, and telemetry may print frames.
        raise AxisUnreachableError(f"{self}: {reason}") from None

    def explain(self, error: BaseException) -> str:
        """Return one line on what went wrong, without the password."""
        if isinstance(error, TimeoutError):
            return f"no answer within {self.timeout:g} s"
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        for secret in self._secrets:
            text = text.replace(secret, "******")
        return text[:300]


def _parse(url: str) -> URL:
    with suppress(ValueError):
        address = URL(url)
        if address.scheme in SCHEMES and address.host:
            return address
    raise ValueError(_FORM)


def _shown(address: URL) -> str:
    return f"{address.scheme}://{address.host}:{address.port or 'default port'}{address.path}"
