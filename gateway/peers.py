"""Other gateways: whom this one believes when it meets them on a broker, and what the two share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerGateway:
    """A gateway whose envelopes and receipts this one believes, by its verifier key (C2SP vkey)."""

    name: str
    verifier_key: str
    shares_payloads: bool = False
    """Whether both read and write one payload store; a gateway shares with itself."""
