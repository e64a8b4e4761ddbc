"""Verdicts on documents that came before, as `Client.verdicts`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from gateway.client.transport import Transport, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the signature of a document is worth when it is judged again, and what was concluded when it came."""

    id: str
    sha256: str
    found_at: datetime
    at: datetime
    agrees: bool
    before: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    findings: tuple[dict[str, Any], ...] = ()


class VerdictResource:
    """Judges again, over the transport of a client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def replay(
        self, message_id: str, *, at: datetime | None = None, policy: str | None = None
    ) -> Replayed:
        """Have the signature of a document judged again, at another moment or under a policy (TOML) of one's own."""
        asked = {"at": at.isoformat() if at else None, "policy": policy}
        body = msgspec.json.encode({name: value for name, value in asked.items() if value is not None})
        path = f"/v1/documents/{quote(message_id, safe='')}/verdict:replay"
        headers = {"Content-Type": "application/json"}
        answer = await self._transport.call("POST", path, headers=headers, body=body, repeatable=True)
        replayed: Replayed = decode(path, answer, Replayed)
        return replayed
