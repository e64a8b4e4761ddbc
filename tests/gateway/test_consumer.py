"""What the consumer kit believes of an envelope: all that it goes on to use is stated, whoever signed it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.demo.consumer import AXIS, STATED, Kit, opened
from gateway.demo.consumer_store import NotForUsError
from routing.canonical import canonical_json
from routing.note import Verifier
from routing.statement import sign_statement

KEY = Ed25519PrivateKey.generate()
KIT = Kit(
    name="kit.hue",
    key=Ed25519PrivateKey.generate(),
    pinned=(Verifier.of("gw.hanoi/axis", KEY.public_key()),),
    reply_queue="member.hanoi",
)
BODY = b"<edXML/>"
FACTS: dict[str, dict[str, Any]] = {
    "message": {
        "kind": "message",
        "gateway": "gw.hanoi",
        "delivery_id": "d1",
        "message_id": "m1",
        "recipient_code": "H53",
        "sha256": sha256(BODY).hexdigest(),
        "size": len(BODY),
    },
    "segment": {
        "kind": "segment",
        "gateway": "gw.hanoi",
        "delivery_id": "d1",
        "sha256": sha256(BODY).hexdigest(),
        "size": len(BODY),
        "index": 0,
        "piece_sha256": sha256(BODY).hexdigest(),
    },
}


def _sealed(facts: dict[str, Any]) -> bytes:
    return canonical_json(sign_statement(AXIS, facts, key=KEY, key_name="gw.hanoi/axis")) + b"\n" + BODY


@pytest.mark.parametrize("kind", STATED)
def test_what_states_everything_is_opened(kind: str) -> None:
    """The facts come back as they were signed, with what came inside."""
    assert opened(KIT, _sealed(FACTS[kind])) == (FACTS[kind], BODY)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in STATED.items() for name in names])
def test_what_leaves_something_out_is_put_aside(kind: str, name: str) -> None:
    """One such message ends no batch: what is missing, or of another type, is found before anything is used."""
    without = {key: value for key, value in FACTS[kind].items() if key != name}

    for facts in (without, {**without, name: []}):
        with pytest.raises(NotForUsError):
            opened(KIT, _sealed(facts))
