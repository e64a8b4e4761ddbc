"""The life of one document as the log tells it: which entry may follow which.

A history has one state for the document as a whole, and for each recipient one for the sending and one for
the receiving side (`routing.log_kinds`). The two sides move freely against each other, for where one
gateway hosts both they share a log, and an arrival can be written before the confirm of the publishing that
caused it. What is fixed: nothing is sent that was not accepted, or to anyone it was not addressed to; only
what is parked is withdrawn; nothing is fetched that did not arrive; acknowledgements and refusals are final
and exclude each other; what expired is sent no more, and a receipt for it comes late; what others
say of a document (statuses, recalls, answers) may come at any time once it was accepted or arrived.

Confirms and returns of earlier attempts may come at any later time; they leave the state as it is.

Invariant: whatever is found wrong, the history goes on from the entry as it stands, so that one fault is
found once and not again with every later entry; after a gap nothing can be said of the step across it.
"""

from collections.abc import Mapping
from sys import intern
from types import MappingProxyType
from typing import Final, cast

from routing.findings import AuditFinding, HistoryBroken, HistoryGap, HistoryIllegal
from routing.log import FIRST_SEQ, LogEntry
from routing.log_kinds import RECEIVING, SENDING, Kind

_DECIDED = frozenset({Kind.ACCEPTED, Kind.REJECTED, Kind.UNDECIDED, Kind.PARKED, Kind.WITHDRAWN})
_NOT_TAKEN = _DECIDED - {Kind.ACCEPTED}
_LATE = frozenset({Kind.BROKER_CONFIRMED, Kind.RETURNED})
_RECEIPTS = frozenset({Kind.DELIVERED_RECEIPT, Kind.ACKNOWLEDGED_RECEIPT, Kind.REFUSED_RECEIPT})
_DISPOSED = frozenset(
    {
        Kind.PUBLISH_ATTEMPT,
        Kind.HELD,
        Kind.REROUTED,
        Kind.REQUEUED,
        Kind.UNDELIVERABLE,
        Kind.EXPIRED,
    }
)
_UNDER_WAY = _DISPOSED | _LATE | _RECEIPTS
_ARRIVALS = frozenset({Kind.ARRIVED, Kind.ARRIVAL_REFUSED, Kind.ARRIVAL_UNDECIDED})
_TAKEN = frozenset({Kind.HANDED_OVER, Kind.FETCHED, Kind.ACKNOWLEDGED, Kind.RECIPIENT_REFUSED})
_SPOKEN_OF = frozenset({Kind.STATUS, Kind.REFERRED})
_NONE: frozenset[Kind] = frozenset()

MOVES: Final[Mapping[Kind | None, frozenset[Kind]]] = MappingProxyType(
    {
        Kind.UNDECIDED: frozenset({Kind.ACCEPTED, Kind.REJECTED, Kind.UNDECIDED}),
        Kind.PARKED: frozenset({Kind.PARKED, Kind.ACCEPTED, Kind.REJECTED, Kind.WITHDRAWN}),
        Kind.WITHDRAWN: _NONE,
        Kind.ACCEPTED: _NONE,
        Kind.REJECTED: _NONE,
        Kind.PUBLISH_ATTEMPT: _UNDER_WAY,
        Kind.BROKER_CONFIRMED: _UNDER_WAY,
        Kind.RETURNED: _UNDER_WAY,
        Kind.RELEASED: _UNDER_WAY,
        Kind.REROUTED: _UNDER_WAY,
        Kind.REQUEUED: _UNDER_WAY,
        Kind.HELD: _RECEIPTS | {Kind.RELEASED, Kind.REROUTED, Kind.UNDELIVERABLE, Kind.EXPIRED},
        Kind.UNDELIVERABLE: _RECEIPTS | {Kind.RELEASED},
        Kind.EXPIRED: _NONE,
        Kind.LATE_RECEIPT: _NONE,
        Kind.DELIVERED_RECEIPT: frozenset({Kind.ACKNOWLEDGED_RECEIPT, Kind.REFUSED_RECEIPT}),
        Kind.ACKNOWLEDGED_RECEIPT: _NONE,
        Kind.REFUSED_RECEIPT: _NONE,
        Kind.ARRIVAL_UNDECIDED: _ARRIVALS,
        Kind.ARRIVED: _TAKEN,
        Kind.HANDED_OVER: _TAKEN,
        Kind.FETCHED: _TAKEN,
        Kind.ARRIVAL_REFUSED: _NONE,
        Kind.ACKNOWLEDGED: _NONE,
        Kind.RECIPIENT_REFUSED: _NONE,
    }
)
"""The state that each state may become; a state is the kind of the entry that brought it about."""

