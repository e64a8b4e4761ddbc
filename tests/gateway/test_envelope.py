"""Axis envelopes: believed only under the key of the gateway that they speak for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import EnvelopeError
from gateway.flow.envelope import (
    Inquiry,
    Manifest,
    Receipt,
    Stage,
    open_envelope,
    seal_inquiry,
    seal_message,
    seal_receipt,
)
from gateway.keys import SigningKey
from gateway.records import Message, MessageKind, Recipient
from routing.note import Verifier, parse_verifier_key

AT = datetime(2025, 6, 30, 12, 0, 0, 123000, tzinfo=UTC)
NORTH = SigningKey(name="gw-north/axis", private=Ed25519PrivateKey.generate())
SOUTH = SigningKey(name="gw-south/axis", private=Ed25519PrivateKey.generate())
MESSAGE = Message(
    id="m-1",
    kind=MessageKind.EDOC,
    gateway="gw-north",
    member_id="hanoi",
    sender_code="H26.1",
    sender_as_sent="H26.1",
    document_id="H26.1,2025/06/30,1/VP",
    number="1/VP",
    subject="V/v",
    sha256="a" * 64,
    size=5,
    accepted_at=AT,
    registry_version=3,
    verdict={},
)
RECIPIENT = Recipient(delivery_id="d-1", code="H60.1", as_sent="H60.1", member_id="tuyenquang", queue="q")
RECEIPT = Receipt(
    gateway="gw-south",
    delivery_id="d-1",
    message_id="m-1",
    sha256="a" * 64,
    stage=Stage.REFUSED,
    reason="registry.code_closed",
    at=AT,
)


def verifiers(*keys: SigningKey) -> list[Verifier]:
    """Return what a gateway that registered these keys believes."""
    return [parse_verifier_key(key.verifier) for key in keys]


def test_a_message_comes_out_as_it_went_in() -> None:
    """Manifest and body survive the way, also a body with line feeds."""
    envelope = seal_message(replace(MESSAGE, about="m-0"), RECIPIENT, b"<a>\n</a>\n", key=NORTH)

    manifest, body = open_envelope(envelope, verifiers=verifiers(SOUTH, NORTH))

    assert body == b"<a>\n</a>\n"
    assert manifest == Manifest(
        gateway="gw-north",
        message_id="m-1",
        about="m-0",
        member_id="hanoi",
        delivery_id="d-1",
        recipient_code="H60.1",
        sha256="a" * 64,
        size=5,
        accepted_at=AT,
        registry_version=3,
    )


@pytest.mark.parametrize("receipt", [RECEIPT, replace(RECEIPT, stage=Stage.RECEIVED, reason=None)])
def test_a_receipt_comes_out_as_it_went_in(receipt: Receipt) -> None:
    """Every field of a receipt survives the way."""
    assert open_envelope(seal_receipt(receipt, key=SOUTH), verifiers=verifiers(SOUTH)) == (receipt, b"")


def test_a_question_comes_out_as_it_went_in() -> None:
    """It is the same bytes whenever it is asked, so that among the dead letters it is one."""
    inquiry = Inquiry(gateway="gw-north", delivery_id="d-1", message_id="m-1")
    sealed = seal_inquiry(inquiry, key=NORTH)

    assert open_envelope(sealed, verifiers=verifiers(NORTH)) == (inquiry, b"")
    assert seal_inquiry(inquiry, key=NORTH) == sealed
    with pytest.raises(EnvelopeError):
        open_envelope(seal_inquiry(inquiry, key=SOUTH), verifiers=verifiers(NORTH, SOUTH))


def test_a_key_that_is_not_registered_is_not_believed() -> None:
    """The broker's password alone lets nobody speak."""
    with pytest.raises(EnvelopeError, match=r"log\.statement_key_unknown"):
        open_envelope(seal_message(MESSAGE, RECIPIENT, b"", key=NORTH), verifiers=verifiers(SOUTH))


def test_a_gateway_speaks_only_for_itself() -> None:
    """A registered gateway's key is worth nothing under another gateway's name."""
    with pytest.raises(EnvelopeError, match="another gateway"):
        open_envelope(seal_message(MESSAGE, RECIPIENT, b"", key=SOUTH), verifiers=verifiers(NORTH, SOUTH))


@given(position=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_no_flipped_bit_of_a_manifest_is_believed(position: int, bit: int) -> None:
    """Whatever bit of the signed line changes, the envelope is refused or says the same as before."""
    envelope = bytearray(seal_message(MESSAGE, RECIPIENT, b"", key=NORTH))
    intact = open_envelope(bytes(envelope), verifiers=verifiers(NORTH))
    envelope[position % (len(envelope) - 1)] ^= 1 << bit

    try:
        opened = open_envelope(bytes(envelope), verifiers=verifiers(NORTH))
    except EnvelopeError:
        return
    assert opened[0] == intact[0]


@given(st.binary(max_size=300))
def test_any_bytes_are_an_envelope_or_refused(raw: bytes) -> None:
    """Nothing on a queue can raise anything but EnvelopeError."""
    with pytest.raises(EnvelopeError):
        open_envelope(raw, verifiers=verifiers(NORTH))
