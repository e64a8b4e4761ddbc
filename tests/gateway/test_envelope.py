"""Axis envelopes: believed only under the key of the gateway that they speak for."""

import dataclasses
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import EnvelopeError
from gateway.flow.envelope import AXIS, open_envelope, seal_inquiry, seal_message, seal_receipt, seal_segment
from gateway.flow.stated import Inquiry, Manifest, Receipt, Segment, Stage
from gateway.keys import SigningKey
from gateway.records import Message, MessageKind, Recipient
from routing.canonical import canonical_json
from routing.note import Verifier, parse_verifier_key
from routing.statement import sign_statement

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


SEGMENT = Segment(
    gateway="gw-north", delivery_id="d-1", sha256="a" * 64, size=5, index=0, count=1, piece_sha256="b" * 64
)
_JSON: Final = st.recursive(
    st.booleans()
    | st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.text("0", min_size=5000, max_size=5000),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=3,
)
_SEALED: Final = {
    "message": seal_message(
        replace(MESSAGE, about="m-0"),
        replace(RECIPIENT, resolved_code="H61", resolved_version=4, chosen_at=AT, flow_seq=7),
        b"",
        key=NORTH,
    ),
    "receipt": seal_receipt(replace(RECEIPT, gateway="gw-north"), key=NORTH),
    "segment": seal_segment(SEGMENT, b"piece", key=NORTH),
    "inquiry": seal_inquiry(Inquiry(gateway="gw-north", delivery_id="d-1", message_id="m-1"), key=NORTH),
}


@given(kind=st.sampled_from(sorted(_SEALED)), value=_JSON, data=st.data())
def test_a_registered_gateway_states_what_can_be_stored_or_nothing(
    kind: str, value: Any, data: st.DataObject
) -> None:
    """Whatever JSON it signs: names are short texts that a database takes, numbers are in range, or the envelope is refused."""
    facts = json.loads(_SEALED[kind].partition(b"\n")[0])["axis"]
    facts[data.draw(st.sampled_from(sorted(facts)))] = value
    sealed = canonical_json(sign_statement(AXIS, facts, key=NORTH.private, key_name=NORTH.name)) + b"\n"

    try:
        stated, _ = open_envelope(sealed, verifiers=verifiers(NORTH))
    except EnvelopeError:
        return
    for field in dataclasses.fields(stated):
        found = getattr(stated, field.name)
        assert isinstance(found, str | int | datetime | None)
        assert not isinstance(found, bool)
        if isinstance(found, str):
            assert len(found) <= 1000
            assert found.isprintable()
        elif isinstance(found, int):
            assert 0 <= found < 2**31 or field.name in {"size", "flow_seq"}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("message", "delivery_id", ["d-1"]),
        ("message", "recipient_code", "H60\0"),
        ("message", "registry_version", 2**40),
        ("message", "accepted_at", 2**52),
        ("receipt", "reason", "\x1b[2J"),
        ("receipt", "message_id", "m" * 1001),
        ("receipt", "stage", "eaten"),
        ("segment", "index", -1),
        ("inquiry", "delivery_id", {}),
        ("inquiry", "kind", "question"),
    ],
)
def test_what_cannot_be_stored_or_shown_is_refused(kind: str, name: str, value: Any) -> None:
    """One of each: no text, no text that a database or a terminal takes, no number in range, nothing that is known."""
    facts = json.loads(_SEALED[kind].partition(b"\n")[0])["axis"] | {name: value}
    sealed = canonical_json(sign_statement(AXIS, facts, key=NORTH.private, key_name=NORTH.name)) + b"\n"

    with pytest.raises(EnvelopeError):
        open_envelope(sealed, verifiers=verifiers(NORTH))
