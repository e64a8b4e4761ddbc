"""What a receipt is made from: one entry of the routing log, and nothing else.

A receipt cannot say what the log does not say, because it is read from the log's own bytes
(`receipt_of`); and whoever holds a receipt and the entry makes it again and compares (`match_receipt`).
An entry that decides nothing about a document's way gives no receipt, nor does the refusal of a request
whose bytes were never read.

Invariant: the same entry gives the same receipt, whenever and however often it is asked for.
"""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from routing.delivery import DeliveryState
from routing.errors_log import ReceiptMismatch
from routing.log import LogEntry, read_leaf
from routing.log_kinds import Kind
from routing.merkle import leaf_hash
from routing.receipt import AnyReceipt, DeliveryReceipt, Receipt, RefusalReceipt

IN_LOG_WITHIN: Final = timedelta(hours=1)
"""The promise in every receipt: by then each checkpoint of the log covers the entry."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FROM_PEER: Mapping[Kind, DeliveryState] = MappingProxyType(
    {
        Kind.DELIVERED_RECEIPT: DeliveryState.RECEIVED,
        Kind.ACKNOWLEDGED_RECEIPT: DeliveryState.ACKNOWLEDGED,
        Kind.REFUSED_RECEIPT: DeliveryState.REFUSED,
    }
)
_AT_HOME: Mapping[Kind, DeliveryState] = MappingProxyType(
    {
        Kind.ARRIVED: DeliveryState.RECEIVED,
        Kind.ACKNOWLEDGED: DeliveryState.ACKNOWLEDGED,
        Kind.ARRIVAL_REFUSED: DeliveryState.REFUSED,
        Kind.RECIPIENT_REFUSED: DeliveryState.REFUSED,
    }
)
_UNDER_WAY: Mapping[Kind, DeliveryState] = MappingProxyType(
    {
        Kind.HELD: DeliveryState.HELD,
        Kind.RELEASED: DeliveryState.QUEUED,
        Kind.REROUTED: DeliveryState.QUEUED,
        Kind.UNDELIVERABLE: DeliveryState.UNDELIVERABLE,
        Kind.EXPIRED: DeliveryState.EXPIRED,
    }
)
_STAGES: Mapping[Kind, DeliveryState] = MappingProxyType({**_FROM_PEER, **_AT_HOME, **_UNDER_WAY})
_PROMISE: Final = "in_log_by"


def receipt_of(
    raw: bytes, *, gateway: str, origin: str, payload_sha256: str | None = None
) -> AnyReceipt | None:
    """Return the receipt that the entry in these bytes gives rise to in the log `origin`; None if it gives none.

    `payload_sha256` is that of the document, for entries that speak of it by its id alone.

    Raises:
        EntryError, NotCanonical: if the bytes are not an entry.

    """
    entry = read_leaf(raw)
    payload = entry.fields.get("payload_sha256", payload_sha256)
    if not isinstance(payload, str) or entry.document_id is None:
        return None
    common: dict[str, Any] = {
        "gateway": gateway,
        "origin": origin,
        "document_id": entry.document_id,
        "payload_sha256": payload,
        "entry_sha256": leaf_hash(raw).hex(),
        "in_log_by": entry.t + IN_LOG_WITHIN,
    }
    if entry.kind is Kind.ACCEPTED:
        return Receipt(**common, **_decision(entry), accepted_at=entry.t)
    if entry.kind is Kind.REJECTED and "payload_size" in entry.fields:
        members = _decision(entry) | {"sub_indication": _verdict(entry, "sub_indication")}
        return RefusalReceipt(**common, **members, reason=str(entry.fields["reason"]), refused_at=entry.t)
    stage = _stage(entry)
    if stage is None or not isinstance(entry.fields.get("delivery"), str):
        return None
    return DeliveryReceipt(**common, **_delivery(entry), stage=stage, recorded_at=entry.t)


def match_receipt(receipt: AnyReceipt, raw: bytes) -> LogEntry:
    """Return the log entry in these bytes if it is the one that the receipt promised, and says the same.

    Raises:
        ReceiptMismatch: if it is another entry or says something else.
        EntryError, NotCanonical: if the bytes are not an entry.

    """
    if leaf_hash(raw).hex() != receipt.entry_sha256:
        raise ReceiptMismatch(reason="the entry is not the one that the receipt names")
    again = receipt_of(
        raw, gateway=receipt.gateway, origin=receipt.origin, payload_sha256=receipt.payload_sha256
    )
    entry = read_leaf(raw)
    if type(again) is not type(receipt):
        raise ReceiptMismatch(reason=f"an entry of kind {entry.kind} gives no such receipt")
    for each in dataclasses.fields(receipt):
        stated = getattr(receipt, each.name)
        # What a receipt leaves out it does not say; until when the entry has to be in the tree, only the receipt says.
        if stated is not None and each.name != _PROMISE and stated != getattr(again, each.name):
            raise ReceiptMismatch(reason=f"the entry says something else of {each.name}")
    return entry


def _stage(entry: LogEntry) -> DeliveryState | None:
    """Return how far the delivery has come; of a late receipt, how far it says the document came after all."""
    if entry.kind is Kind.LATE_RECEIPT:
        return next((state for state in _FROM_PEER.values() if state.value == entry.fields["stage"]), None)
    return _STAGES.get(entry.kind)


def _decision(entry: LogEntry) -> dict[str, Any]:
    """Return what a decision rested on, as far as the entry says it."""
    return {
        "payload_size": entry.fields["payload_size"],
        "registry_version": entry.fields.get("registry_version"),
        # An empty version says that there was no trust store at all.
        "trust_version": entry.fields.get("trust_version") or None,
        "indication": _verdict(entry, "indication"),
        "signer_certificate_sha256": _verdict(entry, "signer_certificate_sha256"),
    }


def _verdict(entry: LogEntry, name: str) -> Any:  # noqa: ANN401 - a value of JSON, whose shape is checked where it is signed
    verdict = entry.fields.get("verdict")
    return verdict.get(name) if isinstance(verdict, Mapping) else None


def _delivery(entry: LogEntry) -> dict[str, Any]:
    """Return what an entry says of one delivery."""
    fields: Mapping[str, Any] = entry.fields
    told = {
        "delivery_id": fields["delivery"],
        "recipient": fields["recipient"],
        "reason": fields.get("reason"),
    }
    if entry.kind is Kind.REROUTED:
        told["resolved_code"] = fields["to"]
    if entry.kind in _FROM_PEER or entry.kind is Kind.LATE_RECEIPT:
        told |= {"peer": fields["gateway"], "peer_receipt_sha256": fields["receipt_sha256"]}
        if isinstance(fields.get("receipt_t"), int):
            told["peer_at"] = _EPOCH + timedelta(milliseconds=fields["receipt_t"])
    return told
