"""The port for the keys under which this gateway's receipts can be checked: the present one, and all that came before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

OVERLAP: Final = timedelta(days=1)
"""How long a key stays good for new receipts after another one took over: processes that still run with it have to be stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """A verifier key (C2SP vkey): it has signed nothing that happened after `valid_until`."""

    verifier_key: str
    valid_from: datetime
    valid_until: datetime | None


class ReceiptKeys(Protocol):
    """The keys for receipts. A key is never removed, so that old receipts can be checked for ever."""

    async def publish(self, verifier_key: str) -> None:
        """Make this the key in use; the ones before it are good for `OVERLAP` more. Logs `key_rotated` with purpose `receipt`.

        The key that is in use already changes nothing. One that was in use before is in use again.
        """

    async def published(self) -> tuple[PublishedKey, ...]:
        """Return every key, the oldest first."""
