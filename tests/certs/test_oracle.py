"""signxml, an independent implementation, agrees with this one in both directions wherever it can.

signxml rejects inclusive C14N of a Signature in a default namespace even when it is valid, so that form is checked
against fixed octets in `test_c14n.py` instead.
"""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from certs.issue import KeyType
from certs.sign import sign_enveloped
from certs.verdict import Indication
from tests.support import pki
from tests.support.signing import (
    DS,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    MARK,
    TEMPLATE,
    UNSIGNED,
    Recipe,
    forge,
    judge,
)

PLACEHOLDER = f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"></ds:Signature>'
METHODS = {
    "rsa-sha256": SignatureMethod.RSA_SHA256,
    "rsa-sha384": SignatureMethod.RSA_SHA384,
    "rsa-sha512": SignatureMethod.RSA_SHA512,
    "rsa-pss-sha256": SignatureMethod.SHA256_RSA_MGF1,
    "rsa-pss-sha384": SignatureMethod.SHA384_RSA_MGF1,
    "rsa-pss-sha512": SignatureMethod.SHA512_RSA_MGF1,
    "ecdsa-sha256": SignatureMethod.ECDSA_SHA256,
    "ecdsa-sha384": SignatureMethod.ECDSA_SHA384,
    "ecdsa-sha512": SignatureMethod.ECDSA_SHA512,
}
CANONICALIZATIONS = [
    CanonicalizationMethod.CANONICAL_XML_1_0,
    CanonicalizationMethod.CANONICAL_XML_1_1,
    CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
]


def _identity(name: str) -> pki.Identity:
    return pki.signer(KeyType.RSA_2048 if name.startswith("rsa") else KeyType.EC_P256)


def _signxml_verifies(xml: bytes, identity: pki.Identity) -> bytes:
    """Return what signxml says was signed."""
    configuration = SignatureConfiguration(
        location="./*/*/", default_reference_c14n_method=CANONICALIZATIONS[0]
    )
    pem = identity[0].public_bytes(Encoding.PEM).decode()
    result = XMLVerifier().verify(xml, x509_cert=pem, expect_config=configuration)
    assert not isinstance(result, list)
    return bytes(result.signed_data)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("canonicalization", CANONICALIZATIONS, ids=lambda method: method.name)
@pytest.mark.parametrize(
    "digest", [DigestAlgorithm.SHA256, DigestAlgorithm.SHA512], ids=lambda digest: digest.name
)
def test_what_signxml_signs_passes(
    name: str, canonicalization: CanonicalizationMethod, digest: DigestAlgorithm
) -> None:
    """Signatures by signxml in every allowed form pass here."""
    certificate, key = _identity(name)
    signer = XMLSigner(
        signature_algorithm=METHODS[name], digest_algorithm=digest, c14n_algorithm=canonicalization
    )
    document = etree.fromstring(TEMPLATE.replace(MARK, PLACEHOLDER).encode())
    signed = signer.sign(document, key=key, cert=[certificate])
    verdict = judge(etree.tostring(signed))
    assert [str(error) for error in verdict.errors] == []
    assert verdict.indication is Indication.TOTAL_PASSED
    assert verdict.algorithm == name


@pytest.mark.parametrize("name", METHODS)
def test_signxml_verifies_what_is_signed_here(name: str) -> None:
    """Signatures made here pass with signxml, which reports the same signed octets."""
    certificate, key = _identity(name)
    xml = sign_enveloped(UNSIGNED, key=key, certificates=[certificate], algorithm=name)
    verdict = judge(xml)
    assert verdict.signed_view is not None
    signed = _signxml_verifies(xml, (certificate, key))
    assert signed == etree.tostring(verdict.signed_view.tree, method="c14n", exclusive=True)


@pytest.mark.parametrize("canonicalization", [INCLUSIVE, INCLUSIVE_11, EXCLUSIVE])
def test_signxml_verifies_what_the_tests_sign(canonicalization: str) -> None:
    """The tool with which the attacks are made signs as the standard says."""
    identity = pki.signer()
    _signxml_verifies(forge(Recipe(canonicalization=canonicalization)), identity)
