"""Wake-ups inside one process: who waits for a topic hears at once that something is new.

A wake-up is only a hint. Everything that waits also looks again after a while by itself, so that a lost hint, or news from
another process, costs time and never a document.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

OUTBOX = "outbox"
LOG = "log"
MEMBERS = "members"
PARKED = "parked"
CHANGES = "changes"
DEAD = "dead"


def inbox_of(member_id: str) -> str:
    """Name the topic of a member's inbox."""
    return f"inbox/{member_id}"


class Bell:
    """Topics to wait on. Listen first, then look, then wait: news between looking and waiting is not lost."""

    def __init__(self) -> None:
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def listen(self, topic: str) -> asyncio.Event:
        """Return what the next `ring` of this topic sets."""
        return self._events[topic]

    def ring(self, topic: str) -> None:
        """Wake everyone who listens now."""
        event = self._events.pop(topic, None)
        if event is not None:
            event.set()


async def wait(event: asyncio.Event, timeout: float) -> None:  # noqa: ASYNC109 - running out of time is the normal case here
    """Wait until the event is set, at most `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return
