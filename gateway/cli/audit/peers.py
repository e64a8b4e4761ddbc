"""What the log says of other gateways: which were believed under which key and on what terms, since when and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from routing.log import Kind, LogEntry

PEER_KINDS: Final = frozenset({Kind.PEER_CHANGED, Kind.PEER_REMOVED})
"""Kinds that speak of nothing else."""

_STATED: Final = frozenset({Kind.KEY_ROTATED, Kind.PEER_CHANGED})


@dataclass(slots=True, kw_only=True)
class PeerSpan:
    """What was stated of a gateway, for as long as it counted."""

    gateway: str
    verifier_key: str
    shares_payloads: bool
    since: datetime
    until: datetime | None = None


def note_peer(spans: list[PeerSpan], entry: LogEntry) -> None:
    """Note what an entry says of a gateway: whatever was stated of it before ends."""
    gateway = str(entry.fields.get("gateway"))
    for span in spans:
        if span.gateway == gateway and span.until is None:
            span.until = entry.t
    if entry.kind in _STATED:
        # Entries from before it could be stated do not say it: all gateways on one broker had to share then.
        shares = entry.fields.get("shares_payloads", True)
        key = str(entry.fields["verifier_key"])
        spans.append(PeerSpan(gateway=gateway, verifier_key=key, shares_payloads=bool(shares), since=entry.t))
