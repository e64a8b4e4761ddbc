"""Trust takes in authorities only, tells anchors from intermediates, and has a version."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.errors import BadTrustBundleError
from certs.issue import Authority, new_key
from certs.trust import Trust
from tests.support import pki

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate


def _pem(*certificates: object) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)  # type: ignore[attr-defined]  # certificates


def test_only_self_signed_authorities_become_anchors() -> None:
    """A subordinate authority in a bundle helps to build paths but ends none."""
    trust = Trust.from_pem(_pem(AUTHORITY, ROOT), _pem(ROOT))
    assert pki.roots_of(trust) == (ROOT,)
    assert trust.intermediates == (AUTHORITY,)


def test_self_issued_but_not_self_signed() -> None:
    """A certificate whose issuer merely bears its own name is no anchor."""
    rollover = pki.certificate(
        Authority(certificate=ROOT, key=pki.root().key),
        name=ROOT.subject,
        public_key=new_key(),
        is_authority=True,
        key_usage=pki.usage("key_cert_sign"),
    )
    assert pki.roots_of(Trust.from_pem(_pem(rollover))) == ()


@pytest.mark.parametrize(
    "pem",
    [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ids=["empty", "not PEM", "not a certificate"],
)
def test_unreadable_bundle(pem: bytes) -> None:
    """A bundle that cannot be read is refused as a whole."""
    with pytest.raises(BadTrustBundleError):
        Trust.from_pem(_pem(ROOT), pem)


def test_signing_certificates_are_not_authorities() -> None:
    """A signing certificate in a bundle of anchors is an operator's mistake."""
    with pytest.raises(BadTrustBundleError, match="not an authority"):
        Trust.from_pem(_pem(ROOT, pki.signer()[0]))


def test_certificate_without_basic_constraints_is_not_an_authority() -> None:
    """RFC 5280 asks authorities to say that they are."""
    with pytest.raises(BadTrustBundleError):
        Trust.from_pem(_pem(pki.bare_certificate()))


def test_no_bundles() -> None:
    """No bundles make a trust without anchors, which decides nothing."""
    trust = Trust.from_pem()
    assert pki.roots_of(trust) == ()


def test_version_depends_on_content_only() -> None:
    """The version changes with the certificates and their roles, not with their order."""
    stranger = pki.stranger().certificate
    versions = [
        Trust(anchors=pki.anchored(ROOT, stranger)),
        Trust(anchors=pki.anchored(stranger, ROOT)),
        Trust(anchors=pki.anchored(ROOT), intermediates=(stranger,)),
        Trust(anchors=pki.anchored(stranger), intermediates=(ROOT,)),
        Trust(anchors=pki.anchored(ROOT)),
        Trust(anchors=()),
    ]
    assert versions[0].version == versions[1].version
    assert len({trust.version for trust in versions}) == 5
    assert all(len(trust.version) == 64 for trust in versions)
