"""Addresses of keys on tokens: PKCS #11 URIs, without a PIN, and nothing that would be passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys.address import TokenAddress
from gateway.keys.errors import BadTokenAddressError

GOOD = "pkcs11:token=vanthu;object=receipt;type=private?module-path=/lib/p11.so&pin-source=file:/etc/pin"


def test_an_address_names_one_key() -> None:
    """Token, key, library and file with the PIN are read; escapes are undone."""
    assert TokenAddress.parse(GOOD) == TokenAddress(
        token="vanthu", object="receipt", module=Path("/lib/p11.so"), pin_source=Path("/etc/pin")
    )
    escaped = TokenAddress.parse(
        "pkcs11:object=bi%C3%AAn%20nh%E1%BA%ADn;token=V%3Bt?pin-source=/etc/p%20n&module-path=/lib/p11.so"
    )
    assert (escaped.object, escaped.token, escaped.pin_source) == ("biên nhận", "V;t", Path("/etc/p n"))


@pytest.mark.parametrize("source", ["file:/etc/pin", "file:///etc/pin", "/etc/pin"])
def test_where_the_pin_is(source: str) -> None:
    """The file may be written as a path or as a URI."""
    assert TokenAddress.parse(GOOD.replace("file:/etc/pin", source)).pin_source == Path("/etc/pin")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/etc/vanthu/receipt.key", "begin"),
        ("pkcs11:", "token is missing"),
        (GOOD.replace("token=vanthu;", ""), "token is missing"),
        (GOOD.replace("object=receipt", "object="), "object is missing"),
        (GOOD.partition("?")[0], "module-path is missing"),
        (GOOD.partition("&")[0], "pin-source is missing"),
        (GOOD.replace("private", "public"), "type is not private"),
        (GOOD + "&pin-value=1234", "does not belong"),
        (GOOD.replace("token=", "serial=1;token="), "is not one of"),
        (GOOD.replace("token=", "token=a;token="), "twice"),
        (GOOD.replace("vanthu", "%zz"), "percent"),
        (GOOD.replace("vanthu", "%ff"), "UTF-8"),
        (GOOD.replace("vanthu", "%"), "percent"),
        (GOOD.replace("file:/etc/pin", "file://host/pin"), "another host"),
        (GOOD.replace("file:/etc/pin", "|cat /etc/pin"), "not a file"),
        (GOOD.replace("file:/etc/pin", "file:"), "not a file"),
    ],
)
def test_what_is_no_address(text: str, reason: str) -> None:
    """What is missing, unknown, repeated or secret is said, and the PIN is not repeated."""
    with pytest.raises(BadTokenAddressError, match=reason) as caught:
        TokenAddress.parse(text)
    assert "1234" not in str(caught.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text leads to another exception."""
    for given_text in (text, f"pkcs11:{text}", f"{GOOD}{text}", f"pkcs11:token={text}"):
        try:
            TokenAddress.parse(given_text)
        except BadTokenAddressError:
            continue
