"""Trust takes in authorities only, tells anchors from intermediates, and has a version."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.anchor import Anchor, Usage, Window
from certs.errors import BadTrustBundleError
from certs.issue import Authority, new_key
from certs.ocsp import OcspAnswer
from certs.policy import default_policy
from certs.revocation import Revocation
from certs.trust import Trust
from tests.support import crl, ocsp, pki

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


def test_version_depends_on_revocation_data() -> None:
    """Each list and each answer changes the version, and one is never taken for the other; their order does not matter."""
    root = pki.root()
    lists = tuple(crl.read(crl.crl(root, *entries)) for entries in ((), (crl.revoked(pki.signer()[0]),)))
    (answer,) = OcspAnswer.read(ocsp.answer(root, pki.signer()[0]), issuers=[ROOT])
    same = replace(answer, sha256=lists[0].sha256)
    kept = ({"lists": lists[:1]}, {"lists": lists[1:]}, {"lists": lists}, {"responses": (answer,)})
    versions = [_version(), *(_version(**each) for each in (*kept, {"responses": (same,)}))]

    assert len({*versions, _version(lists=lists[:1], responses=(answer,))}) == 7
    assert _version(lists=lists[::-1]) == _version(lists=lists)
    assert _version(responses=(answer, answer)) == _version(responses=(answer,))


def _version(**held: Any) -> str:
    return Trust(anchors=pki.anchored(ROOT), **held).version


def test_version_depends_on_terms() -> None:
    """So does whatever an anchor is relied upon for, and when, and a window of an intermediate."""
    terms: list[dict[str, Any]] = [
        {},
        {"usages": frozenset({Usage.SIGNATURE})},
        {"trusted_from": pki.AT},
        {"trusted_until": pki.AT},
        {"revocation": Revocation.OFF},
        {"codes": ("G01",)},
    ]
    versions = {Trust(anchors=(Anchor(certificate=ROOT, **each),)).version for each in terms}
    windows = [{}, {"trusted_from": pki.AT}, {"trusted_until": pki.AT}, {"trusted_from": pki.AT + pki.DAY}]
    versions |= {_version(windows=(Window(certificate=AUTHORITY, **each),)) for each in windows}
    versions |= {_version(revocation=each) for each in Revocation if each is not Revocation.SOFT}

    assert len(versions) == len(terms) + len(windows) + 2


@pytest.mark.parametrize("policy", [None, *Revocation])
@pytest.mark.parametrize("usual", Revocation)
@pytest.mark.parametrize("own", [None, *Revocation])
def test_who_wants_revocation(policy: Revocation | None, usual: Revocation, own: Revocation | None) -> None:
    """The terms of an anchor go before the policy, and that before the trust; one anchor that wants it is enough."""

    def wanted(*terms: Revocation | None) -> bool:
        anchors = tuple(Anchor(certificate=ROOT, revocation=each) for each in terms)
        return Trust(
            anchors=anchors, revocation=usual, policy=replace(default_policy(), revocation=policy)
        ).wants_revocation

    expected = (own or policy or usual) is not Revocation.OFF
    assert wanted(own) is wanted(own, Revocation.OFF) is wanted(Revocation.OFF, own) is expected
    assert wanted() is False
