"""SignedInfo and the certificates beside it are read to their limits, and no further."""

from __future__ import annotations

import base64

import pytest
from lxml import etree

from certs.errors import SignatureShapeError
from certs.rules import ShapeRule
from certs.shape import DS, EXC_C14N
from certs.signed_info import (
    MAX_CERTIFICATES,
    MAX_PREFIXES,
    SignedInfo,
    read_certificates,
    read_signed_info,
)


def _signature(*certificates: bytes) -> etree._Element:
    held = "".join(
        f"<X509Certificate>{base64.b64encode(each).decode()}</X509Certificate>" for each in certificates
    )
    return etree.fromstring(
        f'<Signature xmlns="{DS}"><KeyInfo><X509Data>{held}</X509Data></KeyInfo></Signature>'
    )


def _read(inclusive: str) -> SignedInfo:
    """Read a SignedInfo with an InclusiveNamespaces element in its canonicalisation."""
    text = (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{EXC_C14N}">{inclusive}</CanonicalizationMethod>'
        '<SignatureMethod Algorithm="x"/><Reference URI=""><DigestMethod Algorithm="y"/>'
        "<DigestValue>AAAA</DigestValue></Reference></SignedInfo>"
    )
    return read_signed_info(etree.fromstring(text), has_properties=False)


def _inclusive(attributes: str, content: str = "") -> str:
    return f'<e:InclusiveNamespaces xmlns:e="{EXC_C14N}" {attributes}>{content}</e:InclusiveNamespaces>'


def test_certificates() -> None:
    """So many different ones are hints; more are no signature's, and one that is there twice is one."""
    most = [b"certificate %d" % number for number in range(MAX_CERTIFICATES)]

    assert read_certificates(_signature(*most, *most)) == tuple(most)
    with pytest.raises(SignatureShapeError) as caught:
        read_certificates(_signature(*most, b"one more"))
    assert caught.value.rule is ShapeRule.CERTIFICATE_COUNT


def test_prefixes() -> None:
    """A list of prefixes is read, up to its limit."""
    most = tuple(f"p{number}" for number in range(MAX_PREFIXES))

    assert _read(_inclusive('PrefixList="a b"')).canonicalization.prefixes == ("a", "b")
    assert _read(_inclusive(f'PrefixList="{" ".join(most)}"')).canonicalization.prefixes == most
    assert _read("").canonicalization.prefixes == ()


@pytest.mark.parametrize(
    "inclusive",
    [
        _inclusive('PrefixList="a" Id="x"'),
        _inclusive('PrefixList="a"', "<x/>"),
        _inclusive(f'PrefixList="{" p" * (MAX_PREFIXES + 1)}"'),
    ],
    ids=["another attribute", "an element", "too many"],
)
def test_prefixes_of_another_form(inclusive: str) -> None:
    """There is nothing beside the list."""
    with pytest.raises(SignatureShapeError) as caught:
        _read(inclusive)
    assert caught.value.rule is ShapeRule.CONTENT
