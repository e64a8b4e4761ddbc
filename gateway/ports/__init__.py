"""The ports: what the flow needs from storage, the axis, payload storage and trust, and what each must promise.

Each docstring is the contract; `tests/contract` runs it against every implementation. `gateway/app.py` alone picks one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.ports.accounts import Accounts
from gateway.ports.axis import AxisLink
from gateway.ports.changes import ChangeMovedError, Changes
from gateway.ports.conditions import (
    DeadlinePassedError,
    InstantPassedError,
    KeyConflictError,
    NoRoomError,
    NotHeldError,
    QueuesMissingError,
    StaleRegistryError,
    StillParkedError,
    UnavailableError,
)
from gateway.ports.dead_letters import DeadLetters
from gateway.ports.documents import Documents
from gateway.ports.inquiries import Inquiries
from gateway.ports.ledger import Ledger
from gateway.ports.log import RoutingLog
from gateway.ports.parked import ParkedDocuments
from gateway.ports.partial import PartialBodies
from gateway.ports.payloads import Payloads
from gateway.ports.pdf import PdfReader
from gateway.ports.receipt_keys import PublishedKey, ReceiptKeys
from gateway.ports.registry import Registry
from gateway.ports.revocation import RevocationStock
from gateway.ports.store import Store
from gateway.ports.trust import TrustSource, TrustStore
from gateway.ports.under_way import UnderWay

__all__ = [
    "Accounts",
    "AxisLink",
    "ChangeMovedError",
    "Changes",
    "Clock",
    "DeadLetters",
    "DeadlinePassedError",
    "Documents",
    "Inquiries",
    "InstantPassedError",
    "KeyConflictError",
    "Ledger",
    "NoRoomError",
    "NotHeldError",
    "ParkedDocuments",
    "PartialBodies",
    "Payloads",
    "PdfReader",
    "PublishedKey",
    "QueuesMissingError",
    "ReceiptKeys",
    "Registry",
    "RevocationStock",
    "RoutingLog",
    "StaleRegistryError",
    "StillParkedError",
    "Store",
    "TrustSource",
    "TrustStore",
    "UnavailableError",
    "UnderWay",
]

Clock = Callable[[], datetime]
"""The current time, aware and UTC. `gateway/clock.py` is the real one."""
