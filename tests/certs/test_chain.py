"""Paths: what a signing certificate must say about itself, and how a refusal is explained."""

from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from certs.chain import check_leaf, choose_path, find_path
from certs.errors import (
    AlgorithmForbiddenError,
    CertificateExpiredError,
    CertificateNotYetValidError,
    KeyTooWeakError,
    KeyUsageError,
    MalformedCertificateError,
    NoTrustAnchorsError,
    TrustError,
    UntrustedCertificateError,
)
from certs.issue import Authority, new_key
from certs.rules import CertificateRule
from certs.trust import Trust
from tests.support import pki

UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def purposes(*oids: x509.ObjectIdentifier) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    """Return an ExtendedKeyUsage as `pki.certificate` takes it."""
    return ((x509.ExtendedKeyUsage(oids), False),)


GOOD = {
    "digitalSignature": pki.certificate(pki.root(), key_usage=pki.usage("digital_signature")),
    "nonRepudiation": pki.certificate(pki.root(), key_usage=pki.usage("content_commitment")),
    "with key encipherment": pki.certificate(
        pki.root(), key_usage=pki.usage("digital_signature", "key_encipherment")
    ),
    "for e-mail": pki.certificate(pki.root(), extensions=purposes(ExtendedKeyUsageOID.EMAIL_PROTECTION)),
    "for documents": pki.certificate(
        pki.root(), extensions=purposes(x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"))
    ),
    "for documents, as Microsoft named it": pki.certificate(
        pki.root(), extensions=purposes(x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"))
    ),
    "for anything": pki.certificate(
        pki.root(), extensions=purposes(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    ),
    "for servers and clients": pki.certificate(
        pki.root(), extensions=purposes(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    ),
    "with an unknown extension": pki.certificate(pki.root(), extensions=((UNKNOWN, False),)),
    "with a critical alternative name": pki.certificate(
        pki.root(), extensions=((x509.SubjectAlternativeName([x509.RFC822Name("a@b.vn")]), True),)
    ),
}

BAD = {
    "authority": (
        pki.certificate(
            pki.root(), is_authority=True, key_usage=pki.usage("key_cert_sign", "digital_signature")
        ),
        CertificateRule.BASIC_CONSTRAINTS,
    ),
    "no KeyUsage": (pki.certificate(pki.root(), key_usage=None), CertificateRule.KEY_USAGE),
    "KeyUsage not critical": (
        pki.certificate(pki.root(), usage_is_critical=False),
        CertificateRule.KEY_USAGE,
    ),
    "for encryption": (
        pki.certificate(pki.root(), key_usage=pki.usage("key_encipherment")),
        CertificateRule.KEY_USAGE,
    ),
    "for certificates": (
        pki.certificate(pki.root(), key_usage=pki.usage("digital_signature", "key_cert_sign")),
        CertificateRule.KEY_USAGE,
    ),
    "for revocation lists": (
        pki.certificate(pki.root(), key_usage=pki.usage("digital_signature", "crl_sign")),
        CertificateRule.KEY_USAGE,
    ),
    "for servers": (
        pki.certificate(pki.root(), extensions=purposes(ExtendedKeyUsageOID.SERVER_AUTH)),
        CertificateRule.EXTENDED_KEY_USAGE,
    ),
    "for time stamps": (
        pki.certificate(pki.root(), extensions=purposes(ExtendedKeyUsageOID.TIME_STAMPING)),
        CertificateRule.EXTENDED_KEY_USAGE,
    ),
    "name constraints": (
        pki.certificate(
            pki.root(),
            extensions=(
                (
                    x509.NameConstraints(permitted_subtrees=[x509.DNSName("vn")], excluded_subtrees=None),
                    False,
                ),
            ),
        ),
        CertificateRule.NAME_CONSTRAINTS,
    ),
    "unknown critical extension": (
        pki.certificate(pki.root(), extensions=((UNKNOWN, True),)),
        CertificateRule.CRITICAL_EXTENSION,
    ),
}


@pytest.mark.parametrize("kind", GOOD)
def test_good_leaf(kind: str) -> None:
    """Certificates for signing have a path of themselves and the root."""
    assert find_path(GOOD[kind], (), trust=pki.trust(), at=pki.AT) == (GOOD[kind], pki.root().certificate)


@pytest.mark.parametrize("kind", BAD)
def test_leaf_for_something_else(kind: str) -> None:
    """Certificates for something else are refused though there is a path."""
    certificate, rule = BAD[kind]
    with pytest.raises(KeyUsageError) as caught:
        find_path(certificate, (), trust=pki.trust(), at=pki.AT)
    assert caught.value.rule is rule


def test_leaf_that_says_nothing_of_itself() -> None:
    """Without BasicConstraints a certificate is no authority; what is missing to sign with it is KeyUsage."""
    with pytest.raises(KeyUsageError) as caught:
        check_leaf(pki.bare_certificate())
    assert caught.value.rule is CertificateRule.KEY_USAGE


def test_extension_that_cannot_be_read() -> None:
    """A certificate whose extensions are not what they should be is malformed."""
    broken = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, b"\x30\x00")
    certificate = pki.certificate(pki.root(), key_usage=None, extensions=((broken, True),))
    with pytest.raises(MalformedCertificateError):
        check_leaf(certificate)
    with pytest.raises(MalformedCertificateError):
        choose_path([certificate], (), trust=pki.trust(), at=pki.AT)


def test_no_anchors() -> None:
    """Without anchors there is nothing to decide."""
    with pytest.raises(NoTrustAnchorsError):
        find_path(GOOD["digitalSignature"], (), trust=Trust(anchors=()), at=pki.AT)


def test_anchor_that_is_no_authority() -> None:
    """A self-signed signing certificate among the anchors does not make itself a signer."""
    certificate, _ = pki.self_signed()
    with pytest.raises(KeyUsageError) as caught:
        find_path(certificate, (), trust=Trust(anchors=pki.anchored(certificate)), at=pki.AT)
    assert caught.value.rule is CertificateRule.ANCHOR


def test_intermediates_of_the_trust_are_used() -> None:
    """The operator's bundle supplies the authorities between leaf and root."""
    leaf = pki.certificate(pki.authority())
    trust = Trust(anchors=pki.anchored(pki.root().certificate), intermediates=(pki.authority().certificate,))
    assert len(find_path(leaf, (), trust=trust, at=pki.AT)) == 3


def _authority(**options: object) -> Authority:
    key = new_key()
    certificate = pki.certificate(
        pki.root(),
        subject="Trung gian",
        public_key=key,
        is_authority=True,
        key_usage=pki.usage("key_cert_sign"),
        **options,  # type: ignore[arg-type]  # passed on as given
    )
    return Authority(certificate=certificate, key=key)


@pytest.mark.parametrize(
    "options",
    [
        {"extensions": purposes(ExtendedKeyUsageOID.SERVER_AUTH)},
        {"extensions": ((UNKNOWN, True),)},
    ],
    ids=["for servers", "unknown critical extension"],
)
def test_authority_for_something_else(options: dict[str, object]) -> None:
    """An authority that may not issue signing certificates makes no path."""
    authority = _authority(**options)
    with pytest.raises(KeyUsageError) as caught:
        find_path(pki.certificate(authority), (authority.certificate,), trust=pki.trust(), at=pki.AT)
    assert caught.value.rule is CertificateRule.PATH


@pytest.mark.parametrize(
    "hash_", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda hash_: hash_.name
)
def test_sound_hashes_are_no_reason(hash_: hashes.SHA256 | hashes.SHA384 | hashes.SHA512) -> None:
    """Where a path is missing for another reason, the hash that a certificate was signed with is not blamed."""
    authority = _authority(extensions=purposes(ExtendedKeyUsageOID.SERVER_AUTH))
    leaf = pki.certificate(authority, hash_=hash_)

    with pytest.raises(KeyUsageError) as caught:
        find_path(leaf, (authority.certificate,), trust=pki.trust(), at=pki.AT)
    assert caught.value.rule is CertificateRule.PATH


def test_plain_root() -> None:
    """A root with nothing but BasicConstraints, as RFC 5280 §6 allows and plain tools make it, is an anchor."""
    key = new_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Gốc đơn giản")])
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(pki.AT - pki.YEAR)
        .not_valid_after(pki.AT + pki.YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    leaf = pki.certificate(Authority(certificate=root, key=key))

    assert find_path(leaf, (), trust=Trust(anchors=pki.anchored(root)), at=pki.AT) == (leaf, root)


def test_authority_that_may_not_sign_certificates() -> None:
    """Where an authority's key usage is stated, it must allow what the authority does."""
    key = new_key()
    certificate = pki.certificate(
        pki.root(), public_key=key, is_authority=True, key_usage=pki.usage("crl_sign")
    )
    leaf = pki.certificate(Authority(certificate=certificate, key=key))

    with pytest.raises(KeyUsageError) as caught:
        find_path(leaf, (certificate,), trust=pki.trust(), at=pki.AT)
    assert caught.value.rule is CertificateRule.PATH


def test_authority_for_email_only() -> None:
    """An authority that is limited to e-mail or documents may issue signing certificates."""
    authority = _authority(extensions=purposes(ExtendedKeyUsageOID.EMAIL_PROTECTION))
    leaf = pki.certificate(authority)
    assert len(find_path(leaf, (authority.certificate,), trust=pki.trust(), at=pki.AT)) == 3


def test_path_length_is_obeyed() -> None:
    """An authority that may have none below it has none."""
    for path_length in (0, 1):
        above = _authority(path_length=path_length)
        key = new_key()
        certificate = pki.certificate(
            above, subject="Dưới", public_key=key, is_authority=True, key_usage=pki.usage("key_cert_sign")
        )
        leaf = pki.certificate(Authority(certificate=certificate, key=key))
        brought = (certificate, above.certificate)
        if path_length:
            assert len(find_path(leaf, brought, trust=pki.trust(), at=pki.AT)) == 4
            continue
        with pytest.raises(KeyUsageError) as caught:
            find_path(leaf, brought, trust=pki.trust(), at=pki.AT)
        assert caught.value.rule is CertificateRule.PATH


@pytest.mark.parametrize(
    ("window", "error"),
    [
        ({"not_before": pki.AT - 9 * pki.DAY, "not_after": pki.AT - pki.DAY}, CertificateExpiredError),
        ({"not_before": pki.AT + pki.DAY, "not_after": pki.AT + 9 * pki.DAY}, CertificateNotYetValidError),
    ],
    ids=["expired", "not yet valid"],
)
def test_authority_whose_time_is_within_the_leafs(
    window: dict[str, datetime], error: type[TrustError]
) -> None:
    """The time at which there was a path may be any that some certificate of it begins or ends at."""
    authority = _authority(**window)
    with pytest.raises(error) as caught:
        find_path(pki.certificate(authority), (authority.certificate,), trust=pki.trust(), at=pki.AT)
    assert caught.value.facts["subject"] == "CN=Trung gian"


def test_authority_with_a_weak_key() -> None:
    """It is the weakness that is told, not that there is no path."""
    key = pki.small_rsa_key()
    certificate = pki.certificate(
        pki.root(), public_key=key, is_authority=True, key_usage=pki.usage("key_cert_sign")
    )
    leaf = pki.certificate(Authority(certificate=certificate, key=key))
    with pytest.raises(KeyTooWeakError):
        choose_path((leaf,), (certificate,), trust=pki.trust(), at=pki.AT)
    with pytest.raises(UntrustedCertificateError):
        find_path(leaf, (), trust=pki.trust(), at=pki.AT)


def test_certificate_signed_with_a_weak_hash() -> None:
    """Likewise for the hash that its issuer signed it with."""
    leaf = pki.certificate(pki.root(), hash_=hashes.SHA224())
    with pytest.raises(AlgorithmForbiddenError) as caught:
        choose_path((leaf,), (), trust=pki.trust(), at=pki.AT)
    assert caught.value.facts["algorithm"] == "1.2.840.10045.4.3.1"


def test_expired_authority() -> None:
    """It is the authority that is reported when it, and not the leaf, is past its validity."""
    authority = _authority(not_after=pki.AT - pki.DAY)
    with pytest.raises(CertificateExpiredError) as caught:
        find_path(pki.certificate(authority), (authority.certificate,), trust=pki.trust(), at=pki.AT)
    assert caught.value.facts["subject"] == "CN=Trung gian"


def test_weak_key_with_an_unknown_extension() -> None:
    """It is the weakness that is told."""
    leaf = pki.certificate(pki.root(), public_key=pki.small_rsa_key(), extensions=((UNKNOWN, True),))

    with pytest.raises(KeyTooWeakError):
        find_path(leaf, (), trust=pki.trust(), at=pki.AT)


def test_authority_that_is_not_valid_yet() -> None:
    """Likewise when its validity has not begun."""
    authority = _authority(not_before=pki.AT + pki.DAY)
    leaf = pki.certificate(authority, not_after=pki.AT + pki.YEAR)
    with pytest.raises(CertificateNotYetValidError) as caught:
        find_path(leaf, (authority.certificate,), trust=pki.trust(), at=pki.AT)
    assert caught.value.facts["subject"] == "CN=Trung gian"


CHOICES = {
    "expired": (pki.certificate(pki.root(), not_after=pki.AT - pki.DAY), CertificateExpiredError),
    "for servers": (BAD["for servers"][0], KeyUsageError),
    "untrusted": (pki.certificate(pki.stranger()), UntrustedCertificateError),
}


def test_of_several_refusals_the_nearest_is_reported() -> None:
    """Of several certificates with one key, the order in the message does not decide what is said."""
    leaves = [leaf for leaf, _ in CHOICES.values()]
    remaining = list(CHOICES.values())
    while remaining:
        for order in (leaves, leaves[::-1]):
            with pytest.raises(TrustError) as caught:
                choose_path(order, (), trust=pki.trust(), at=pki.AT)
            assert type(caught.value) is remaining[0][1]
        leaves.remove(remaining.pop(0)[0])


def test_of_several_good_certificates_the_newest_is_chosen() -> None:
    """A renewed certificate replaces the one before it, in whatever order they come."""
    old, renewed = pki.certificate(pki.root()), pki.certificate(pki.root(), not_before=pki.AT - pki.DAY)
    for order in ((old, renewed), (renewed, old)):
        assert choose_path(order, (), trust=pki.trust(), at=pki.AT)[0] == renewed
