"""What the systems of the rehearsal saw with their own eyes: what they sent, what was answered, and what they took out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from tests.rehearsal.cast import Addressee, Pen


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One document and what became of it: its id where it was accepted, the code of the refusal where it was not."""

    sha256: str
    pen: Pen
    addressee: Addressee
    began: datetime
    ended: datetime
    document_id: str | None
    refusal: str | None


@dataclass(slots=True)
class Ledger:
    """Everything that was seen from outside."""

    sent: list[Sent] = field(default_factory=list)
    answered_again: int = 0
    broken: list[str] = field(default_factory=list)
    """What should never happen, in words."""

    taken: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    """By the hash of the bytes: which system took them, for which code."""

    @property
    def accepted(self) -> list[Sent]:
        """What was answered with an acceptance."""
        return [each for each in self.sent if each.document_id is not None]
