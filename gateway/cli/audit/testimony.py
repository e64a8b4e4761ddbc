"""What the routing log says, gathered entry by entry while it is audited, so that the database's rows can be held against it.

Invariant: only the log speaks here; nothing is looked up in the tables that it shall testify about. Memory: about 2 KB for each
document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from gateway.cli.audit.peers import PEER_KINDS, PeerSpan, note_peer
from gateway.cli.audit.spoken import CHANGE_KINDS, Spoken, note_change
from gateway.ports.receipt_keys import OVERLAP
from routing.delivery import DeliveryState
from routing.errors_log import LogError
from routing.heading import Rule
from routing.log import Kind, LogEntry, read_leaf
from schemas.references import Relation

_CERTIFICATE_KINDS = frozenset(
    {
        Kind.CERTIFICATE_BOUND,
        Kind.CERTIFICATE_SUSPENDED,
        Kind.CERTIFICATE_RESUMED,
        Kind.CERTIFICATE_REVOKED,
    }
)
_NOT_ACCEPTED = frozenset({Kind.REJECTED, Kind.UNDECIDED, Kind.PARKED})
_TRUST_KINDS = frozenset({Kind.TRUST_ADDED, Kind.TRUST_CHANGED, Kind.TRUST_RETIRED})
_REGISTRY_KINDS = _CERTIFICATE_KINDS | {Kind.REGISTRY_ACTIVATED, Kind.MEMBER_ADDED, Kind.MEMBER_CHANGED}
_RECEIPTS = {
    Kind.DELIVERED_RECEIPT: DeliveryState.RECEIVED,
    Kind.ACKNOWLEDGED_RECEIPT: DeliveryState.ACKNOWLEDGED,
    Kind.REFUSED_RECEIPT: DeliveryState.REFUSED,
    Kind.UNDELIVERABLE: DeliveryState.UNDELIVERABLE,
    Kind.EXPIRED: DeliveryState.EXPIRED,
}

_DIVERSIONS = frozenset({Kind.HELD, Kind.RELEASED, Kind.REROUTED})
TOLD = _DIVERSIONS | {Kind.UNDELIVERABLE, Kind.EXPIRED, Kind.LATE_RECEIPT}
"""Of what senders are told."""

Fields = Mapping[str, Any]


@dataclass(slots=True)
class Transit:
    """What the log says of one delivery, on the sending side and on the receiving side."""

    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    reason: str | None = None
    settled_at: datetime | None = None
    towards: Fields | None = None
    """Where it was sent on to, by the last entry that says so."""
    formerly: tuple[str, ...] = ()
    chosen_at: datetime | None = None
    held_since: datetime | None = None
    late: str | None = None
    handed: Fields | None = None
    """To whom the arrival was handed over."""
    arrived: Fields | None = None
    arrived_at: datetime | None = None
    refusal: str | None = None
    fetched_at: datetime | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of a parked document, by the value of a `ParkedState`; `reason` is the code of a refusal."""

    state: str
    at: datetime
    reason: str | None


