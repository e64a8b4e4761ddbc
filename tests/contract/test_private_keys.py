"""What every private key promises (`routing.note.PrivateKey`), in a file and on a token alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.keys import SigningKey
from gateway.keys.address import TokenAddress
from gateway.keys.files import make_key, read_key
from gateway.keys.token import TokenKey
from routing.note import PrivateKey, open_note, parse_verifier_key, sign_note
from routing.receipt import open_receipt, sign_receipt
from tests.routing.test_receipt import ALL, NAME

KINDS = ("file", "token")


@pytest.fixture(params=KINDS)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PrivateKey]:
    """Return a key of each kind."""
    if request.param == "file":
        make_key(tmp_path / "receipt.key")
        yield read_key(tmp_path / "receipt.key")
        return
    token = TokenKey(TokenAddress.parse(request.getfixturevalue("token").address))
    yield token
    token.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=st.binary(max_size=100_000))
def test_what_it_signs_its_public_half_checks(key: PrivateKey, data: bytes) -> None:
    """A signature is one of Ed25519 over exactly these octets, and the same each time."""
    signature = key.sign(data)

    assert len(signature) == 64
    key.public_key().verify(signature, data)
    assert key.sign(data) == signature


def test_it_stays_the_same_key(key: PrivateKey) -> None:
    """The public half does not change."""
    assert key.public_key().public_bytes_raw() == key.public_key().public_bytes_raw()


def test_threads_share_it(key: PrivateKey) -> None:
    """Signatures that are asked for at the same time are all good."""
    messages = [b"%d" % number for number in range(64)]
    with ThreadPoolExecutor(max_workers=8) as threads:
        signatures = list(threads.map(key.sign, messages))

    for message, signature in zip(messages, signatures, strict=True):
        key.public_key().verify(signature, message)


def test_it_signs_receipts_and_notes(key: PrivateKey) -> None:
    """Statements and notes are signed with either kind."""
    verifier = parse_verifier_key(SigningKey(name=NAME, private=key).verifier)

    for receipt in ALL:
        assert open_receipt(sign_receipt(receipt, key=key, key_name=NAME), [verifier]) == receipt
    assert open_note(sign_note("a\n", NAME, key), [verifier]) == "a\n"
