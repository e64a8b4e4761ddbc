"""Questions about deliveries that arrived and whose last receipt has not come.

A receipt is sent until the broker confirms it, and a broker can lose what it confirmed. While nothing has come of a delivery, the
document itself is sent again; once it has arrived, a question of some 300 bytes is, and the answer is the last receipt again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question is about: a delivery, and the message that it is of."""

    delivery_id: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A sealed question about one delivery, for the queue that the document went to."""

    delivery_id: str
    envelope: bytes
