"""What the checker judges: the ledger, and what is left in databases, logs and queues, all as plain values.

Nothing here asks anybody anything; `tests.faults.collecting` does. So every invariant can be tried on evidence that was made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from routing.log import LogEntry
from tests.faults.ledger import ACCEPT, Answer, Attempt, Ledger

ACCEPTED: Final = 201
PARKED: Final = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What a gateway's database says of one delivery."""

    message_id: str
    code: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One entry of a routing log: its place in the tree, its hash, and what it says."""

    index: int | None
    leaf_sha256: str
    entry: LogEntry
    shown_at: float | None = None
    """When anybody was first shown a checkpoint over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposition:
    """What one gateway left behind."""

    gateway: str
    placed: tuple[Placed, ...] = ()
    fates: tuple[Fate, ...] = ()
    verified: bool = True
    """Whether the offline verifier finds nothing wrong, also with the checkpoints that were collected from outside."""

    findings: tuple[str, ...] = ()
    unnoticed: tuple[str, ...] = ()
    """Ways of falsifying a copy of the log that the verifier did not notice."""

    unreplayable: tuple[str, ...] = ()
    """Decisions that the registry version named in the log does not reproduce."""

    backlog: Mapping[str, int] = field(default_factory=dict)
    """By place: rows that are still owed, after everything should have been settled."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that a trial left behind."""

    ledger: Ledger = field(default_factory=Ledger)
    depositions: tuple[Deposition, ...] = ()
    leftovers: Mapping[str, int] = field(default_factory=dict)
    """By queue: messages that were drained from it at the end."""

    heal_seconds: Mapping[str, float | None] = field(default_factory=dict)
    """By fault: seconds from its end until everything was settled; None if it never was."""

    poison: int = 0
    """How many messages of a stranger came to gateways; each has to be discarded, with an entry."""

    broken: tuple[tuple[str, str], ...] = ()
    """What faults themselves saw that must not be: the invariant, and what."""

    expiry: datetime | None = None
    """When the certificates of those who take part end; by a clock that is years ahead they have."""

    unready: tuple[str, ...] = ()
    """Processes that do not call themselves ready at the end, with the reason."""

    @cached_property
    def attempts(self) -> dict[str, Attempt]:
        """Attempts by their id."""
        return {each.attempt: each for each in self.ledger.attempts}

    @cached_property
    def acceptances(self) -> tuple[tuple[Attempt, Answer], ...]:
        """Every attempt that was answered with a promise, with that answer."""
        return tuple(
            (self.attempts[each.attempt], each)
            for each in self.ledger.answers
            if each.status in {ACCEPTED, PARKED} and each.attempt in self.attempts
        )

    @cached_property
    def accepted(self) -> dict[str, Attempt]:
        """By message id: what was accepted under it."""
        return {answer.message_id: attempt for attempt, answer in self.acceptances if answer.message_id}

    def calm_since(self, t: float) -> float:
        """Return the first moment from `t` on at which no fault was at work."""
        began = None
        for phase in self.ledger.phases:
            if phase.what == "began" and phase.t <= t:
                began = phase
            elif phase.what == "healed" and began is not None and phase.fault == began.fault:
                if t < phase.t:
                    return phase.t
                began = None
        return t

    def in_phase(self, name: str, t: float) -> bool:
        """Say whether a moment lies between the beginning of a phase and its end."""
        times = {phase.what: phase.t for phase in self.ledger.phases if phase.fault == name}
        return times.get("began", t + 1) <= t <= times.get("healed", t)

    @cached_property
    def hostile(self) -> frozenset[str]:
        """The hashes of what must never be let in."""
        return frozenset(each.sha256 for each in self.ledger.attempts if each.expect != ACCEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What must not be exceeded."""

    heal_seconds: float = 120.0
    in_log_seconds: float = 60.0
    attempts: int = 40
    """Times that one delivery may be sent."""

    resident: int = 700 * 2**20
    descriptors: int = 400
    refusal_seconds: float = 1.0
    """Within which 99 of 100 refusals are answered."""