STAYS: Final[Mapping[Kind | None, frozenset[Kind]]] = MappingProxyType(
    {
        Kind.HELD: _LATE | {Kind.REQUEUED},
        Kind.UNDELIVERABLE: _LATE,
        Kind.EXPIRED: _LATE | {Kind.LATE_RECEIPT},
        Kind.DELIVERED_RECEIPT: _LATE,
        Kind.ACKNOWLEDGED_RECEIPT: _LATE | {Kind.DELIVERED_RECEIPT},
        Kind.REFUSED_RECEIPT: _LATE | {Kind.DELIVERED_RECEIPT},
        Kind.ACKNOWLEDGED: frozenset({Kind.FETCHED}),
    }
)
"""What may come in each state and leave it as it is."""


class History:
    """What must be remembered of one document to judge its next entry."""

    __slots__ = ("_head", "_intake", "_receiving", "_sending", "_seq")

    def __init__(self) -> None:
        self._seq = FIRST_SEQ - 1
        self._head: bytes | None = None
        self._intake: Kind | None = None
        self._sending: dict[str, Kind | None] | None = None
        self._receiving: dict[str, Kind | None] | None = None

    def follow(self, entry: LogEntry, *, index: int, entry_hash: bytes) -> list[AuditFinding]:
        """Take the document's next entry, found at `index` of the log, and return what is wrong with it."""
        findings: list[AuditFinding] = []
        expected = self._seq + 1
        document_id = cast("str", entry.document_id)
        broken = entry.prev != self._head
        reason = self._move(entry)
        if entry.seq != expected:
            findings.append(
                HistoryGap(index=index, document_id=document_id, seq=entry.seq, expected=expected)
            )
        else:
            if broken:
                findings.append(HistoryBroken(index=index, document_id=document_id))
            if reason is not None:
                findings.append(
                    HistoryIllegal(index=index, document_id=document_id, kind=entry.kind, reason=reason)
                )
        self._seq = cast("int", entry.seq)
        self._head = entry_hash
        return findings

    def _move(self, entry: LogEntry) -> str | None:
        """Change the state as `entry` says; return why it may not, if so."""
        kind = entry.kind
        if kind in SENDING:
            return self._send(kind, intern(cast("str", entry.fields["recipient"])))
        if kind in RECEIVING:
            return self._receive(kind, intern(cast("str", entry.fields["recipient"])))
        if kind in _DECIDED:
            return self._decide(entry)
        refused = self._intake in _NOT_TAKEN
        if kind is Kind.ROUTED:
            self._address(entry)
            return None if self._intake is Kind.ACCEPTED else "the document was not accepted"
        if kind in _SPOKEN_OF and refused:
            return f"the document is {self._intake}"
        known = self._intake is not None or self._receiving is not None
        return None if known else "the document was neither accepted nor received"

    def _decide(self, entry: LogEntry) -> str | None:
        before = self._intake
        self._intake = entry.kind
        if entry.kind is Kind.ACCEPTED:
            self._address(entry)
        if before is None and entry.kind is Kind.WITHDRAWN:
            return "it comes first"
        if before is None:
            return None if self._receiving is None else "the document had arrived before"
        return None if entry.kind in MOVES[before] else f"it follows {before}"

    def _address(self, entry: LogEntry) -> None:
        """Note to whom the document may be sent."""
        if self._sending is None:
            self._sending = {}
        for recipient in cast("list[str]", entry.fields["recipients"]):
            self._sending.setdefault(intern(recipient))

    def _send(self, kind: Kind, recipient: str) -> str | None:
        if self._sending is None:
            self._sending = {recipient: kind}
            return "the document was not accepted"
        if recipient not in self._sending:
            self._sending[recipient] = kind
            return f"the document is not addressed to {recipient}"
        return _step(self._sending, recipient, kind, first=_DISPOSED)

    def _receive(self, kind: Kind, recipient: str) -> str | None:
        refused = self._intake in _NOT_TAKEN
        if self._receiving is None:
            self._receiving = {}
        reason = _step(self._receiving, recipient, kind, first=_ARRIVALS)
        return f"the document is {self._intake}" if refused else reason


def _step(
    states: dict[str, Kind | None], recipient: str, kind: Kind, *, first: frozenset[Kind]
) -> str | None:
    """Move one recipient's state on; return why it may not, if so."""
    before = states.get(recipient)
    if before is not None and kind in STAYS.get(before, _NONE):
        return None
    states[recipient] = kind
    if kind in (first if before is None else MOVES[before]):
        return None
    return f"it follows {before}" if before else "it comes first"
