"""Officers of the code registry with keys of their own, as they sign changes of the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.change_approval import ApprovalFacts, OfficerRole, sign_approval
from routing.note import verifier_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Somebody who proposes or approves; `name` is that of the key, and of the token in tests of the API."""

    name: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def verifier_key(self) -> str:
        """The public half, as it is registered."""
        return verifier_key(self.name, self.key.public_key())

    def sign(
        self, change: dict[str, Any], role: OfficerRole, /, *, at: datetime, **other: Any
    ) -> dict[str, Any]:
        """Sign a change set as the API shows it, with some facts put otherwise."""
        facts = {
            "change": change["id"],
            "diff_sha256": change["diff_sha256"],
            "base_version": change["base_version"],
            **other,
        }
        return sign_approval(ApprovalFacts(role=role, at=at, **facts), key=self.key, key_name=self.name)
