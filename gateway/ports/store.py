"""The port for all durable state."""

from __future__ import annotations

from typing import Protocol

from gateway.ports.accounts import Accounts
from gateway.ports.changes import Changes
from gateway.ports.contacts import Contacts
from gateway.ports.dead_letters import DeadLetters
from gateway.ports.documents import Documents
from gateway.ports.inquiries import Inquiries
from gateway.ports.ledger import Ledger
from gateway.ports.log import RoutingLog
from gateway.ports.parked import ParkedDocuments
from gateway.ports.receipt_keys import ReceiptKeys
from gateway.ports.registry import Registry
from gateway.ports.trust import TrustStore
from gateway.ports.under_way import UnderWay
from gateway.ports.upstream import UpstreamRegistry


class Store(Protocol):
    """All durable state behind one database. `ready` tries a real transaction."""

    @property
    def documents(self) -> Documents:
        """Messages, deliveries, outbox, inbox."""

    @property
    def parked(self) -> ParkedDocuments:
        """Documents that could not be decided yet."""

    @property
    def under_way(self) -> UnderWay:
        """Deliveries whose addressee's code is not what it was, and notices to senders."""

    @property
    def inquiries(self) -> Inquiries:
        """Questions about deliveries whose last receipt has not come."""

    @property
    def dead_letters(self) -> DeadLetters:
        """What could not be processed, and what keeps failing."""

    @property
    def registry(self) -> Registry:
        """Agencies, members, certificates, peers."""

    @property
    def changes(self) -> Changes:
        """Changes of the registry that are proposed, and who signed them."""

    @property
    def log(self) -> RoutingLog:
        """The routing log."""

    @property
    def ledger(self) -> Ledger:
        """What was promised, held against what is there."""

    @property
    def accounts(self) -> Accounts:
        """Credentials."""

    @property
    def trust(self) -> TrustStore:
        """Anchors and intermediates."""

    @property
    def receipt_keys(self) -> ReceiptKeys:
        """The keys under which receipts can be checked."""

    @property
    def contacts(self) -> Contacts:
        """Whom to call."""

    @property
    def upstream(self) -> UpstreamRegistry:
        """What is known of another gateway's registry."""

    def explain(self, error: Exception) -> Exception:
        """Return what a caller may hear of an error: that the database cannot be used just now; any other one as it is."""

    async def ready(self) -> None:
        """Read and write for real; raises whatever is wrong."""

    async def close(self) -> None:
        """Finish queued writes and close every connection."""
