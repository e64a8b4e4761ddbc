"""Who may call: credentials as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A bearer token's public half: who holds it and what it may do. The secret is stored only as SHA-256."""

    id: str
    label: str
    member_id: str | None
    roles: frozenset[str]
    secret_sha256: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
