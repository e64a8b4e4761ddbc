"""What keeps a port from doing what it is asked, as exceptions that its callers know."""

from __future__ import annotations

from datetime import datetime


class KeyConflictError(Exception):
    """An idempotency key already stands for other bytes; `scope` says which kind of key, `message_id` names the first message."""

    def __init__(self, *, scope: str, message_id: str) -> None:
        super().__init__(f"{scope} already used by {message_id}")
        self.scope = scope
        self.message_id = message_id


class StillParkedError(Exception):
    """The same bytes are kept as a parked document; it is decided under its own id."""

    def __init__(self, *, message_id: str) -> None:
        super().__init__(f"parked as {message_id}")
        self.message_id = message_id


class DeadlinePassedError(Exception):
    """By the database's clock, which says `now`, the deadline of a message has passed before it was accepted."""

    def __init__(self, now: datetime) -> None:
        super().__init__(f"the database's time is {now.isoformat()}")
        self.now = now


class NoRoomError(Exception):
    """The member has as much parked as it may."""


class NotHeldError(Exception):
    """A parked document is not held under this fence any more: it was withdrawn, or is another process's now."""


class UnavailableError(Exception):
    """Something outside this process cannot be used right now, and its text says what; waiting is all that can be done."""


class QueuesMissingError(UnavailableError):
    """The axis lacks queues that this process may not make; those that are there can be used."""


class StaleRegistryError(Exception):
    """The registry changed between examination and commit; examine again with the current directory."""


class InstantPassedError(StaleRegistryError):
    """By the database's clock it is another time of the registry than by this process's; examine again as of `now`."""

    def __init__(self, now: datetime) -> None:
        super().__init__(f"the database's time is {now.isoformat()}")
        self.now = now
