"""Receipts: a gateway's word on one document, bound to the entry in its log."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from routing.errors_log import (
    EntryMalformed,
    ReceiptMismatch,
    StatementKeyUnknown,
    StatementMalformed,
    StatementSignatureInvalid,
)
from routing.log import Kind
from routing.merkle import leaf_hash
from routing.note import Verifier
from routing.receipt import RECEIPT, Receipt, match_receipt, sign_receipt, verify_receipt
from routing.statement import sign_statement
from tests.routing.entries import AT, ORIGIN, SHA256, entry

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
GATEWAY = "gw.example.gov.vn"
NAME = f"{GATEWAY}/receipts"
OURS = Verifier.of(NAME, KEY.public_key())
ENTRY = entry(Kind.ACCEPTED)
GOOD = Receipt(
    gateway=GATEWAY,
    origin=ORIGIN,
    document_id="doc-1",
    payload_sha256=SHA256,
    payload_size=48_211,
    entry_sha256=leaf_hash(ENTRY).hex(),
    accepted_at=AT,
    in_log_by=AT + timedelta(seconds=60),
)


def signed_facts(**changes: Any) -> dict[str, Any]:
    """Sign a receipt's facts with some changed, added, or left out (None), as only a faulty gateway would."""
    facts: Any = {**sign_receipt(GOOD, key=KEY, key_name=NAME)}["receipt"]
    changed = {name: value for name, value in (facts | changes).items() if value is not None}
    return {**sign_statement(RECEIPT, changed, key=KEY, key_name=NAME)}


def test_a_receipt_is_one_json_object() -> None:
    """The format that senders keep cannot change unseen."""
    signed = sign_receipt(GOOD, key=KEY, key_name=NAME)
    assert signed["key"] == OURS.label
    assert signed["receipt"] == {
        "v": 1,
        "kind": "receipt",
        "gateway": GATEWAY,
        "origin": ORIGIN,
        "document_id": "doc-1",
        "payload_sha256": SHA256,
        "payload_size": 48_211,
        "entry_sha256": leaf_hash(ENTRY).hex(),
        "accepted_at": 1_751_302_800_123,
        "in_log_by": 1_751_302_860_123,
    }


@pytest.mark.parametrize("name", [GATEWAY, NAME])
def test_what_is_signed_is_what_is_verified(name: str) -> None:
    """A receipt comes back as it was, under the gateway's name or one below it."""
    signed = sign_receipt(GOOD, key=KEY, key_name=name)
    assert verify_receipt(signed, [Verifier.of(name, KEY.public_key())]) == GOOD


@pytest.mark.parametrize(
    "name", ["gw.other.example", "gw.example.gov", f"{GATEWAY}.evil.example", f"x/{GATEWAY}"]
)
def test_no_key_signs_for_another_gateway(name: str) -> None:
    """A key under another name neither signs nor is believed, however well it signed."""
    with pytest.raises(ReceiptMismatch):
        sign_receipt(GOOD, key=KEY, key_name=name)
    facts: Any = sign_receipt(GOOD, key=KEY, key_name=NAME)["receipt"]
    forged = sign_statement(RECEIPT, facts, key=OTHER, key_name=name)
    with pytest.raises(ReceiptMismatch):
        verify_receipt(forged, [OURS, Verifier.of(name, OTHER.public_key())])


def test_a_forged_receipt_is_refused() -> None:
    """A changed fact, or another key, is noticed."""
    signed: dict[str, Any] = {**sign_receipt(GOOD, key=KEY, key_name=NAME)}
    with pytest.raises(StatementSignatureInvalid):
        verify_receipt({**signed, "receipt": {**signed["receipt"], "payload_size": 1}}, [OURS])
    with pytest.raises(StatementKeyUnknown):
        verify_receipt(signed, [Verifier.of(NAME, OTHER.public_key())])


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"kind": "delivery"},
        {"more": 1},
        {"document_id": None},
        {"document_id": ""},
        {"payload_sha256": "AB" * 32},
        {"entry_sha256": "ab"},
        {"payload_size": -1},
        {"accepted_at": "2025-06-30"},
        {"in_log_by": 2**53 - 1},
    ],
    ids=str,
)
def test_signed_nonsense_is_refused(changes: dict[str, Any]) -> None:
    """A receipt that is signed all right has its members in their shapes, too."""
    with pytest.raises(StatementMalformed):
        verify_receipt(signed_facts(**changes), [OURS])


def test_nonsense_is_not_signed() -> None:
    """A receipt that could not be verified is not given out."""
    with pytest.raises(StatementMalformed):
        sign_receipt(replace(GOOD, payload_sha256="AB" * 32), key=KEY, key_name=NAME)


def test_a_receipt_matches_its_entry() -> None:
    """The entry that the receipt names says the same."""
    assert match_receipt(GOOD, ENTRY).document_id == "doc-1"


@pytest.mark.parametrize(
    "raw",
    [
        entry(Kind.REJECTED),
        entry(Kind.ACCEPTED, document_id="doc-2"),
        entry(Kind.ACCEPTED, payload_sha256="cd" * 32),
        entry(Kind.ACCEPTED, payload_size=1),
    ],
)
def test_a_receipt_does_not_match_another_entry(raw: bytes) -> None:
    """Another entry does not match, even where the receipt names it by its hash."""
    with pytest.raises(ReceiptMismatch, match="not the one"):
        match_receipt(GOOD, raw)
    with pytest.raises(ReceiptMismatch):
        match_receipt(replace(GOOD, entry_sha256=leaf_hash(raw).hex()), raw)


def test_a_receipt_does_not_match_another_time() -> None:
    """The time of acceptance is the one in the log."""
    with pytest.raises(ReceiptMismatch):
        match_receipt(replace(GOOD, accepted_at=AT + timedelta(seconds=1)), ENTRY)


def test_a_receipt_does_not_match_what_is_no_entry() -> None:
    """Bytes that are no entry match nothing, even by hash."""
    raw = ENTRY.replace(b'"seq":1', b'"seq":0')
    with pytest.raises(EntryMalformed):
        match_receipt(replace(GOOD, entry_sha256=leaf_hash(raw).hex()), raw)
