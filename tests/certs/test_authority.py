"""What identifies an authority, what it issued, and how what it signs must be signed."""

from __future__ import annotations

from typing import NoReturn

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import SignatureAlgorithmOID

from certs.authority import authority_of, is_allowed, is_authority, is_issued_by, key_usage_of
from certs.issue import Authority, new_key, new_root
from tests.support import pki

ROOT = pki.root().certificate
LEAF = pki.signer()[0]
ALLOWED = [
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
    SignatureAlgorithmOID.RSASSA_PSS,
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
]
FORBIDDEN = [
    SignatureAlgorithmOID.RSA_WITH_SHA1,
    SignatureAlgorithmOID.RSA_WITH_SHA224,
    SignatureAlgorithmOID.ECDSA_WITH_SHA1,
    SignatureAlgorithmOID.ECDSA_WITH_SHA3_256,
    SignatureAlgorithmOID.DSA_WITH_SHA256,
    SignatureAlgorithmOID.ED25519,
    x509.ObjectIdentifier("1.2.3"),
]


@pytest.mark.parametrize("oid", ALLOWED, ids=str)
@pytest.mark.parametrize(
    "digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda each: each.name
)
def test_allowed(oid: x509.ObjectIdentifier, digest: hashes.HashAlgorithm) -> None:
    """RSA and ECDSA with SHA-2 of 256 bits and more."""
    assert is_allowed(oid, lambda: digest)


@pytest.mark.parametrize("oid", FORBIDDEN, ids=str)
def test_forbidden_algorithms(oid: x509.ObjectIdentifier) -> None:
    """Nothing else, whatever hash it has."""
    assert not is_allowed(oid, hashes.SHA256)


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA224(), hashes.SHA3_256(), None], ids=str)  # noqa: S303
def test_forbidden_hashes(digest: hashes.HashAlgorithm | None) -> None:
    """The hash counts that the library finds, whatever the algorithm is called."""
    assert not is_allowed(SignatureAlgorithmOID.RSASSA_PSS, lambda: digest)


@pytest.mark.parametrize("error", [ValueError("x"), UnsupportedAlgorithm("x")], ids=repr)
def test_hashes_that_nobody_knows(error: Exception) -> None:
    """Parameters that cannot be read are none that are allowed."""

    def raises() -> NoReturn:
        raise error

    assert not is_allowed(SignatureAlgorithmOID.RSASSA_PSS, raises)


def test_an_authority_is_its_name_and_its_key() -> None:
    """Two certificates of one authority are one; another key or another name is another authority."""
    again = pki.certificate(pki.stranger(), name=ROOT.subject, public_key=pki.root().key, is_authority=True)
    same_name = pki.certificate(pki.root(), name=ROOT.subject, public_key=new_key(), is_authority=True)
    same_key = pki.certificate(pki.root(), subject="Khác", public_key=pki.root().key, is_authority=True)

    assert authority_of(again) == authority_of(ROOT)
    assert len({authority_of(each) for each in (ROOT, same_name, same_key)}) == 3


def test_who_is_an_authority() -> None:
    """Who says so in BasicConstraints."""
    assert is_authority(ROOT)
    assert not is_authority(LEAF)
    assert not is_authority(pki.bare_certificate())


def test_who_issued_a_certificate() -> None:
    """Its issuer by name and by signature; one of the two is not enough."""
    other = new_root("Gốc khác", pki.AT).certificate
    renamed = Authority(certificate=other, key=pki.root().key)

    assert is_issued_by(LEAF, ROOT)
    assert is_issued_by(ROOT, ROOT)
    assert not is_issued_by(LEAF, LEAF)
    assert ROOT.subject == pki.stranger().certificate.subject
    assert not is_issued_by(LEAF, pki.stranger().certificate)
    assert not is_issued_by(pki.certificate(renamed), ROOT)
    assert not is_issued_by(pki.certificate(renamed), other)


def test_key_usage() -> None:
    """What a certificate says its key is for, if it does."""
    found = key_usage_of(LEAF)
    assert found is not None
    assert found.digital_signature
    assert key_usage_of(pki.bare_certificate()) is None
