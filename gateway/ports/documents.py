"""The port for messages: acceptance, deliveries, outbox and inbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.mentions import Mentions
from gateway.records import (
    Acceptance,
    Accepted,
    Arrival,
    Delivery,
    IdempotencyKey,
    InboxItem,
    Json,
    Message,
    OutboxItem,
    ReceiptStep,
    SendOutcome,
)
from routing.heading import Course

ANY_SIZE: Final = range(2**62)

ASK_AFTER: Final = timedelta(hours=1)
"""How long after an arrival its sender asks for the first time what became of it."""


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
            InstantPassedError: the transaction's time lies outside `steady`.
            StillParkedError: the same bytes are parked under another id.
            NotHeldError: it was parked, and is not held under the fence `parked` any more.

        """

    async def replay(self, keys: Sequence[IdempotencyKey], sha256: str) -> Accepted | None:
        """Return the first acceptance of the same bytes under any of these keys, as `accept` would; None if there is none (yet).

        Serves a retry that would not pass examination any more, for instance because a certificate has expired since.
        A key that stands for other bytes is no replay.
        """

    async def now(self) -> datetime:
        """Return the database's time, by which every process decides alike."""

    async def message(self, message_id: str) -> Message | None:
        """Return an accepted or arrived message."""

    async def evidence(self, message_id: str) -> Mapping[str, Json] | None:
        """Return what was found in a message's signature; None for a status message, and for what came before this was kept."""

    async def bodies(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """Return the bodies kept in rows, by SHA-256; those that are not there are left out (then they are in `Payloads`)."""

    async def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """Return the deliveries of a message in the order of its recipients; empty on a gateway that only received it."""

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery that started here."""

    async def claim(
        self, *, limit: int, lease: timedelta, course: Course | None = None, sizes: range = ANY_SIZE
    ) -> tuple[OutboxItem, ...]:
        """Lease due outbox rows to this process; a row whose lease ended is due again, with a higher fence.

        Only documents whose size is in `sizes` are leased; a receipt has the size 0.

        Logs `publish_attempt` for deliveries. A delivery that cannot go on by `course`, as of the transaction's time, is not
        leased but rerouted, held, released or given up, as `ports.UnderWay.sweep` does. What is held is never leased, nor what
        is past its deadline. The urgent come first, without keeping the others from their share; within a flow, messages come in
        the order of their numbers until they were tried once, the more urgent before the less.
        """

    async def renew(self, items: Sequence[OutboxItem], *, lease: timedelta) -> None:
        """Let the leases of rows that are still held under their fences begin anew."""

    async def settle(
        self, outcomes: Sequence[tuple[OutboxItem, SendOutcome]], *, resend_after: timedelta
    ) -> None:
        """Record what the axis said, for rows still held under this fence.

        Confirmed: a delivery becomes `confirmed` and stays in the outbox, due again after `resend_after` (doubling with each
        attempt) until its receipt arrives; a confirmed receipt leaves the outbox, and so does a question that was confirmed, or
        that has failed five times. Returned or unknown: due again with exponential backoff of at most 10 minutes, jittered.
        Logs `broker_confirmed` or `returned` for deliveries.
        """

    async def hasten(self) -> int:
        """Make due now whatever failed to be sent and waits for its next try; return how many rows that are.

        What the axis confirmed, what is leased, and what is held stay as they are.
        """

    async def arrive(self, arrivals: Sequence[Arrival]) -> tuple[bool, ...]:
        """Commit arrived messages to their inboxes with their receipts; False for one that was here before.

        A link that is known already, because the message was accepted here or came for another addressee, gets no second entry.
        One that was here before only gets its receipt sent again. A refused one gets no inbox row. One that reuses a message or
        delivery id for something else is put aside: False, no receipt, and a `message_discarded` entry.
        """

    async def record_receipts(
        self, steps: Sequence[ReceiptStep], *, ask_after: timedelta = ASK_AFTER
    ) -> None:
        """Move deliveries forward and drop them from the outbox; repeated or unknown receipts change nothing.

        What only arrived is asked about from `ask_after` on (`ports.Inquiries`).

        One for a delivery that has expired leaves it so: it is noted in `late_state`, told its sender, and logged as
        `late_receipt`.
        """

    async def inbox(
        self, *, member_id: str, code: str | None, after: str | None, limit: int, urgent: bool = False
    ) -> tuple[InboxItem, ...]:
        """Return messages not yet acknowledged for a member (and one agency code), oldest arrival first, by keyset on id.

        With `urgent` only those that say so (priority 1 to 4), in the same order.
        """

    async def inbox_item(self, *, member_id: str, item_id: str) -> InboxItem | None:
        """Return one inbox item of this member, acknowledged or not."""

    async def mark_fetched(self, item: InboxItem) -> bool:
        """Record that the member reads the body: a log entry each time, the time only once. False if it is not its own now."""

    async def acknowledge(self, item: InboxItem, *, receipt: bytes) -> bool:
        """Take an item from the inbox and put `receipt` in the outbox; False if it was acknowledged, or handed over, before."""

    async def backlog(self) -> dict[str, int]:
        """Return counts by state: `outbox_due`, `outbox_waiting`, `inbox_waiting`, `log_unsequenced`."""
