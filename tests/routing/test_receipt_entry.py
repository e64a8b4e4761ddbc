"""Receipts and log entries: each receipt says what its entry says, and matches no other."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.delivery import DeliveryState
from routing.errors_log import EntryMalformed, NotCanonical, ReceiptMismatch
from routing.log import Kind
from routing.merkle import leaf_hash
from routing.receipt import AnyReceipt, DeliveryReceipt, Receipt, RefusalReceipt
from routing.receipt_entry import match_receipt, receipt_of
from tests.routing.entries import AT, ORIGIN, SHA256, entry

GATEWAY = "gw.example.gov.vn"
VERDICT = {"indication": "TOTAL_PASSED", "signer_certificate_sha256": "ef" * 32}
ACCEPTED = entry(Kind.ACCEPTED, trust_version="t-1", verdict=VERDICT)
DELIVERY = "delivery-1"
DELIVERIES = {
    Kind.DELIVERED_RECEIPT: DeliveryState.RECEIVED,
    Kind.ACKNOWLEDGED_RECEIPT: DeliveryState.ACKNOWLEDGED,
    Kind.REFUSED_RECEIPT: DeliveryState.REFUSED,
    Kind.ARRIVED: DeliveryState.RECEIVED,
    Kind.ACKNOWLEDGED: DeliveryState.ACKNOWLEDGED,
    Kind.ARRIVAL_REFUSED: DeliveryState.REFUSED,
    Kind.RECIPIENT_REFUSED: DeliveryState.REFUSED,
    Kind.HELD: DeliveryState.HELD,
    Kind.RELEASED: DeliveryState.QUEUED,
    Kind.REROUTED: DeliveryState.QUEUED,
    Kind.UNDELIVERABLE: DeliveryState.UNDELIVERABLE,
    Kind.EXPIRED: DeliveryState.EXPIRED,
    Kind.LATE_RECEIPT: DeliveryState.RECEIVED,
}
GIVES_A_REASON = {
    Kind.REFUSED_RECEIPT,
    Kind.ARRIVAL_REFUSED,
    Kind.RECIPIENT_REFUSED,
    Kind.HELD,
    Kind.RELEASED,
    Kind.UNDELIVERABLE,
    Kind.EXPIRED,
    Kind.LATE_RECEIPT,
}
FROM_PEER = (
    Kind.DELIVERED_RECEIPT,
    Kind.ACKNOWLEDGED_RECEIPT,
    Kind.REFUSED_RECEIPT,
    Kind.LATE_RECEIPT,
)
REJECTED = entry(
    Kind.REJECTED,
    payload_sha256=SHA256,
    payload_size=9,
    registry_version=3,
    trust_version="t-1",
    verdict={"indication": "TOTAL_FAILED", "sub_indication": "HASH_FAILURE"},
)


def made(raw: bytes) -> AnyReceipt:
    """Make the receipt of an entry that has one."""
    receipt = receipt_of(raw, gateway=GATEWAY, origin=ORIGIN, payload_sha256=SHA256)
    assert receipt is not None
    return receipt


def test_an_acceptance_says_what_it_rested_on() -> None:
    """The receipt names document, bytes, time, entry, and the versions and verdict behind the decision."""
    assert made(ACCEPTED) == Receipt(
        gateway=GATEWAY,
        origin=ORIGIN,
        document_id="doc-1",
        payload_sha256=SHA256,
        payload_size=48_211,
        entry_sha256=leaf_hash(ACCEPTED).hex(),
        accepted_at=AT,
        in_log_by=AT + timedelta(hours=1),
        registry_version=412,
        trust_version="t-1",
        indication="TOTAL_PASSED",
        signer_certificate_sha256="ef" * 32,
    )


def test_a_status_message_has_no_verdict() -> None:
    """What the entry does not say, the receipt leaves out."""
    receipt = made(entry(Kind.ACCEPTED, trust_version=""))

    assert isinstance(receipt, Receipt)
    assert (receipt.indication, receipt.signer_certificate_sha256, receipt.trust_version) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(("kind", "stage"), DELIVERIES.items())
def test_a_delivery_says_how_far_it_came(kind: Kind, stage: DeliveryState) -> None:
    """Each stage is told; what came from another gateway names it, its time and the hash of its receipt."""
    raw = entry(kind, seq=1, receipt_t=1_751_302_799_000, delivery=DELIVERY)
    receipt = made(raw)

    assert isinstance(receipt, DeliveryReceipt)
    assert (receipt.stage, receipt.delivery_id, receipt.recipient) == (stage, DELIVERY, "H57.4")
    assert (receipt.recorded_at, receipt.payload_sha256) == (AT, SHA256)
    assert (receipt.reason is not None) == (kind in GIVES_A_REASON)
    assert receipt.resolved_code == ("H57.9" if kind is Kind.REROUTED else None)
    peer = ("gw.other.example", AT.replace(second=59, minute=59, hour=16, microsecond=0), SHA256)
    assert (receipt.peer, receipt.peer_at, receipt.peer_receipt_sha256) == (
        peer if kind in FROM_PEER else (None, None, None)
    )
    assert match_receipt(receipt, raw).kind is kind


def test_a_refusal_says_why() -> None:
    """The code and the verdict are in the receipt of a refusal."""
    receipt = made(REJECTED)

    assert isinstance(receipt, RefusalReceipt)
    assert (receipt.reason, receipt.indication, receipt.sub_indication) == (
        "registry.code_closed",
        "TOTAL_FAILED",
        "HASH_FAILURE",
    )
    assert (receipt.payload_size, receipt.refused_at, receipt.trust_version) == (9, AT, "t-1")


@pytest.mark.parametrize(
    "raw",
    [
        entry(Kind.REJECTED),
        entry(Kind.REJECTED, payload_sha256=SHA256),
        entry(Kind.UNDECIDED, payload_sha256=SHA256, payload_size=9),
        entry(Kind.PUBLISH_ATTEMPT, delivery=DELIVERY),
        entry(Kind.BROKER_CONFIRMED, delivery=DELIVERY),
        entry(Kind.FETCHED, delivery=DELIVERY),
        entry(Kind.ACKNOWLEDGED),
        entry(Kind.LOG_OPENED),
        entry(Kind.KEY_ROTATED, payload_sha256=SHA256),
    ],
    ids=str,
)
def test_entries_without_a_receipt(raw: bytes) -> None:
    """What decides nothing, or was refused unread, gives no receipt."""
    assert receipt_of(raw, gateway=GATEWAY, origin=ORIGIN, payload_sha256=SHA256) is None


def test_bytes_of_an_unknown_document_are_not_vouched_for() -> None:
    """Where nobody says what the bytes were, there is no receipt."""
    assert receipt_of(entry(Kind.ACKNOWLEDGED, delivery=DELIVERY), gateway=GATEWAY, origin=ORIGIN) is None


def test_what_is_no_entry_gives_no_receipt() -> None:
    """Bytes that no log wrote are an error, not a receipt."""
    with pytest.raises(NotCanonical):
        receipt_of(b"{ }", gateway=GATEWAY, origin=ORIGIN)


def test_a_receipt_matches_its_entry() -> None:
    """The entry that the receipt names says the same; a receipt that says less matches, too."""
    receipt = made(ACCEPTED)
    assert isinstance(receipt, Receipt)

    assert match_receipt(receipt, ACCEPTED).document_id == "doc-1"
    less: dict[str, Any]
    for less in ({"indication": None, "trust_version": None}, {"in_log_by": AT + timedelta(seconds=60)}):
        assert match_receipt(replace(receipt, **less), ACCEPTED).kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    "raw",
    [
        entry(Kind.REJECTED, payload_sha256=SHA256, payload_size=48_211),
        entry(Kind.ACCEPTED, document_id="doc-2"),
        entry(Kind.ACCEPTED, payload_sha256="cd" * 32),
        entry(Kind.ACCEPTED, payload_size=1),
        entry(Kind.ACCEPTED, registry_version=413),
        entry(Kind.PUBLISH_ATTEMPT),
    ],
)
def test_a_receipt_does_not_match_another_entry(raw: bytes) -> None:
    """Another entry does not match, even where the receipt names it by its hash."""
    receipt = made(entry(Kind.ACCEPTED))
    with pytest.raises(ReceiptMismatch, match="not the one"):
        match_receipt(receipt, raw)
    with pytest.raises(ReceiptMismatch):
        match_receipt(replace(receipt, entry_sha256=leaf_hash(raw).hex()), raw)


@pytest.mark.parametrize(
    "changes",
    [
        {"recorded_at": AT + timedelta(seconds=1)},
        {"stage": DeliveryState.REFUSED},
        {"recipient": "H57.5"},
        {"delivery_id": "delivery-2"},
        {"peer": "gw.third.example"},
        {"peer_receipt_sha256": "00" * 32},
        {"peer_at": AT},
        {"reason": "registry.code_closed"},
    ],
    ids=str,
)
def test_a_delivery_does_not_match_what_the_entry_does_not_say(changes: dict[str, Any]) -> None:
    """Time, stage, recipient, delivery, and the other gateway's word are those in the log."""
    raw = entry(Kind.DELIVERED_RECEIPT, receipt_t=1_751_302_799_000, delivery=DELIVERY)
    receipt = made(raw)
    assert isinstance(receipt, DeliveryReceipt)

    with pytest.raises(ReceiptMismatch):
        match_receipt(replace(receipt, **changes), raw)


def test_a_receipt_does_not_match_what_is_no_entry() -> None:
    """Bytes that are no entry match nothing, even by hash."""
    raw = ACCEPTED.replace(b'"seq":1', b'"seq":0')
    with pytest.raises(EntryMalformed):
        match_receipt(replace(made(ACCEPTED), entry_sha256=leaf_hash(raw).hex()), raw)
