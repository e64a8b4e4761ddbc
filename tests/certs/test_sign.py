"""Signing makes documents that verify, and refuses what could not."""

import pytest
from lxml import etree

from certs.errors import SignatureShapeError
from certs.errors_signing import CannotSignError
from certs.issue import KeyType
from certs.sign import sign_enveloped
from certs.verdict import Indication
from tests.support import pki
from tests.support.signing import MARK, TEMPLATE, UNSIGNED, judge


@pytest.mark.parametrize(
    ("key_type", "algorithm", "expected"),
    [
        (KeyType.EC_P256, None, "ecdsa-sha256"),
        (KeyType.EC_P384, "ecdsa-sha384", "ecdsa-sha384"),
        (KeyType.EC_P521, "ecdsa-sha512", "ecdsa-sha512"),
        (KeyType.RSA_2048, None, "rsa-pss-sha256"),
        (KeyType.RSA_2048, "rsa-sha256", "rsa-sha256"),
    ],
)
def test_signed_document_verifies(key_type: KeyType, algorithm: str | None, expected: str) -> None:
    """Each kind of key signs with the algorithm that fits it."""
    certificate, key = pki.signer(key_type)
    xml = sign_enveloped(UNSIGNED, key=key, certificates=[certificate], algorithm=algorithm)
    verdict = judge(xml)
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.algorithm == expected


def test_chain_travels_with_the_signature() -> None:
    """The certificates of subordinate authorities can be sent along."""
    authority = pki.authority()
    leaf = pki.certificate(authority)
    xml = sign_enveloped(UNSIGNED, key=pki.key(), certificates=[leaf, authority.certificate])
    verdict = judge(xml)
    assert verdict.indication is Indication.TOTAL_PASSED
    assert len(verdict.chain) == 3


def test_signing_adds_the_signature_only() -> None:
    """Without its signature the signed document has the canonical form of the unsigned one."""
    certificate, key = pki.signer()
    xml = sign_enveloped(UNSIGNED, key=key, certificates=[certificate])
    start, end = xml.index(b"<ds:Signature"), xml.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    without = etree.fromstring(xml[:start] + xml[end:])
    assert etree.tostring(without, method="c14n") == etree.tostring(etree.fromstring(UNSIGNED), method="c14n")


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<edXML",
        b"<edXML/>",
        TEMPLATE.replace(MARK, "<Signature/>").encode(),
        TEMPLATE.replace(MARK, "</edXML:edXMLHeader><edXML:edXMLHeader>").encode(),
    ],
    ids=["nothing", "not XML", "not edXML", "signed already", "two headers"],
)
def test_unsignable_document(xml: bytes) -> None:
    """What has no place for a signature, or one already, is not signed."""
    certificate, key = pki.signer()
    with pytest.raises(CannotSignError):
        sign_enveloped(xml, key=key, certificates=[certificate])


@pytest.mark.parametrize("intruder", [b"<!DOCTYPE edXML>", b"<?a b?>"])
def test_document_that_would_not_verify(intruder: bytes) -> None:
    """What no signed document may hold is refused when signing, not only when verifying."""
    certificate, key = pki.signer()
    with pytest.raises(SignatureShapeError):
        sign_enveloped(
            UNSIGNED.replace(b"<edXML xmlns", intruder + b"<edXML xmlns"), key=key, certificates=[certificate]
        )


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ecdsa-sha1", "ed25519"])
def test_algorithm_that_does_not_fit(algorithm: str) -> None:
    """An unknown algorithm, or one for other keys, is refused."""
    certificate, key = pki.signer()
    with pytest.raises(CannotSignError):
        sign_enveloped(UNSIGNED, key=key, certificates=[certificate], algorithm=algorithm)
