"""The port for what is relied upon when signatures are verified."""

from __future__ import annotations

from typing import Protocol

from certs.trust import Trust


class TrustSource(Protocol):
    """The trust anchors in force, as an immutable value."""

    def trust(self) -> Trust:
        """Return the current anchors."""
