"""Receipts: three typed statements of a gateway, none of which can be changed or taken for anything else."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from routing.canonical import Json, canonical_json
from routing.delivery import DeliveryState
from routing.errors_log import (
    LogError,
    ReceiptMismatch,
    StatementKeyUnknown,
    StatementMalformed,
    StatementSignatureInvalid,
)
from routing.note import Verifier
from routing.receipt import (
    DELIVERY_RECEIPT,
    RECEIPT,
    REFUSAL_RECEIPT,
    AnyReceipt,
    DeliveryReceipt,
    Receipt,
    RefusalReceipt,
    open_receipt,
    sign_receipt,
    verify_receipt,
)
from routing.statement import StatementType, sign_statement
from tests.routing.entries import AT, ORIGIN, SHA256
from tests.routing.test_canonical import objects

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
GATEWAY = "gw.example.gov.vn"
NAME = f"{GATEWAY}/receipt"
OURS = Verifier.of(NAME, KEY.public_key())
GOOD = Receipt(
    gateway=GATEWAY,
    origin=ORIGIN,
    document_id="doc-1",
    payload_sha256=SHA256,
    payload_size=48_211,
    entry_sha256="cd" * 32,
    accepted_at=AT,
    in_log_by=AT + timedelta(seconds=60),
)
DETAILED = replace(
    GOOD,
    registry_version=412,
    trust_version="t-1",
    indication="TOTAL_PASSED",
    signer_certificate_sha256="ef" * 32,
)
DELIVERED = DeliveryReceipt(
    gateway=GATEWAY,
    origin=ORIGIN,
    document_id="doc-1",
    delivery_id="delivery-1",
    recipient="H57.4",
    payload_sha256=SHA256,
    stage=DeliveryState.ACKNOWLEDGED,
    entry_sha256="cd" * 32,
    recorded_at=AT,
    in_log_by=AT + timedelta(hours=1),
    peer="gw.other.example",
    peer_at=AT - timedelta(seconds=3),
    peer_receipt_sha256="0a" * 32,
)
REFUSED = RefusalReceipt(
    gateway=GATEWAY,
    origin=ORIGIN,
    document_id="attempt-1",
    payload_sha256=SHA256,
    payload_size=48_211,
    reason="certs.digest_mismatch",
    entry_sha256="cd" * 32,
    refused_at=AT,
    in_log_by=AT + timedelta(hours=1),
    indication="TOTAL_FAILED",
    sub_indication="HASH_FAILURE",
)
TYPES = (RECEIPT, DELIVERY_RECEIPT, REFUSAL_RECEIPT)
ALL: tuple[AnyReceipt, ...] = (GOOD, DETAILED, DELIVERED, REFUSED)


def sign(receipt: AnyReceipt) -> dict[str, Any]:
    """Sign a receipt as the gateway does."""
    return {**sign_receipt(receipt, key=KEY, key_name=NAME)}


def signed_facts(receipt: AnyReceipt = GOOD, **changes: Any) -> dict[str, Any]:
    """Sign a receipt's facts with some changed, added, or left out (None), as only a faulty gateway would."""
    signed = sign(receipt)
    kind = next(each for each in TYPES if each.name in signed)
    changed = {name: value for name, value in (signed[kind.name] | changes).items() if value is not None}
    return {**sign_statement(kind, changed, key=KEY, key_name=NAME)}


def test_a_receipt_is_one_json_object() -> None:
    """The format that senders keep cannot change unseen; what is not known is not there."""
    signed = sign(GOOD)
    assert signed["key"] == OURS.label
    assert signed["receipt"] == {
        "v": 1,
        "kind": "receipt",
        "gateway": GATEWAY,
        "origin": ORIGIN,
        "document_id": "doc-1",
        "payload_sha256": SHA256,
        "payload_size": 48_211,
        "entry_sha256": "cd" * 32,
        "accepted_at": 1_751_302_800_123,
        "in_log_by": 1_751_302_860_123,
    }


def test_the_other_types_have_their_own_names() -> None:
    """A delivery and a refusal are signed under lines of their own."""
    assert sign(DELIVERED)["delivery_receipt"]["stage"] == "acknowledged"
    assert sign(REFUSED)["refusal_receipt"]["reason"] == "certs.digest_mismatch"
    covered = b"vanthu/delivery_receipt/v1\n" + canonical_json(sign(DELIVERED)["delivery_receipt"])
    assert sign(DELIVERED)["signature"] == base64.b64encode(KEY.sign(covered)).decode()


@pytest.mark.parametrize("receipt", ALL, ids=["plain", "detailed", "delivered", "refused"])
def test_what_is_signed_is_what_is_verified(receipt: AnyReceipt) -> None:
    """A receipt comes back as it was, however its JSON is spelled."""
    spelled = json.loads(json.dumps(sign(receipt), indent=2))
    assert open_receipt(spelled, [OURS]) == receipt


def test_an_acceptance_is_asked_for() -> None:
    """Whoever wants the receipt of an acceptance gets no other."""
    assert verify_receipt(sign(DETAILED), [OURS]) == DETAILED
    for other in (DELIVERED, REFUSED):
        with pytest.raises(ReceiptMismatch):
            verify_receipt(sign(other), [OURS])