@dataclass(slots=True)
class Life:
    """What the log says of one document."""

    accepted: Fields | None = None
    accepted_at: datetime | None = None
    leaf_sha256: str = ""
    routes: list[Fields] = field(default_factory=list)
    transits: dict[str, Transit] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    parked: Fields | None = None
    parked_at: datetime | None = None
    ended: Ending | None = None
    told: dict[str, tuple[LogEntry, str]] = field(default_factory=dict)
    """Of what its sender is told: the entry and the delivery, by the hash of the entry."""
    mentions: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When which message came to speak of it, by message id and relation."""

    def transit(self, delivery_id: str) -> Transit:
        """Return what is said of one delivery."""
        return self.transits.setdefault(delivery_id, Transit())


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """What the log says of one version of the registry."""

    sha256: str
    actor: str
    source: str
    at: datetime


@dataclass(slots=True)
class Span:
    """What the log says of a key for receipts: since when it is in use, and until when it was."""

    since: datetime
    until: datetime | None = None


@dataclass(slots=True)
class Testimony:
    """Everything that the log says and the tables repeat."""

    lives: dict[str, Life] = field(default_factory=dict)
    activations: dict[int, Activation] = field(default_factory=dict)
    credentials: dict[str, Fields] = field(default_factory=dict)
    revocations: dict[str, datetime] = field(default_factory=dict)
    peers: list[PeerSpan] = field(default_factory=list)
    receipt_keys: dict[str, Span] = field(default_factory=dict)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    """When bytes that were not accepted at once were first decided on, by SHA-256."""
    changes: dict[str, list[Spoken]] = field(default_factory=dict)
    """What is said of each change set, in order."""
    officer_keys: list[Fields] = field(default_factory=list)
    log_key: str | None = None
    trust: dict[int, Fields] = field(default_factory=dict)
    """What each version of the trust store changed."""

    def listen(
        self, entries: Iterable[tuple[int | None, bytes, bytes]]
    ) -> Iterator[tuple[int | None, bytes, bytes]]:
        """Pass entries on, noting what each of them says; one that cannot be read is left to the audit of the log."""
        for index, raw, stored in entries:
            try:
                entry = read_leaf(raw)
            except LogError:
                pass
            else:
                self._note(entry, stored)
            yield index, raw, stored

    def _note(self, entry: LogEntry, stored: bytes) -> None:
        if entry.document_id is not None:
            life = self.lives.setdefault(entry.document_id, Life())
            _note_document(life, entry, stored)
            if entry.kind in _NOT_ACCEPTED and "payload_sha256" in entry.fields:
                self.first_seen.setdefault(str(entry.fields["payload_sha256"]), entry.t)
        elif entry.kind in _REGISTRY_KINDS:
            self._note_registry(entry)
        elif entry.kind in CHANGE_KINDS:
            note_change(self.changes, entry)
        elif entry.kind in _TRUST_KINDS:
            self.trust[cast("int", entry.fields["trust_number"])] = {**entry.fields, "at": entry.t}
        else:
            self._note_access(entry)

    def _note_registry(self, entry: LogEntry) -> None:
        fields: Fields = entry.fields
        version = fields.get("registry_version")
        if not isinstance(version, int):
            return
        source = f"member {fields.get('member')}"
        if entry.kind is Kind.REGISTRY_ACTIVATED:
            change = fields.get("change")
            source = str(fields.get("source_sha256")) if change is None else f"change {change}"
        elif entry.kind in _CERTIFICATE_KINDS:
            source = f"certificate {fields.get('certificate_sha256')}"
        self.activations[version] = Activation(
            sha256=str(fields.get("registry_sha256")),
            actor=str(fields.get("actor")),
            source=source,
            at=entry.t,
        )

    def _note_access(self, entry: LogEntry) -> None:
        fields: Fields = entry.fields
        if entry.kind is Kind.LOG_OPENED:
            self.log_key = str(fields["verifier_key"])
        elif entry.kind is Kind.CREDENTIAL_ISSUED:
            self.credentials[str(fields["credential"])] = {**fields, "at": entry.t}
        elif entry.kind is Kind.CREDENTIAL_REVOKED:
            self.revocations[str(fields["credential"])] = entry.t
        elif entry.kind in PEER_KINDS or fields.get("purpose") == "peer":
            note_peer(self.peers, entry)
        elif entry.kind is Kind.KEY_ROTATED and fields.get("purpose") == "officer":
            self.officer_keys.append({**fields, "at": entry.t})
        elif entry.kind is Kind.KEY_ROTATED and fields.get("purpose") == "receipt":
            self._note_receipt_key(str(fields["verifier_key"]), entry.t)

    def _note_receipt_key(self, key: str, at: datetime) -> None:
        for span in self.receipt_keys.values():
            span.until = span.until or at + OVERLAP
        self.receipt_keys.setdefault(key, Span(since=at)).until = None


def _note_document(life: Life, entry: LogEntry, stored: bytes) -> None:
    fields: Fields = entry.fields
    match entry.kind:
        case Kind.ACCEPTED:
            life.accepted, life.accepted_at, life.leaf_sha256 = fields, entry.t, stored.hex()
            life.routes.extend(fields.get("routes", ()))
            _end(life, "accepted", entry)
        case Kind.PARKED:
            life.parked, life.parked_at = fields, entry.t
        case Kind.REJECTED:
            _end(life, "refused", entry)
        case Kind.WITHDRAWN:
            _end(life, "withdrawn", entry)
        case Kind.ROUTED:
            life.routes.extend(fields.get("routes", ()))
        case Kind.STATUS:
            life.mentions[str(fields["status_message"]), Relation.ANSWERS.value] = entry.t
        case Kind.REFERRED:
            life.mentions[str(fields["message"]), str(fields["relation"])] = entry.t
        case Kind.PAYLOAD_ERASED:
            life.erased.add(str(fields["payload_sha256"]))
        case _ if isinstance(fields.get("delivery"), str):
            _note_delivery(life, entry, stored)
        case _:
            pass


def _note_delivery(life: Life, entry: LogEntry, stored: bytes) -> None:
    delivery_id = str(entry.fields["delivery"])
    _note_transit(life.transit(delivery_id), entry)
    if entry.kind in TOLD:
        life.told[stored.hex()] = (entry, delivery_id)
    if entry.kind is Kind.LATE_RECEIPT:
        life.transit(delivery_id).late = str(entry.fields["stage"])


def _end(life: Life, outcome: str, entry: LogEntry) -> None:
    if life.parked is not None:
        life.ended = Ending(
            state=outcome,
            at=entry.t,
            reason=str(entry.fields["reason"]) if "reason" in entry.fields else None,
        )


def _note_transit(transit: Transit, entry: LogEntry) -> None:
    fields: Fields = entry.fields
    match entry.kind:
        case Kind.PUBLISH_ATTEMPT:
            transit.attempts += 1
        case kind if kind in _DIVERSIONS:
            _note_diversion(transit, entry)
        case Kind.HANDED_OVER:
            transit.handed, transit.fetched_at = fields, None
        case Kind.BROKER_CONFIRMED:
            if transit.state.can_become(DeliveryState.CONFIRMED):
                transit.state = DeliveryState.CONFIRMED
        case Kind.ARRIVED | Kind.ARRIVAL_REFUSED:
            transit.arrived, transit.arrived_at = fields, entry.t
            transit.refusal = fields["reason"] if entry.kind is Kind.ARRIVAL_REFUSED else None
        case Kind.FETCHED:
            transit.fetched_at = transit.fetched_at or entry.t
        case Kind.ACKNOWLEDGED:
            transit.acknowledged_at = entry.t
        case kind if kind in _RECEIPTS:
            transit.state, transit.settled_at = _RECEIPTS[kind], entry.t
            transit.reason, transit.held_since = fields.get("reason"), None
        case _:
            pass


def _note_diversion(transit: Transit, entry: LogEntry) -> None:
    """Note that a delivery was held, goes on, or goes elsewhere; until the axis says something, a row says just that."""
    fields: Fields = entry.fields
    is_held = entry.kind is Kind.HELD
    transit.state = DeliveryState.HELD if is_held else DeliveryState.QUEUED
    transit.held_since = transit.settled_at = entry.t if is_held else None
    transit.reason = fields.get("reason") if is_held else None
    if entry.kind is Kind.REROUTED:
        former = str(fields.get("former_member"))
        if former != fields.get("member") and former not in transit.formerly:
            transit.formerly = (*transit.formerly, former)
        transit.towards = fields
        transit.chosen_at = entry.t if fields["rule"] == Rule.CHOSEN.value else transit.chosen_at
