"""The loss ledger, as `Client.ledger`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.client.transport import Transport, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The equation in numbers; `gap` is what is missing."""

    accepted: int
    delivered: int
    pending: int
    held: int
    refused: int
    expired: int
    gap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Totals):
    """The deliveries accepted on one day in Vietnam."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One place where the sides differ: a delivery, or the document itself."""

    id: str
    document: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """The gaps of one kind, and the first of them."""

    kind: str
    count: int
    vi: str = ""
    en: str = ""
    first: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Deliveries without a receipt for long, and the first of them."""

    count: int = 0
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is known right now; `outcome` is `balanced`, `gap` or `undecided`."""

    outcome: str
    as_of: datetime | None = None
    totals: Totals | None = None
    days: tuple[Day, ...] = ()
    gaps: tuple[Gaps, ...] = ()
    overdue: Overdue = field(default_factory=Overdue)
    owed_checked_at: datetime | None = None
    recounted_at: datetime | None = None
    recounting: int | None = None
    healed: int = 0


class LedgerResource:
    """Reads the ledger, over the transport of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def report(self, *, days: int = 31) -> Ledger:
        """Return the equation with its last days, and every gap."""
        path = "/v1/ledger"
        answer = await self._transport.call("GET", path, parameters={"days": str(days)}, repeatable=True)
        found: Ledger = decode(path, answer, Ledger)
        return found

    async def recount(self) -> Ledger:
        """Have everything counted; the answer is what was known before."""
        path = "/v1/ledger/recount"
        found: Ledger = decode(path, await self._transport.call("POST", path, repeatable=True), Ledger)
        return found
