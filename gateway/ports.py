"""The ports: what the flow needs from storage, the axis, payload storage and trust, and what each must promise.

Each docstring is the contract; `tests/contract` runs it against every implementation. `gateway/app.py` alone picks one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from certs.trust import Trust
from gateway.mentions import Mentions
from gateway.records import (
    Acceptance,
    Accepted,
    Arrival,
    AxisMessage,
    Credential,
    Delivery,
    Event,
    IdempotencyKey,
    InboxItem,
    Incoming,
    LogRow,
    Message,
    OutboxItem,
    PeerGateway,
    ReceiptStep,
    SendOutcome,
)
from routing.agencies import Agency, CertificateBinding, Directory, Member
from routing.checkpoint import Checkpoint

Clock = Callable[[], datetime]
"""The current time, aware and UTC. `gateway/clock.py` is the real one."""


class KeyConflictError(Exception):
    """An idempotency key already stands for other bytes; `scope` says which kind of key, `message_id` names the first message."""

    def __init__(self, *, scope: str, message_id: str) -> None:
        super().__init__(f"{scope} already used by {message_id}")
        self.scope = scope
        self.message_id = message_id


class UnavailableError(Exception):
    """Something outside this process cannot be used right now, and its text says what; waiting is all that can be done."""


class StaleRegistryError(Exception):
    """The registry changed between examination and commit; examine again with the current directory."""


class Documents(Mentions, Protocol):
    """Messages, their deliveries, the outbox, and (`Mentions`) who speaks of whom.

    Every method that writes returns only after its transaction is durable; concurrent calls share commits. Each writes its log
    entries in the same transaction, so a stored fact always has its entry and the reverse.
    """

    async def accept(self, acceptance: Acceptance) -> Accepted:
        """Commit message, body, deliveries, outbox, keys, links and log entries at once, or return the first answer again.

        `message.accepted_at` of the result is the transaction's time. A key that already stands for the same SHA-256 makes this a
        replay: nothing is written and the first acceptance is returned.

        Raises:
            KeyConflictError: a key stands for other bytes.
            StaleRegistryError: `message.registry_version` is not the current one.

        """

    async def replay(self, keys: Sequence[IdempotencyKey], sha256: str) -> Accepted | None:
        """Return the first acceptance of the same bytes under any of these keys, as `accept` would; None if there is none.

        Serves a retry that would not pass examination any more, for instance because a certificate has expired since.
        A key that stands for other bytes is no replay.
        """

    async def message(self, message_id: str) -> Message | None:
        """Return an accepted or arrived message."""

    async def bodies(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """Return the bodies kept in rows, by SHA-256; those that are not there are left out (then they are in `Payloads`)."""

    async def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """Return the deliveries of a message in the order of its recipients; empty on a gateway that only received it."""

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery that started here."""

    async def claim(self, *, limit: int, lease: timedelta) -> tuple[OutboxItem, ...]:
        """Lease due outbox rows to this process; a row whose lease ended is due again, with a higher fence.

        Logs `publish_attempt` for deliveries.
        """

    async def settle(
        self, outcomes: Sequence[tuple[OutboxItem, SendOutcome]], *, resend_after: timedelta
    ) -> None:
        """Record what the axis said, for rows still held under this fence.

        Confirmed: a delivery becomes `confirmed` and stays in the outbox, due again after `resend_after` (doubling with each
        attempt) until its receipt arrives; a confirmed receipt leaves the outbox. Returned or unknown: due again with
        exponential backoff of at most 10 minutes, jittered. Logs `broker_confirmed` or `returned` for deliveries.
        """

    async def arrive(self, arrivals: Sequence[Arrival]) -> tuple[bool, ...]:
        """Commit arrived messages to their inboxes with their receipts; False for one that was here before.

        A link that is known already, because the message was accepted here or came for another addressee, gets no second entry.
        One that was here before only gets its receipt sent again. A refused one gets no inbox row. One that reuses a message or
        delivery id for something else is put aside: False, no receipt, and a `message_discarded` entry.
        """

    async def record_receipts(self, steps: Sequence[ReceiptStep]) -> None:
        """Move deliveries forward and drop them from the outbox; late, repeated or unknown receipts change nothing."""

    async def inbox(
        self, *, member_id: str, code: str | None, after: str | None, limit: int
    ) -> tuple[InboxItem, ...]:
        """Return messages not yet acknowledged for a member (and one agency code), oldest arrival first, by keyset on id."""

    async def inbox_item(self, *, member_id: str, item_id: str) -> InboxItem | None:
        """Return one inbox item of this member, acknowledged or not."""

    async def mark_fetched(self, item: InboxItem) -> None:
        """Record that the member read the body: a log entry each time, the time only once."""

    async def acknowledge(self, item: InboxItem, *, receipt: bytes) -> bool:
        """Take an item from the inbox and put `receipt` in the outbox; False if it was acknowledged before."""

    async def backlog(self) -> dict[str, int]:
        """Return counts by state: `outbox_due`, `outbox_waiting`, `inbox_waiting`, `log_unsequenced`."""


