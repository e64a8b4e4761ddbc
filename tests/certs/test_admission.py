"""What may be relied upon as an authority: certification authorities with good keys, and nothing else."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certs.admission import Role, admit, read_authority
from certs.errors_authority import (
    AuthorityExpiredError,
    InadmissibleError,
    NotAnAuthorityError,
    UnreadableAuthorityError,
    WeakAuthorityError,
)
from certs.issue import Authority, KeyType, new_key, new_root
from tests.support import pki

ROOT = pki.root().certificate
AUTHORITY = pki.authority().certificate
PEM = ROOT.public_bytes(Encoding.PEM)
SHA1_ROOT = b"""\
-----BEGIN CERTIFICATE-----
MIIBdDCCARqgAwIBAgIUO2UwsLAWL0pO3Sq4nicq27ODPCkwCQYHKoZIzj0EATAP
MQ0wCwYDVQQDDARSb290MCAXDTI2MTEyNjA0MjMxM1oYDzIxMjYxMTAyMDQyMzEz
WjAPMQ0wCwYDVQQDDARSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExiEQ
l3ii3JTVxr8eMhLfM0mqW1+8/h2PNr0iThQiSIyeFIvz3zMdMzkKHnjIjt3kDPDs
6zIwODFrLXmu1Df3yqNTMFEwHQYDVR0OBBYEFMLg48gT9RaeGTRQdYtngfLLMWLp
MB8GA1UdIwQYMBaAFMLg48gT9RaeGTRQdYtngfLLMWLpMA8GA1UdEwEB/wQFMAMB
Af8wCQYHKoZIzj0EAQNJADBGAiEAvOCukVum5RaQ3SXi/N0JDeaOA1IdG5T+bGlI
LSMFGNkCIQCBxWpb7aDz/D9GeXHtLrJp7ldZ96hjXakJDZKnebZT1A==
-----END CERTIFICATE-----
"""
SHA1_BELOW = b"""\
-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUfQ762Q0V8vjF2VUn+YIvZIh4KcYwCQYHKoZIzj0EATAP
MQ0wCwYDVQQDDARSb290MCAXDTI2MTEyNjA0MjMxM1oYDzIxMjYxMTAyMDQyMzEz
WjAQMQ4wDAYDVQQDDAVCZWxvdzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM4x
viltCY6u4jMW4G7Zoy//KWGT63+Z4A7fw3UM0B3ThkzsmP3ctepTCnRmIUoO/llh
2GlW+oPexIW2MlVOq7SjUzBRMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFH4N
CZyVh7atKeke2o5s1lCCCqs1MB8GA1UdIwQYMBaAFMLg48gT9RaeGTRQdYtngfLL
MWLpMAkGByqGSM49BAEDSAAwRQIhAPiiAO6p2MkCCBwzXZT7tpb4nP4FfgekuZhx
I2mdYnBWAiAPP8V8rSB0sFKEzWPgnmc2yXyLefZVbwaaH/8qXoBf6A==
-----END CERTIFICATE-----
"""
"""Made once with OpenSSL, because the library does not sign with SHA-1: a root, and an authority below it."""

SIGNS_CERTIFICATES = pki.usage("key_cert_sign", "crl_sign")


def _root(key: Any, *, hash_: Any = None, signed_with: Any = None) -> x509.Certificate:
    """Return an authority over any key, signed with that or with another one."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Gốc")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(pki.AT - pki.YEAR)
        .not_valid_after(pki.AT + pki.YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(signed_with or key, hash_)
    )


def _below(**changes: Any) -> x509.Certificate:
    """Return an authority below the root; the default is good."""
    facts = {"is_authority": True, "key_usage": SIGNS_CERTIFICATES, **changes}
    return pki.certificate(pki.root(), **facts)


def test_roles() -> None:
    """What signed itself can be an anchor, any other authority completes paths."""
    assert admit(ROOT, at=pki.AT) is Role.ANCHOR
    assert admit(AUTHORITY, at=pki.AT) is Role.INTERMEDIATE
    assert admit(_below(), at=pki.AT) is Role.INTERMEDIATE