@pytest.mark.parametrize(
    "name",
    [
        "gw.other.example/receipt",
        f"{GATEWAY}.evil.example/receipt",
        f"x/{NAME}",
        GATEWAY,
        f"{GATEWAY}/axis",
        f"{GATEWAY}/routing",
        f"{NAME}/receipt",
    ],
)
def test_no_other_key_signs_receipts(name: str) -> None:
    """A key under another name, of another gateway or for another purpose, neither signs nor is believed."""
    with pytest.raises(ReceiptMismatch):
        sign_receipt(GOOD, key=KEY, key_name=name)
    forged = sign_statement(RECEIPT, sign(GOOD)["receipt"], key=OTHER, key_name=name)
    with pytest.raises(ReceiptMismatch):
        open_receipt(forged, [OURS, Verifier.of(name, OTHER.public_key())])


def test_a_forged_receipt_is_refused() -> None:
    """A changed fact, such as the time, or another key, is noticed."""
    signed = sign(GOOD)
    for changes in ({"payload_size": 1}, {"accepted_at": signed["receipt"]["accepted_at"] - 1}):
        with pytest.raises(StatementSignatureInvalid):
            open_receipt({**signed, "receipt": signed["receipt"] | changes}, [OURS])
    with pytest.raises(StatementKeyUnknown):
        open_receipt(signed, [Verifier.of(NAME, OTHER.public_key())])
    by_other = sign_statement(RECEIPT, signed["receipt"], key=OTHER, key_name=NAME)
    with pytest.raises(StatementSignatureInvalid):
        open_receipt({**by_other, "key": OURS.label}, [OURS])


@given(
    receipt=st.sampled_from(ALL), place=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255)
)
def test_no_byte_can_be_changed(receipt: AnyReceipt, place: int, flip: int) -> None:
    """Whatever byte of a receipt in its canonical form is changed, it is a receipt no more."""
    raw = bytearray(canonical_json(sign(receipt)))
    raw[place % len(raw)] ^= flip
    try:
        changed = json.loads(raw.decode())
    except ValueError:
        return
    if isinstance(changed, dict):
        with pytest.raises(LogError):
            open_receipt(changed, [OURS])


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (kind, other)
        for kind in TYPES
        for other in (*TYPES, StatementType(name="axis"), StatementType(name="receipt", version=2))
        if kind != other
    ],
    ids=lambda each: f"{each.name}{each.version}",
)
def test_a_signature_of_one_type_is_none_of_another(kind: StatementType, other: StatementType) -> None:
    """What was signed as one thing is a forgery as another, with the facts of either."""
    for receipt in ALL:
        facts = dict(next(sign(receipt)[each.name] for each in TYPES if each.name in sign(receipt)))
        facts["kind"] = kind.name
        signed: dict[str, Any] = {**sign_statement(other, facts, key=KEY, key_name=NAME)}
        signed[kind.name] = signed.pop(other.name)
        with pytest.raises(StatementSignatureInvalid):
            open_receipt(signed, [OURS])


@pytest.mark.parametrize(
    "signed",
    [
        {},
        {"key": "k", "signature": "s"},
        {"axis": {}, "key": "k", "signature": "s"},
        {"receipt": {}, "delivery_receipt": {}, "key": "k", "signature": "s"},
    ],
    ids=str,
)
def test_what_is_no_receipt(signed: dict[str, Any]) -> None:
    """Something else, and two receipts in one, are not looked at."""
    with pytest.raises(StatementMalformed):
        open_receipt(signed, [OURS])


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"kind": "delivery_receipt"},
        {"more": 1},
        {"document_id": None},
        {"document_id": ""},
        {"payload_sha256": "AB" * 32},
        {"entry_sha256": "ab"},
        {"payload_size": -1},
        {"accepted_at": "2025-06-30"},
        {"in_log_by": 2**53 - 1},
        {"registry_version": "1"},
        {"signer_certificate_sha256": "ab"},
        {"indication": 7},
        {"v": None},
        {"kind": None},
    ],
    ids=str,
)
def test_signed_nonsense_is_refused(changes: dict[str, Any]) -> None:
    """A receipt that is signed all right has its members in their shapes, too."""
    with pytest.raises(StatementMalformed):
        open_receipt(signed_facts(**changes), [OURS])


@pytest.mark.parametrize("stage", ["confirmed", "accepted", "", 1])
def test_stages_that_no_receipt_has(stage: Json) -> None:
    """A delivery receipt speaks of what the recipient's side did, and of nothing before."""
    with pytest.raises(StatementMalformed):
        open_receipt(signed_facts(DELIVERED, stage=stage), [OURS])


def test_nonsense_is_not_signed() -> None:
    """A receipt that could not be verified is not given out."""
    with pytest.raises(StatementMalformed):
        sign(replace(GOOD, payload_sha256="AB" * 32))
    with pytest.raises(StatementMalformed):
        sign(replace(DELIVERED, stage=DeliveryState.CONFIRMED))


@given(objects)
def test_any_object_is_opened_or_refused(value: dict[str, Json]) -> None:
    """No JSON object leads to another exception."""
    for kind in TYPES:
        with pytest.raises(LogError):
            open_receipt({kind.name: value, "key": OURS.label, "signature": "AAAA"}, [OURS])
        with pytest.raises(LogError):
            open_receipt(sign_statement(kind, value, key=KEY, key_name=NAME), [OURS])