class Registry(Protocol):
    """Agencies, members, certificates and peers: versioned, never updated in place."""

    async def directory(self) -> Directory:
        """Return the current snapshot; cheap when the version is unchanged."""

    async def peers(self) -> tuple[PeerGateway, ...]:
        """Return the gateways whose envelopes are believed."""

    async def load_agencies(self, agencies: Sequence[Agency], *, actor: str, source_sha256: str) -> Directory:
        """Make these the agencies in force from now on as one new version; the same content again makes no new version.

        Certificates registered for an entity that stays are kept. Logs `registry_activated` with version, hashes and counts.
        """

    async def put_member(self, member: Member, *, actor: str) -> Directory:
        """Add a member or replace its name, prefixes and queue, as a new version. Logs `member_added` or `member_changed`."""

    async def bind_certificate(
        self, code: str, binding: CertificateBinding, *, pem: bytes, actor: str
    ) -> Directory:
        """Register a certificate for the entity that bears `code` now, as a new version. Logs `certificate_bound`.

        Raises:
            KeyError: no agency bears this code.

        """

    async def put_peer(self, peer: PeerGateway, *, actor: str) -> None:
        """Believe envelopes of this gateway from now on, under this key only. Logs `key_rotated` with purpose `peer`."""


class RoutingLog(Protocol):
    """The append-only log of decisions: entries are staged by whoever decides and placed in the tree by one sequencer."""

    async def append(self, events: Sequence[Event]) -> None:
        """Stage entries that come with no other change, such as refusals."""

    async def sequence(self, *, limit: int) -> Checkpoint | None:
        """Place staged entries in the tree and sign the new head, by compare-and-swap; None if there are none."""

    async def checkpoint(self) -> str | None:
        """Return the latest signed checkpoint (C2SP note); None before the first."""

    async def entries(self, *, start: int, limit: int) -> tuple[LogRow, ...]:
        """Return entries by tree index."""

    async def timeline(self, document_id: str) -> tuple[LogRow, ...]:
        """Return all entries of one document in their order, placed or not."""

    async def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree (level 0 = leaf hash).

        Raises:
            KeyError: the tree does not hold it yet.

        """


class Accounts(Protocol):
    """Who may call: credentials bound to members and roles."""

    async def credential(self, credential_id: str) -> Credential | None:
        """Return a credential, revoked or expired ones too: the caller judges."""

    async def issue(self, credential: Credential, *, actor: str) -> None:
        """Store a credential. Logs `credential_issued`."""

    async def revoke(self, credential_id: str, *, actor: str) -> bool:
        """Revoke a credential; False if there is none. Logs `credential_revoked`."""

    async def is_empty(self) -> bool:
        """Say whether no credential was ever issued."""


class Store(Protocol):
    """All durable state behind one database. `ready` tries a real transaction."""

    @property
    def documents(self) -> Documents:
        """Messages, deliveries, outbox, inbox."""

    @property
    def registry(self) -> Registry:
        """Agencies, members, certificates, peers."""

    @property
    def log(self) -> RoutingLog:
        """The routing log."""

    @property
    def accounts(self) -> Accounts:
        """Credentials."""

    async def ready(self) -> None:
        """Read and write for real; raises whatever is wrong."""

    async def close(self) -> None:
        """Finish queued writes and close every connection."""


class AxisLink(Protocol):
    """The road between gateways: one durable queue per member, at-least-once, never a decision of its own."""

    async def declare(self, queues: frozenset[str]) -> None:
        """Make sure these queues exist, ahead of use."""

    async def send(self, messages: Sequence[AxisMessage]) -> tuple[SendOutcome, ...]:
        """Put messages on their queues and wait for the axis's word on each; failures are outcomes, not exceptions."""

    def receive(self, queues: frozenset[str]) -> AsyncGenerator[tuple[Incoming, ...]]:
        """Yield batches as they arrive, reconnecting by itself; what is not settled comes again.

        Settle while the generator lives: closing it gives back what was not settled.
        """

    async def settle(self, *, done: Sequence[Incoming], dead: Sequence[Incoming] = ()) -> None:
        """Acknowledge what is durably stored; put what can never be processed on the dead-letter queue."""

    async def ready(self) -> None:
        """Try the connection for real; raises whatever is wrong."""

    async def close(self) -> None:
        """Stop receiving and close."""


class Payloads(Protocol):
    """Bodies too big for a row, by SHA-256, immutable."""

    async def adopt(self, path: Path, sha256: str) -> None:
        """Make a spooled file durable (fsync of file and folder) under its hash; consumes `path`; a repeat is harmless."""

    async def put(self, body: bytes, sha256: str) -> None:
        """Make a body in memory durable under its hash."""

    def path(self, sha256: str) -> Path:
        """Return the file that holds a body.

        Raises:
            FileNotFoundError: it is not there.

        """


class TrustSource(Protocol):
    """The trust anchors in force, as an immutable value."""

    def trust(self) -> Trust:
        """Return the current anchors."""