def test_self_issued_is_not_self_signed() -> None:
    """A certificate that bears its issuer's name, but another's signature, is no anchor."""
    rollover = pki.certificate(
        Authority(certificate=ROOT, key=pki.root().key),
        name=ROOT.subject,
        public_key=new_key(),
        is_authority=True,
        key_usage=SIGNS_CERTIFICATES,
    )
    assert admit(rollover, at=pki.AT) is Role.INTERMEDIATE


@pytest.mark.parametrize(
    "certificate",
    [
        pki.signer()[0],
        pki.self_signed()[0],
        pki.bare_certificate(),
        _below(key_usage=pki.usage("crl_sign")),
        _below(is_authority=False),
    ],
    ids=["leaf", "self-signed leaf", "no extensions", "may not sign certificates", "no authority"],
)
def test_leaf_certificates(certificate: x509.Certificate) -> None:
    """Only who may issue certificates is a certification authority."""
    with pytest.raises(NotAnAuthorityError):
        admit(certificate, at=pki.AT)


def test_a_root_without_key_usage() -> None:
    """What says nothing of the use of its key is not excluded by it."""
    for hash_ in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        assert admit(_root(pki.key(), hash_=hash_), at=pki.AT) is Role.ANCHOR


@pytest.mark.parametrize(
    "certificate",
    [
        _root(pki.small_rsa_key(), hash_=hashes.SHA256()),
        _root(pki.koblitz_key(), hash_=hashes.SHA256()),
        _root(ed25519.Ed25519PrivateKey.generate()),
        _below(public_key=pki.small_rsa_key()),
    ],
    ids=["RSA 1024", "koblitz", "Ed25519", "RSA 1024 below"],
)
def test_weak_keys(certificate: x509.Certificate) -> None:
    """A key that no signature may be made with cannot vouch for one either."""
    with pytest.raises(WeakAuthorityError):
        admit(certificate, at=pki.AT)


def test_a_key_that_is_just_strong_enough() -> None:
    """RSA of 2048 bits is taken."""
    assert admit(new_root("Gốc", pki.AT, key_type=KeyType.RSA_2048).certificate, at=pki.AT) is Role.ANCHOR


@pytest.mark.parametrize("pem", [SHA1_ROOT, SHA1_BELOW], ids=["root", "below"])
def test_sha_1(pem: bytes) -> None:
    """What was signed with SHA-1 could be forged; of a root it cannot even be said that it signed itself."""
    with pytest.raises(WeakAuthorityError, match="sha1"):
        admit(read_authority(pem), at=pki.AT)


def test_signed_without_a_digest() -> None:
    """A good key does not make up for a signature of a kind that is not accepted, here Ed25519; it is told by its OID."""
    certificate = _root(pki.key(), signed_with=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(WeakAuthorityError, match=r"1\.3\.101\.112"):
        admit(certificate, at=pki.AT)


def test_the_last_moment() -> None:
    """A certificate is good up to and with its notAfter."""
    end = AUTHORITY.not_valid_after_utc
    assert admit(AUTHORITY, at=end) is Role.INTERMEDIATE
    with pytest.raises(AuthorityExpiredError):
        admit(AUTHORITY, at=end + pki.DAY / 86_400)


def test_reading() -> None:
    """One certificate, PEM or DER."""
    assert read_authority(PEM) == read_authority(ROOT.public_bytes(Encoding.DER)) == ROOT
    for data in (b"", b"junk", PEM + PEM, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(UnreadableAuthorityError):
            read_authority(data)


@given(position=st.integers(0, len(ROOT.public_bytes(Encoding.DER)) - 1), bit=st.integers(0, 7))
def test_a_damaged_certificate_never_breaks_anything(position: int, bit: int) -> None:
    """Whatever a file holds, it is taken as something or refused, and a root with one bit changed is no anchor."""
    der = bytearray(ROOT.public_bytes(Encoding.DER))
    der[position] ^= 1 << bit
    try:
        role = admit(read_authority(bytes(der)), at=pki.AT)
    except InadmissibleError:
        return
    assert role is Role.INTERMEDIATE
