"""A signature may be over its own KeyInfo as well; then that is what must have been signed, and nothing else can be meant."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from lxml import etree
from signxml.xades.xades import XAdESSigner

from certs.rules import ShapeRule
from certs.verdict import Form
from tests.support import pki
from tests.support.signing import (
    DS,
    EXCLUSIVE,
    INCLUSIVE,
    MARK,
    SHA256,
    TEMPLATE,
    Recipe,
    codes,
    forge,
    judge,
    refused,
    x509_certificates,
)
from tests.support.xades import Properties

PLACEHOLDER = f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>'
TRANSFORM = f'<ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform></ds:Transforms>'


def signed(
    *,
    identifier: str = ' Id="key"',
    uri: str = "#key",
    count: int = 1,
    transforms: str = TRANSFORM,
    method: str = SHA256,
    attributes: str = "",
    after: Callable[[str], str] = lambda text: text,
    template: str = TEMPLATE,
) -> bytes:
    """Return a document whose signature refers to its KeyInfo too."""
    content = f"<ds:X509Data>{x509_certificates([pki.signer()[0]])}</ds:X509Data></ds:KeyInfo>"
    key_info = f"<ds:KeyInfo{identifier}>{content}"
    alone = f'<ds:KeyInfo xmlns:ds="{DS}"{identifier}>{content}'
    octets = etree.tostring(etree.fromstring(alone), method="c14n", exclusive=True)
    digest = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    reference = (
        f'<ds:Reference URI="{uri}"{attributes}>{transforms}<ds:DigestMethod Algorithm="{method}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )

    def complete(text: str) -> str:
        return text.replace("</ds:SignedInfo>", f"{reference * count}</ds:SignedInfo>", 1)

    return forge(Recipe(key_info=key_info, before_signing=complete, after_signing=after), template)


def test_key_info_that_was_signed_passes() -> None:
    """As some signers write it."""
    assert codes(judge(signed())) == []


def test_what_signxml_writes_as_xades_passes() -> None:
    """It refers to the document, to the properties and to KeyInfo."""
    certificate, key = pki.signer()
    signer = XAdESSigner(signature_algorithm="ecdsa-sha256", digest_algorithm="sha256")
    tree = signer.sign(
        etree.fromstring(TEMPLATE.replace(MARK, PLACEHOLDER).encode()), key=key, cert=[certificate]
    )
    verdict = judge(etree.tostring(tree))

    assert codes(verdict) == []
    assert verdict.evidence.form is Form.XADES_B


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('<ds:KeyInfo Id="key">', '<ds:KeyInfo Id="key"><ds:KeyName>x</ds:KeyName>'),
        lambda text: text.replace("<ds:X509Certificate>", "<ds:X509Certificate>\n", 1),
        lambda text: text.replace("</ds:X509Data>", "</ds:X509Data><ds:KeyName>another</ds:KeyName>"),
    ],
    ids=range(3),
)
def test_key_info_that_was_changed(edit: Callable[[str], str]) -> None:
    """What was signed must be what is there."""
    verdict = judge(signed(after=edit))

    assert codes(verdict) == ["properties_changed"]
    assert verdict.errors[0].facts["part"] == "KeyInfo"


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        (signed(count=2), ShapeRule.REFERENCES),
        (signed(count=3), ShapeRule.REFERENCES),
        (signed(uri="#other"), ShapeRule.REFERENCES),
        (signed(identifier=""), ShapeRule.REFERENCES),
        (signed(uri=""), ShapeRule.REFERENCES),
        (signed(identifier=' Id=""', uri="#"), ShapeRule.REFERENCES),
        (signed(attributes=f' Type="{DS}Object"'), ShapeRule.REFERENCES),
        (
            signed(template=TEMPLATE.replace("<AttachmentEncoded>", '<AttachmentEncoded ID="key">')),
            ShapeRule.DUPLICATE_ID,
        ),
    ],
    ids=range(8),
)
def test_nothing_else_can_be_meant(xml: bytes, rule: ShapeRule) -> None:
    """One Reference, to this KeyInfo, whose Id nothing else has."""
    refused(judge(xml), "signature_shape", rule)


@pytest.mark.parametrize(("uri", "found"), [(' URI="#other"', "#other"), ("", "-")])
def test_what_a_reference_names_instead_is_told(uri: str, found: str) -> None:
    """Whoever made the signature sees what its Reference should not have named."""
    xml = Properties().signed().replace(b' URI="#properties"', uri.encode())
    verdict = judge(xml)

    refused(verdict, "signature_shape", ShapeRule.REFERENCES)
    assert verdict.errors[0].facts["found"] == found


LANGUAGE = TEMPLATE.replace("<edXML:edXMLHeader>", '<edXML:edXMLHeader xml:lang="vi">')


def test_xml_attribute_above_an_inclusively_canonicalised_key_info() -> None:
    """Inclusive canonicalisation would copy an attribute from outside into KeyInfo."""
    xml = signed(transforms=TRANSFORM.replace(EXCLUSIVE, INCLUSIVE), template=LANGUAGE)

    refused(judge(xml), "signature_shape", ShapeRule.INHERITED_XML_ATTRIBUTE)


def test_xml_attribute_above_an_exclusively_canonicalised_key_info() -> None:
    """Exclusive canonicalisation copies none, so there is nothing to refuse."""
    assert codes(judge(signed(template=LANGUAGE))) == []


def test_weak_digest() -> None:
    """The allow-list is the same for every Reference."""
    assert codes(judge(signed(method=DS + "sha1"))) == ["algorithm_forbidden"]


def test_transforms_other_than_a_canonicalisation() -> None:
    """An enveloped-signature transform has no meaning there."""
    verdict = judge(signed(transforms=TRANSFORM.replace(EXCLUSIVE, DS + "enveloped-signature")))
    assert codes(verdict) == ["transform_forbidden"]
