"""What the database holds about decisions, as an auditor gets to read it beside the log entries that speak of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.records import Json, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvidence:
    """What the database says of a message that entries speak of: itself and to which codes it went or for which it came.

    `leaf_sha256` names the entry of its acceptance, where it was accepted here; `signature` is what was found in its signature.
    """

    message: Message
    leaf_sha256: str | None
    signature: Mapping[str, Json] | None
    recipients: tuple[str, ...]
    arrived_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalEvidence:
    """An arrival and what was decided about it; the receipts are as they were sent back."""

    delivery_id: str
    message_id: str
    code: str
    member_id: str
    refusal: str | None
    receipt: bytes
    acknowledgement: bytes | None
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEvidence:
    """A version of the registry: the hash it was activated with, and the hash of what the tables hold for it now."""

    version: int
    sha256: str
    recomputed_sha256: str
    activated_at: datetime
    actor: str
    source: str
