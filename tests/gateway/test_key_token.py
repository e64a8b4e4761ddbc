"""Keys on a token: what is told when the token, its PIN or its key is not there, and that it comes back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.keys import load_keys
from gateway.keys.address import TokenAddress
from gateway.keys.errors import (
    KeyFileExposedError,
    KeyFileUnusableError,
    PinRefusedError,
    TokenModuleError,
    TokenUnavailableError,
)
from gateway.keys.token import TokenKey
from tests.support.softhsm import ED448, PIN, SoftToken

MESSAGE = b"vanthu/receipt/v1\n{}"


@pytest.fixture
def address(token: SoftToken) -> TokenAddress:
    """Return where the key is."""
    return TokenAddress.parse(token.address)


@pytest.fixture
def key(address: TokenAddress) -> Iterator[TokenKey]:
    """Open the key; nobody else is logged in."""
    opened = TokenKey(address)
    yield opened
    opened.close()


def test_a_token_that_comes_back_signs_again(token: SoftToken, key: TokenKey) -> None:
    """While it is away every try says so; afterwards nothing has to be started again."""
    before = key.sign(MESSAGE)
    with token.unplugged():
        for _ in range(2):
            with pytest.raises(TokenUnavailableError, match="vanthu"):
                key.sign(MESSAGE)

    assert key.sign(MESSAGE) == before


def test_a_session_that_was_closed_is_opened_again(key: TokenKey) -> None:
    """Who closes a key can go on with it."""
    before = key.sign(MESSAGE)
    key.close()

    assert key.sign(MESSAGE) == before


def test_two_keys_of_one_token(address: TokenAddress, key: TokenKey) -> None:
    """Who is logged in is a matter of the process: the second key needs no second login."""
    second = TokenKey(address)
    second.close()

    key.public_key().verify(key.sign(MESSAGE), MESSAGE)


def test_a_token_that_is_not_there(address: TokenAddress) -> None:
    """The token and the key are named."""
    with pytest.raises(TokenUnavailableError, match="receipt on token nowhere"):
        TokenKey(replace(address, token="nowhere"))
    with pytest.raises(TokenUnavailableError, match="nothing on token vanthu"):
        TokenKey(replace(address, object="nothing"))


def test_another_curve_is_refused(token: SoftToken, address: TokenAddress) -> None:
    """One algorithm: a key that makes other signatures is not used."""
    token.make_key("other-curve", curve=ED448)

    with pytest.raises(TokenUnavailableError, match="not an Ed25519 key"):
        TokenKey(replace(address, object="other-curve"))


def test_a_wrong_pin_is_told_and_not_tried_twice(address: TokenAddress, tmp_path: Path) -> None:
    """The PIN's file is named, the PIN is not; a running gateway does not lock its token by trying on."""
    file = tmp_path / "pin"
    file.write_text(PIN)
    file.chmod(0o600)
    key = TokenKey(replace(address, pin_source=file))
    key.close()
    file.write_text("9999999999")

    for reason in ("PinIncorrect", "refused before", "refused before"):
        with pytest.raises(PinRefusedError, match=reason) as caught:
            key.sign(MESSAGE)
        assert str(file) in str(caught.value)
        assert "9999999999" not in str(caught.value)

    file.write_text(f"{PIN}\n")
    key.public_key().verify(key.sign(MESSAGE), MESSAGE)
    key.close()


def test_the_pin_is_a_secret_in_a_file(address: TokenAddress, tmp_path: Path) -> None:
    """A PIN that others can read is refused like a key, and so is one that is not there."""
    file = tmp_path / "pin"
    file.write_text(PIN)
    file.chmod(0o644)
    with pytest.raises(KeyFileExposedError, match=str(file)):
        TokenKey(replace(address, pin_source=file))
    with pytest.raises(KeyFileUnusableError, match="none"):
        TokenKey(replace(address, pin_source=tmp_path / "none"))


def test_a_library_that_is_none(address: TokenAddress, tmp_path: Path) -> None:
    """A module that is not there, or no library, is named."""
    other = tmp_path / "p11.so"
    other.write_bytes(b"no library")
    for module in (tmp_path / "none.so", other):
        with pytest.raises(TokenModuleError, match=str(module)):
            TokenKey(replace(address, module=module))


def test_without_the_optional_part(address: TokenAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the binding is not installed, what to install is said."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)

    with pytest.raises(TokenModuleError, match="not installed") as caught:
        TokenKey(address)
    assert "vanthu[hsm]" in caught.value.fix_en


def test_a_key_that_was_replaced_is_not_used(token: SoftToken, address: TokenAddress) -> None:
    """A token under the same name with another key would sign under a name that nobody has published."""
    token.make_key("passing")
    key = TokenKey(replace(address, object="passing"))
    key.close()
    token.delete_key("passing")
    token.make_key("passing")

    with pytest.raises(TokenUnavailableError, match="another key"):
        key.sign(MESSAGE)
    token.delete_key("passing")


def test_a_gateway_takes_its_receipt_key_from_a_token(token: SoftToken, tmp_path: Path) -> None:
    """Only the key for receipts moves; no file for it is made."""
    keys = load_keys(tmp_path, gateway="gw", receipt=token.address)

    assert keys.receipt.may_block
    assert not keys.log.may_block
    keys.receipt.private.public_key().verify(keys.receipt.private.sign(MESSAGE), MESSAGE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["axis.key", "log.key", "registry.key"]
    assert isinstance(keys.receipt.private, TokenKey)
    keys.receipt.private.close()
