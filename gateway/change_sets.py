"""Changes of the registry as data: the facts that travel between the flow, the port and the API.

Invariants: `lines` is what is signed, one line for each version of a code that ends or begins to be known, and `diff_sha256` its
SHA-256; `diff` is the same told to people; both are kept compressed. A change set with faults has neither. `revision` grows with
every change of the row, so that nobody acts on what they have not seen.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.records import Json
from routing.change_approval import OfficerRole
from routing.change_state import ChangeState, shown


def pack(raw: bytes) -> bytes:
    """Compress what is kept."""
    return zlib.compress(raw, 1)


def unpack(packed: bytes) -> bytes:
    """Return what was packed.

    Raises:
        ValueError: it is not what `pack` made.

    """
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError(str(error)) from error


LONGEST_EMERGENCY: Final = timedelta(hours=72)
"""For how long a change may stand that a second officer has not ratified."""


class SourceType(StrEnum):
    """What a change set was made from."""

    CHANGES_CSV = "changes.csv"
    CHANGES_XLSX = "changes.xlsx"
    CHANGES_JSON = "changes.json"
    AGENCIES_CSV = "agencies.csv"
    AGENCIES_XLSX = "agencies.xlsx"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file as it came; a rollback has none. `effective_at` is for what names no moment itself: whole lists and rollbacks."""

    name: str
    type: SourceType
    content: bytes | None
    sha256: str | None
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What validation found against one version of the registry: faults (the first of `fault_count`), or a diff."""

    base_version: int
    faults: tuple[Mapping[str, Json], ...]
    fault_count: int
    lines: bytes
    diff: bytes
    diff_sha256: str | None
    counts: Mapping[str, Json]
    instants: tuple[datetime, ...]

    @property
    def state(self) -> ChangeState:
        """What a change set is that has just been looked at."""
        return ChangeState.DRAFT if self.fault_count else ChangeState.VALIDATED


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """A change set to be kept."""

    id: str
    title: str
    legal_basis: str
    source: Source
    retroactive: bool
    findings: Findings
    proposer: str
    held: bool = False
    rolls_back: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One officer's signature; `void_at` is the moment from which it does not count any more."""

    officer: str
    role: OfficerRole
    verifier_key: str
    base_version: int
    diff_sha256: str
    signed_at: datetime
    signature: str
    at: datetime
    void_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApproval:
    """A signature that was checked."""

    officer: str
    role: OfficerRole
    verifier_key: str
    signed_at: datetime
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set without what is big of it; `approvals` are all that there ever were, the oldest first.

    What is `held` waits for somebody to release it once it is approved. `reason` says why it came to its state,
    `emergency` why one officer put it in force, until `expires_at` if nobody ratifies.
    """

    id: str
    revision: int
    title: str
    legal_basis: str
    state: ChangeState
    source_name: str
    source_type: SourceType
    source_sha256: str | None
    retroactive: bool
    held: bool
    effective_at: datetime | None
    base_version: int
    faults: tuple[Mapping[str, Json], ...]
    fault_count: int
    diff_sha256: str | None
    counts: Mapping[str, Json]
    instants: tuple[datetime, ...]
    proposer: str
    reason: str | None
    rolls_back: str | None
    emergency: str | None
    expires_at: datetime | None
    version: int | None
    created_at: datetime
    changed_at: datetime
    approvals: tuple[Approval, ...] = ()

    def shown(self, at: datetime) -> ChangeState:
        """Return the state at a moment, `ACTIVE` included."""
        return shown(self.state, self.instants, at)

    def approval(self, role: OfficerRole) -> Approval | None:
        """Return the signature in this role that counts."""
        return next((each for each in self.approvals if each.role is role and each.void_at is None), None)

    @property
    def first(self) -> Approval | None:
        """The signature of whoever answers for it first."""
        return self.approval(OfficerRole.PROPOSER) or self.approval(OfficerRole.EMERGENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeContent:
    """What is big of a change set."""

    source: bytes | None
    lines: bytes
    diff: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerKey:
    """The public key under which the holder of a credential signs, and in which time."""

    credential_id: str
    verifier_key: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryVersion:
    """One version of the registry: since when it is the newest, who made it, and of what."""

    version: int
    sha256: str
    activated_at: datetime
    actor: str
    source: str

    @property
    def change(self) -> str | None:
        """The change set that it was made of."""
        prefix, _, change_id = self.source.partition(" ")
        return change_id if prefix == "change" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A delivery that is not at its end: to which code it goes now, and when its document was accepted."""

    delivery_id: str
    message_id: str
    code: str
    member_id: str
    state: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What passes through the codes of a change: deliveries under way, and messages since a moment by code."""

    under_way: tuple[UnderWay, ...]
    sent: Mapping[str, int]
    received: Mapping[str, int]
