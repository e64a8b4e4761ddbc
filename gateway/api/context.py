"""What every handler may use: one frozen record, put together by `gateway/app.py` and handed through the application.

Invariant: only ports and flows are in it, so no handler can know which database or broker stands behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from gateway.distribution.following import Follower
from gateway.distribution.snapshots import Snapshots
from gateway.flow.access import Caller
from gateway.flow.intake import Intake
from gateway.flow.notifying import Bell
from gateway.flow.pressure import Pressure
from gateway.flow.receipts import Receipts
from gateway.flow.reckoning import Reckoning
from gateway.flow.registrar import Registrar
from gateway.keys import GatewayKeys
from gateway.ports import (
    AxisLink,
    Clock,
    PartialBodies,
    Payloads,
    PdfReader,
    RevocationStock,
    Store,
    TrustSource,
)
from gateway.settings import Settings
from gateway.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a body has to come: it may fall `grace` seconds behind `bytes_per_second` and no more.

    aiohttp waits for a body for ever. This bounds the time for a whole body too: grace + size / rate. A new connection has
    `head` seconds for the head of its first request, and one that was answered `idle` seconds for the next.
    """

    grace: float = 10.0
    bytes_per_second: int = 64 * 1024
    head: float = 10.0
    idle: float = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The collaborators of the API. `spool` is the folder for bodies on their way in."""

    settings: Settings
    spool: Path
    store: Store
    intake: Intake
    payloads: Payloads
    partial: PartialBodies
    trust: TrustSource
    stock: RevocationStock
    link: AxisLink
    bell: Bell
    keys: GatewayKeys
    receipts: Receipts
    snapshots: Snapshots
    reckoning: Reckoning
    pressure: Pressure
    clock: Clock
    metrics: Metrics
    pdf: PdfReader
    pace: Pace = field(default_factory=Pace)
    follower: Follower | None = None

    @property
    def registrar(self) -> Registrar:
        """What takes the steps of changes of the registry; it keeps nothing between them."""
        return Registrar(store=self.store, clock=self.clock)


CONTEXT: Final = web.AppKey("context", Context)
CALLER: Final = web.RequestKey("caller", Caller)
"""Who calls, once the token was found to be good."""

REQUEST_ID: Final = web.RequestKey("request_id", str)
"""Names this request in problem documents and telemetry."""

LINE: Final = web.RequestKey("line", dict[str, object])
"""What the one telemetry line about this request will say."""


def note(request: web.Request, **facts: object) -> None:
    """Add facts to the telemetry line of this request; never bodies, subjects or tokens."""
    request[LINE].update(facts)
