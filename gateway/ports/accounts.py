"""The port for credentials."""

from __future__ import annotations

from typing import Protocol

from gateway.credentials import Credential


class Accounts(Protocol):
    """Who may call: credentials bound to members and roles."""

    async def credential(self, credential_id: str) -> Credential | None:
        """Return a credential, revoked or expired ones too: the caller judges."""

    async def issue(self, credential: Credential, *, actor: str) -> None:
        """Store a credential. Logs `credential_issued`."""

    async def revoke(self, credential_id: str, *, actor: str) -> bool:
        """Revoke a credential; False if there is none. Logs `credential_revoked`."""

    async def is_empty(self) -> bool:
        """Say whether no credential was ever issued."""
