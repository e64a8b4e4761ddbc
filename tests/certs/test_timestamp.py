"""Time stamps (RFC 3161): the good ones pass, each rule refuses what breaks it, and rubbish is only ever refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import parser
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from certs.anchor import Anchor, Usage
from certs.errors import TrustError
from certs.indication import Indication, SubIndication
from certs.issue import Authority, KeyType
from certs.policy import Policy, default_policy
from certs.revocation import Revocation, Standing
from certs.roles import check_leaf, check_timestamping
from certs.rules_timestamp import TimestampRule
from certs.timestamp import Timestamp, verify_token
from certs.trust import Trust
from tests.support import crl, pki, tsa
from tests.support.tsa import Stamp

TSA = tsa.identity()[0]
STRANGER = tsa.authority_certificate(pki.stranger())


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _judge(token: Stamp | bytes, *, trust: Trust | None = None, at: datetime = pki.AT) -> Timestamp:
    octets = token if isinstance(token, bytes) else token.token()
    return verify_token(octets, trust=trust or pki.trust(), at=at, imprint_of=tsa.DATA)


def _error(stamp: Timestamp) -> TrustError:
    assert stamp.proven_time is None
    return stamp.errors[0]


def _said(stamp: Timestamp) -> tuple[str, Indication, SubIndication | None]:
    return _error(stamp).code, stamp.indication, stamp.sub_indication


RSA = tsa.identity(KeyType.RSA_2048)
P384 = tsa.identity(KeyType.EC_P384)
GOOD = {
    "plain": Stamp(),
    "rsa": Stamp(identity=RSA, signature_algorithm=tsa.algorithm(tsa.RSA_SHA256, b"\x05\0")),
    "rsa without a digest": Stamp(identity=RSA, signature_algorithm=tsa.algorithm(tsa.RSA, b"\x05\0")),
    "rsa-pss": Stamp(identity=RSA, pss=True, signature_algorithm=tsa.pss(tsa.SHA256)),
    "rsa-pss sha512": Stamp(
        identity=RSA,
        pss=True,
        digest_oid=tsa.SHA512,
        signature_hash=tsa.SHA512,
        signature_algorithm=tsa.pss(tsa.SHA512),
    ),
    "p-384": Stamp(
        identity=P384,
        digest_oid=tsa.SHA384,
        signature_hash=tsa.SHA384,
        signature_algorithm=tsa.algorithm("1.2.840.10045.4.3.3"),
    ),
    "sha512": Stamp(imprint_oid=tsa.SHA512),
    "accuracy": Stamp(accuracy=tsa.accuracy(1, 500, 20)),
    "all fields": Stamp(
        accuracy=tsa.accuracy(1),
        after_accuracy=b"\x01\x01\xff"
        + tsa.integer(2**128)
        + tsa.der(0xA0, tsa.der(0xA4, TSA.subject.public_bytes()))
        + tsa.der(0xA1, tsa.seq(tsa.oid("1.2.3"), tsa.octets(b"x"))),
    ),
    "fraction": Stamp(gen_time=tsa.der(0x18, b"20260601000000.5Z")),
    "by SHA-1": Stamp(named=(tsa.named_v1(TSA),)),
    "by SHA-512": Stamp(named=(tsa.named_v2(TSA, by=tsa.SHA512),)),
    "by both": Stamp(named=(tsa.named_v1(TSA), tsa.named_v2(TSA))),
    "by the key's identifier": Stamp(
        signer_version=3,
        signer=tsa.der(0x80, TSA.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest),
    ),
    **{
        f"rsa {name}": Stamp(
            identity=RSA,
            digest_oid=digest,
            signature_hash=digest,
            signature_algorithm=tsa.algorithm(f"1.2.840.113549.1.1.{last}"),
        )
        for name, digest, last in (("sha384", tsa.SHA384, 12), ("sha512", tsa.SHA512, 13))
    },
    "ecdsa sha512": Stamp(
        digest_oid=tsa.SHA512,
        signature_hash=tsa.SHA512,
        signature_algorithm=tsa.algorithm("1.2.840.10045.4.3.4"),
    ),
    "an extension that is not critical": Stamp(
        after_accuracy=tsa.der(0xA1, tsa.seq(tsa.oid("1.2.3"), b"\1\1\0", tsa.octets(b"x")))
    ),
    "with certificates of other kinds": Stamp(
        certificates=(_der(TSA), *(tsa.der(0xA1, tsa.integer(number)) for number in range(20)))
    ),
    "with its path": Stamp(certificates=(_der(pki.root().certificate), _der(TSA))),
    "with lists and unsigned attributes": Stamp(
        revocation_lists=tsa.der(0xA1, crl.crl(pki.root())),
        unsigned=tsa.der(0xA1, tsa.attribute("1.2.3", tsa.octets(b"x"))),
    ),
    "with a signing time": Stamp(
        attributes=(
            tsa.attribute(tsa.CONTENT_TYPE, tsa.oid(tsa.TST_INFO)),
            tsa.attribute(tsa.MESSAGE_DIGEST, tsa.octets(hashlib.sha256(Stamp().info()).digest())),
            tsa.attribute("1.2.840.113549.1.9.5", tsa.der(0x17, b"260601000000Z")),
            tsa.named_v2(TSA),
        )
    ),
    "without a critical key usage": Stamp(
        identity=(tsa.authority_certificate(key_usage=None), pki.key()),
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_good(name: str) -> None:
    """Whatever RFC 3161 lets an authority write proves the time, in a response or alone."""
    stamp = GOOD[name]
    for octets in (stamp.token(), stamp.response(), stamp.response(1)):
        judged = _judge(octets)
        assert (judged.errors, judged.indication) == ((), Indication.TOTAL_PASSED)
        assert judged.info is not None
        assert judged.proven_time == judged.info.gen_time
        assert judged.authority == stamp.identity[0]
        assert judged.path == (stamp.identity[0], pki.root().certificate)


def test_facts() -> None:
    """What the token says is read as it stands."""
    judged = _judge(
        Stamp(
            gen_time=tsa.der(0x18, b"20260601000000.5Z"),
            accuracy=tsa.accuracy(1, 500, 20),
            after_accuracy=tsa.integer(7),
        )
    )

    assert judged.info is not None
    assert judged.info.gen_time == datetime(2026, 6, 1, microsecond=500_000, tzinfo=UTC)
    assert judged.info.accuracy == timedelta(seconds=1.50002)
    assert (judged.info.policy, judged.info.serial_number) == (tsa.POLICY, 4711)
    assert (judged.imprint_name, judged.info.imprint) == ("sha256", hashlib.sha256(tsa.DATA).digest())
    assert judged.info.nonce == 7
    assert _judge(Stamp()).info != judged.info


def test_three_outcomes() -> None:
    """A time stamp is no truth value, and none is valid without a time and a path."""
    with pytest.raises(TypeError, match="three outcomes"):
        bool(_judge(Stamp()))
    good = _judge(Stamp())
    for known in ({}, {"info": good.info}, {"path": good.path}):
        with pytest.raises(ValueError, match="valid"):
            Timestamp(control_time=pki.AT, **known)


def test_the_data() -> None:
    """The imprint must be that of the data; without the data the token is judged alone."""
    other = verify_token(Stamp().token(), trust=pki.trust(), at=pki.AT, imprint_of=b"other")
    assert _said(other) == ("certs.timestamp_imprint", Indication.TOTAL_FAILED, SubIndication.HASH_FAILURE)
    asked: list[str] = []

    def digest(name: str) -> bytes:
        asked.append(name)
        return hashlib.new(name, tsa.DATA).digest()

    token = Stamp(imprint_oid=tsa.SHA384).token()
    assert verify_token(token, trust=pki.trust(), at=pki.AT, imprint_of=digest).errors == ()
    assert asked == ["sha384"]
    assert verify_token(token, trust=pki.trust(), at=pki.AT).errors == ()


def _attributes(**changes: bytes) -> tuple[bytes, ...]:
    digest = tsa.octets(hashlib.sha256(Stamp().info()).digest())
    made = {
        "content_type": tsa.attribute(tsa.CONTENT_TYPE, tsa.oid(tsa.TST_INFO)),
        "digest": tsa.attribute(tsa.MESSAGE_DIGEST, digest),
        "named": tsa.named_v2(TSA),
        **changes,
    }
    return tuple(each for each in made.values() if each)


SHAPES = {
    "another version": (Stamp(version=2), TimestampRule.VERSION),
    "another version of SignedData": (Stamp(signed_data_version=1), TimestampRule.VERSION),
    "another version of the signer": (Stamp(signer_version=3), TimestampRule.VERSION),
    "two signers": (Stamp(signers=2), TimestampRule.ONE_SIGNER),
    "no signer": (Stamp(signers=0), TimestampRule.ONE_SIGNER),
    "plain data": (Stamp(content_type="1.2.840.113549.1.7.1"), TimestampRule.CONTENT_TYPE),
    "plain data that was signed as a token": (
        Stamp(content_type="1.2.840.113549.1.7.1", attributes=_attributes()),
        TimestampRule.CONTENT_TYPE,
    ),
    "no attributes": (Stamp(has_attributes=False), TimestampRule.SIGNED_ATTRIBUTES),
    "no content type": (Stamp(attributes=_attributes(content_type=b"")), TimestampRule.SIGNED_ATTRIBUTES),
    "another content type signed": (
        Stamp(
            attributes=_attributes(
                content_type=tsa.attribute(tsa.CONTENT_TYPE, tsa.oid("1.2.840.113549.1.7.1"))
            )
        ),
        TimestampRule.CONTENT_TYPE,
    ),
    "no digest": (Stamp(attributes=_attributes(digest=b"")), TimestampRule.SIGNED_ATTRIBUTES),
    "two digests": (
        Stamp(attributes=(*_attributes(), tsa.attribute(tsa.MESSAGE_DIGEST, tsa.octets(b"x")))),
        TimestampRule.SIGNED_ATTRIBUTES,
    ),
    "a digest with two values": (
        Stamp(
            attributes=_attributes(
                digest=tsa.attribute(tsa.MESSAGE_DIGEST, tsa.octets(b"x"), tsa.octets(b"y"))
            )
        ),
        TimestampRule.SIGNED_ATTRIBUTES,
    ),
    "no certificate named": (Stamp(named=()), TimestampRule.SIGNED_ATTRIBUTES),
    "short imprint": (Stamp(imprint=b"x" * 20), TimestampRule.IMPRINT_LENGTH),
    "no such day": (Stamp(gen_time=tsa.der(0x18, b"20260631000000Z")), TimestampRule.GEN_TIME),
    "before there were certificates": (
        Stamp(gen_time=tsa.der(0x18, b"19491231235959Z")),
        TimestampRule.GEN_TIME,
    ),
    "end of the calendar": (Stamp(gen_time=tsa.der(0x18, b"99991231235959Z")), TimestampRule.GEN_TIME),
    "local time": (Stamp(gen_time=tsa.der(0x18, b"20260601000000+0700")), TimestampRule.GEN_TIME),
    "no zone": (Stamp(gen_time=tsa.der(0x18, b"20260601000000")), TimestampRule.GEN_TIME),
    "too many certificates": (
        Stamp(certificates=tuple(tsa.seq(tsa.integer(number)) for number in range(21))),
        TimestampRule.CERTIFICATE_COUNT,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    """There is one form of token."""
    stamp, rule = SHAPES[name]

    judged = _judge(stamp)
    assert _said(judged) == (
        "certs.timestamp_shape",
        Indication.TOTAL_FAILED,
        SubIndication.FORMAT_FAILURE,
    )
    assert getattr(_error(judged), "rule", None) is rule


CRITICAL = tsa.der(0xA1, tsa.seq(tsa.oid("1.2.3"), b"\x01\x01\xff", tsa.octets(b"x")))
OTHER = tsa.authority_certificate(subject="Khác")
ANOTHER_VALUE = ec.generate_private_key(ec.SECP256R1()).sign(b"other", ec.ECDSA(hashes.SHA256()))
HASH = tsa.der(0xA0, tsa.algorithm(tsa.SHA256))
MASK = tsa.der(0xA1, tsa.algorithm(tsa.MGF1, tsa.algorithm(tsa.SHA256)))
SALT = tsa.der(0xA2, tsa.integer(32))
PSS_PARAMETERS = {
    "no hash": tsa.seq(MASK, SALT),
    "no mask": tsa.seq(HASH, SALT),
    "no salt": tsa.seq(HASH, MASK),
    "a trailer": tsa.seq(HASH, MASK, SALT, tsa.der(0xA3, tsa.integer(2))),
    "another function": tsa.seq(HASH, tsa.der(0xA1, tsa.algorithm("1.2.3", tsa.algorithm(tsa.SHA256))), SALT),
    "a function without a hash": tsa.seq(HASH, tsa.der(0xA1, tsa.algorithm(tsa.MGF1)), SALT),
    "SHA-1": tsa.seq(
        tsa.der(0xA0, tsa.algorithm(tsa.SHA1)),
        tsa.der(0xA1, tsa.algorithm(tsa.MGF1, tsa.algorithm(tsa.SHA1))),
    ),
    "SHA-1 and a salt": tsa.seq(
        tsa.der(0xA0, tsa.algorithm(tsa.SHA1)),
        tsa.der(0xA1, tsa.algorithm(tsa.MGF1, tsa.algorithm(tsa.SHA1))),
        tsa.der(0xA2, tsa.integer(20)),
    ),
    "more": tsa.seq(HASH, MASK, SALT, tsa.integer(1)),
    "no sequence": tsa.integer(1),
}


@pytest.mark.parametrize("name", PSS_PARAMETERS)
def test_parameters_of_pss(name: str) -> None:
    """RSASSA-PSS is accepted with one set of parameters for each hash, written out."""
    signature = tsa.algorithm(tsa.RSA_PSS, PSS_PARAMETERS[name])
    judged = _judge(Stamp(identity=RSA, pss=True, signature_algorithm=signature))

    assert _error(judged).code == "certs.algorithm_forbidden"


def test_trailer_of_pss_may_be_written() -> None:
    """The trailer that is meant anyway may be said."""
    parameters = tsa.seq(HASH, MASK, SALT, tsa.der(0xA3, tsa.integer(1)))
    signature = tsa.algorithm(tsa.RSA_PSS, parameters)

    assert _judge(Stamp(identity=RSA, pss=True, signature_algorithm=signature)).errors == ()


WRONG: dict[str, tuple[Stamp, str, SubIndication]] = {
    "parameters of the digest": (
        Stamp(digest=tsa.algorithm(tsa.SHA256, tsa.integer(1))),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "another RSA signature": (
        Stamp(
            identity=RSA,
            signature_algorithm=tsa.algorithm(tsa.RSA_SHA256),
            change_value=lambda value: value[:-1] + bytes([value[-1] ^ 1]),
        ),
        "certs.timestamp_signature",
        SubIndication.SIG_CRYPTO_FAILURE,
    ),
    "another issuer with the number": (
        Stamp(signer=tsa.seq(TSA.subject.public_bytes(), tsa.integer(TSA.serial_number))),
        "certs.no_timestamp_certificate",
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    ),
    "imprint by SHA-1": (
        Stamp(imprint_oid=tsa.SHA1),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "digest by SHA-1": (
        Stamp(digest_oid=tsa.SHA1),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "signature by SHA-1": (
        Stamp(signature_hash=tsa.SHA1, signature_algorithm=tsa.algorithm("1.2.840.10045.4.1")),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "parameters where none may be": (
        Stamp(signature_algorithm=tsa.algorithm(tsa.ECDSA_SHA256, tsa.integer(1))),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "pss without parameters": (
        Stamp(identity=RSA, pss=True, signature_algorithm=tsa.algorithm(tsa.RSA_PSS)),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "pss with another salt": (
        Stamp(identity=RSA, pss=True, signature_algorithm=tsa.pss(tsa.SHA256, salt=20)),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "pss with another mask": (
        Stamp(identity=RSA, pss=True, signature_algorithm=tsa.pss(tsa.SHA256, mask_oid=tsa.SHA1)),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "named by MD5": (
        Stamp(
            named=(
                tsa.attribute(
                    tsa.SIGNING_CERTIFICATE_V2,
                    tsa.seq(tsa.seq(tsa.seq(tsa.algorithm("1.2.840.113549.2.5"), tsa.octets(b"x" * 16)))),
                ),
            )
        ),
        "certs.algorithm_forbidden",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
    "content changed": (
        Stamp(change_info=lambda info: info.replace(b"20260601", b"20260501")),
        "certs.timestamp_content",
        SubIndication.HASH_FAILURE,
    ),
    "another digest": (
        Stamp(message_digest=b"x" * 32),
        "certs.timestamp_content",
        SubIndication.HASH_FAILURE,
    ),
    "another signature": (
        Stamp(change_value=lambda _: ANOTHER_VALUE),
        "certs.timestamp_signature",
        SubIndication.SIG_CRYPTO_FAILURE,
    ),
    "rubbish for a signature": (
        Stamp(change_value=lambda _: b"x"),
        "certs.timestamp_signature",
        SubIndication.SIG_CRYPTO_FAILURE,
    ),
    "key of another kind": (
        Stamp(identity=RSA),
        "certs.timestamp_signature",
        SubIndication.SIG_CRYPTO_FAILURE,
    ),
    "another certificate named": (
        Stamp(named=(tsa.named_v2(OTHER),)),
        "certs.timestamp_signer",
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    ),
    "one of two names another": (
        Stamp(named=(tsa.named_v1(OTHER), tsa.named_v2(TSA))),
        "certs.timestamp_signer",
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    ),
    "no certificate": (
        Stamp(certificates=()),
        "certs.no_timestamp_certificate",
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    ),
    "another signer": (
        Stamp(signer=tsa.seq(TSA.issuer.public_bytes(), tsa.integer(1))),
        "certs.no_timestamp_certificate",
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    ),
    "critical extension": (
        Stamp(after_accuracy=CRITICAL),
        "certs.timestamp_extension",
        SubIndication.SIG_CONSTRAINTS_FAILURE,
    ),
    "later than now": (
        Stamp(gen_time=tsa.later(pki.AT, by=timedelta(minutes=6))),
        "certs.timestamp_in_future",
        SubIndication.TIMESTAMP_ORDER_FAILURE,
    ),
    "weak key": (
        Stamp(
            identity=(tsa.authority_certificate(key=pki.small_rsa_key()), pki.small_rsa_key()),
            signature_algorithm=tsa.algorithm(tsa.RSA_SHA256),
        ),
        "certs.key_too_weak",
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str) -> None:
    """A token that is in the right form and breaks a rule proves nothing."""
    stamp, code, sub_indication = WRONG[name]

    judged = _judge(stamp)
    failed = {SubIndication.HASH_FAILURE, SubIndication.SIG_CRYPTO_FAILURE}
    expected = Indication.TOTAL_FAILED if sub_indication in failed else Indication.INDETERMINATE
    assert _said(judged) == (code, expected, sub_indication)


def test_oversized_key() -> None:
    """A key that would take long to verify with is not tried."""
    public = rsa.RSAPublicNumbers(65537, (1 << 16383) + 1).public_key()
    certificate = pki.certificate(pki.root(), public_key=public, extensions=tsa.PURPOSE)
    stamp = Stamp(identity=(certificate, pki.key()), signature_algorithm=tsa.algorithm(tsa.RSA_SHA256))

    assert _error(_judge(stamp)).code == "certs.key_too_weak"


def test_a_little_later_than_now() -> None:
    """The authority's clock may be ahead of ours by what the policy allows."""
    assert _judge(Stamp(gen_time=tsa.later(pki.AT, by=timedelta(minutes=5)))).errors == ()


def _purposes(
    *purposes: x509.ObjectIdentifier, critical: bool = True
) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    return ((x509.ExtendedKeyUsage(purposes), critical),)


STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
AUTHORITIES = {
    "purpose not critical": tsa.authority_certificate(extensions=_purposes(STAMPING, critical=False)),
    "another purpose as well": tsa.authority_certificate(
        extensions=_purposes(STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
    ),
    "another purpose": tsa.authority_certificate(extensions=_purposes(ExtendedKeyUsageOID.EMAIL_PROTECTION)),
    "any purpose": tsa.authority_certificate(
        extensions=_purposes(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    ),
    "no purpose": tsa.authority_certificate(extensions=()),
    "may not sign": tsa.authority_certificate(key_usage=pki.usage("key_encipherment")),
    "may sign certificates": tsa.authority_certificate(
        key_usage=pki.usage("digital_signature", "key_cert_sign")
    ),
    "constrains names": tsa.authority_certificate(
        extensions=(
            *tsa.PURPOSE,
            (x509.NameConstraints([x509.DNSName("gov.vn")], None), False),
        )
    ),
    "an authority": pki.certificate(
        pki.root(),
        is_authority=True,
        key_usage=pki.usage("digital_signature"),
        extensions=tsa.PURPOSE,
    ),
}


@pytest.mark.parametrize("name", AUTHORITIES)
def test_authority(name: str) -> None:
    """The certificate is for time-stamping, critically, and for nothing else (RFC 3161 §2.3)."""
    judged = _judge(Stamp(identity=(AUTHORITIES[name], pki.key())))

    assert _said(judged) == (
        "certs.timestamp_authority",
        Indication.INDETERMINATE,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
    )


@pytest.mark.parametrize(("check", "extensions"), [(check_timestamping, tsa.PURPOSE), (check_leaf, ())])
def test_critical_extension(
    check: Callable[[x509.Certificate], None], extensions: tuple[tuple[x509.ExtensionType, bool], ...]
) -> None:
    """What an issuer wants to be understood and is not makes the certificate unusable, whatever it is for."""
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"")
    check(pki.certificate(pki.root(), extensions=(*extensions, (unknown, False))))

    with pytest.raises(TrustError) as raised:
        check(pki.certificate(pki.root(), extensions=(*extensions, (unknown, True))))
    assert raised.value.facts["rule"] == "critical_extension"


def test_a_signer_of_documents_is_no_authority() -> None:
    """A certificate for signing documents stamps no time, and the other way round."""
    certificate, key = pki.signer()

    assert _error(_judge(Stamp(identity=(certificate, key)))).code == "certs.timestamp_authority"


TIMES = {
    "expired": (
        tsa.authority_certificate(not_after=pki.AT - pki.DAY),
        "certs.certificate_expired",
        SubIndication.OUT_OF_BOUNDS_NO_POE,
    ),
    "not yet valid then": (
        tsa.authority_certificate(not_before=pki.AT - pki.DAY),
        "certs.certificate_not_yet_valid",
        SubIndication.NOT_YET_VALID,
    ),
}


@pytest.mark.parametrize("name", TIMES)
def test_validity_of_the_authority(name: str) -> None:
    """The certificate must be valid when the token was made, and still when it is looked at."""
    certificate, code, sub_indication = TIMES[name]

    judged = _judge(Stamp(identity=(certificate, pki.key())))
    assert _said(judged) == (code, Indication.INDETERMINATE, sub_indication)


def test_unknown_authority() -> None:
    """An authority that nobody trusts proves nothing, whatever name it bears."""
    judged = _judge(Stamp(identity=(STRANGER, pki.key())))

    assert _said(judged) == (
        "certs.untrusted_certificate",
        Indication.INDETERMINATE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    )


def test_anchor_for_signatures_only() -> None:
    """An anchor counts for what it is relied upon for, when it is."""
    root = pki.root().certificate
    for anchor in (
        Anchor(certificate=root, usages=frozenset({Usage.SIGNATURE})),
        Anchor(certificate=root, trusted_from=pki.AT + pki.DAY),
        Anchor(certificate=root, trusted_until=pki.AT),
    ):
        assert _error(_judge(Stamp(), trust=Trust(anchors=(anchor,)))).code == "certs.no_trust_anchors"
    only = Anchor(certificate=root, usages=frozenset({Usage.TIMESTAMP}))
    assert _judge(Stamp(), trust=Trust(anchors=(only,))).errors == ()


def _below(*purposes: x509.ObjectIdentifier) -> Timestamp:
    key = pki.key(KeyType.EC_P384)
    certificate = pki.certificate(
        pki.root(),
        subject="TSA CA",
        public_key=key,
        is_authority=True,
        key_usage=pki.usage("key_cert_sign"),
        extensions=((x509.ExtendedKeyUsage(purposes), False),) if purposes else (),
    )
    leaf = tsa.authority_certificate(Authority(certificate=certificate, key=key))
    return _judge(Stamp(identity=(leaf, pki.key()), certificates=(_der(certificate), _der(leaf))))


def test_authority_above() -> None:
    """Intermediates come with the token; one that is limited to other purposes certifies no authority for time stamps."""
    assert len(_below().path) == 3
    assert _below(STAMPING).errors == ()
    assert _below(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE).errors == ()
    assert _error(_below(ExtendedKeyUsageOID.EMAIL_PROTECTION)).code == "certs.key_usage"


def test_certificate_from_elsewhere() -> None:
    """A token without certificates is verified with one that is held, or given."""
    bare = Stamp(certificates=())
    held = Trust(anchors=pki.trust().anchors, intermediates=(TSA,))
    assert _judge(bare, trust=held).errors == ()
    given_ = verify_token(bare.token(), trust=pki.trust(), at=pki.AT, certificates=[TSA])
    assert given_.errors == ()


@pytest.mark.parametrize(
    "policy",
    [
        replace(default_policy(), digests=frozenset({"sha384"})),
        replace(default_policy(), signatures=frozenset({"rsa-pss-sha256"})),
        replace(default_policy(), rsa_min=3072),
    ],
    ids=["digest", "signature", "size"],
)
def test_policy(policy: Policy) -> None:
    """What a policy leaves out for documents it leaves out for time stamps."""
    trust = Trust(anchors=pki.trust().anchors, policy=policy)
    judged = _judge(GOOD["rsa"], trust=trust)

    assert _said(judged) == (
        "certs.not_in_policy",
        Indication.INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
    )


# Injected certificates: the same class as GHSA-xm5m-wgh2-rrg3.


def _clone(ca: Authority) -> x509.Certificate:
    """Return another certificate with the issuer, the number and the key of the good one."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Another TSA")]))
        .issuer_name(TSA.issuer)
        .public_key(TSA.public_key())
        .serial_number(TSA.serial_number)
        .not_valid_before(TSA.not_valid_before_utc)
        .not_valid_after(TSA.not_valid_after_utc)
    )
    for extension, critical in tsa.PURPOSE:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(ca.key, hashes.SHA256())


@pytest.mark.parametrize("first", [True, False])
def test_injected_certificates_change_nothing(first: bool) -> None:
    """Whatever else lies in a token, its signer stays the one that it names."""
    for injected in (_clone(pki.root()), _clone(pki.stranger()), OTHER, STRANGER, pki.signer()[0]):
        ders = (_der(injected), _der(TSA)) if first else (_der(TSA), _der(injected))
        judged = _judge(Stamp(certificates=ders))
        assert (judged.errors, judged.authority) == ((), TSA)


def test_token_of_a_stranger_with_a_good_certificate_injected() -> None:
    """A trusted authority's certificate beside it makes a stranger's token nobody's but the stranger's."""
    key = pki.key(KeyType.EC_P384)
    stranger = tsa.authority_certificate(pki.stranger(), key=key)
    for ders in ((_der(TSA), _der(stranger)), (_der(stranger), _der(TSA)), (_der(TSA),)):
        named = _judge(Stamp(identity=(stranger, key), certificates=ders))
        assert named.indication is Indication.INDETERMINATE
    pretended = Stamp(
        identity=(stranger, key),
        certificates=(_der(TSA), _der(stranger)),
        signer=tsa.seq(TSA.issuer.public_bytes(), tsa.integer(TSA.serial_number)),
        named=(tsa.named_v2(TSA),),
    )
    assert _error(_judge(pretended)).code == "certs.timestamp_signature"


def test_certificate_with_the_signers_number_instead_of_the_signers() -> None:
    """A certificate that only looks like the named one is not taken for it, though key and signature are right."""
    judged = _judge(Stamp(certificates=(_der(_clone(pki.root())),)))

    assert _error(judged).code == "certs.timestamp_signer"


# Revocation.


def _revoked(reason: x509.ReasonFlags | None, *, since: datetime = pki.AT - 2 * pki.DAY) -> Timestamp:
    entry = crl.revoked(TSA, since=since, reason=reason)
    lists = (crl.read(crl.crl(pki.root(), entry)),)
    trust = Trust(anchors=pki.trust().anchors, lists=lists, revocation=Revocation.REQUIRE)
    return _judge(Stamp(), trust=trust)


@pytest.mark.parametrize("reason", [None, x509.ReasonFlags.key_compromise, x509.ReasonFlags.certificate_hold])
def test_revoked(reason: x509.ReasonFlags | None) -> None:
    """Whoever may have lost the key may have lost it before: no token of a revoked authority proves anything."""
    assert _said(_revoked(reason)) == (
        "certs.certificate_revoked",
        Indication.INDETERMINATE,
        SubIndication.REVOKED_NO_POE,
    )


@pytest.mark.parametrize("reason", ["affiliation_changed", "superseded", "cessation_of_operation"])
def test_given_up_later(reason: str) -> None:
    """An authority that stopped later, and kept its key, is as good as it was (RFC 3161 §4)."""
    judged = _revoked(x509.ReasonFlags[reason])
    assert judged.errors == ()
    assert [remark.code for remark in judged.remarks] == ["certs.revoked_since"]
    assert judged.revocation[0].standing is Standing.GOOD

    before = _revoked(x509.ReasonFlags[reason], since=tsa.GEN_TIME)
    assert _error(before).code == "certs.certificate_revoked"


def test_to_be_given_up() -> None:
    """An authority that will be revoked later than the moment that counts is not revoked, and nothing is told."""
    judged = _revoked(x509.ReasonFlags.cessation_of_operation, since=pki.AT + pki.DAY)

    assert (judged.errors, judged.remarks) == ((), ())


def test_nobody_wants_to_know() -> None:
    """Where revocation is no matter, nothing is looked up."""
    judged = _judge(Stamp(), trust=Trust(anchors=pki.trust().anchors, revocation=Revocation.OFF))

    assert (judged.errors, judged.revocation) == ((), ())


def test_revocation_must_be_known() -> None:
    """Where revocation must be known, a token of an authority of which nothing is known waits."""
    trust = Trust(anchors=pki.trust().anchors, revocation=Revocation.REQUIRE)

    assert _said(_judge(Stamp(), trust=trust)) == (
        "certs.revocation_unknown",
        Indication.INDETERMINATE,
        SubIndication.TRY_LATER,
    )
    known = Trust(
        anchors=trust.anchors, lists=(crl.read(crl.crl(pki.root())),), revocation=Revocation.REQUIRE
    )
    assert _judge(Stamp(), trust=known).errors == ()


# Responses and rubbish.


def test_response_without_a_token() -> None:
    """An authority that refuses gives no token; one that grants does."""
    refused = _judge(tsa.seq(tsa.seq(tsa.integer(2), tsa.seq(tsa.der(0x0C, b"no")))))
    assert _said(refused) == ("certs.timestamp_not_granted", Indication.NO_SIGNATURE_FOUND, None)
    empty = _judge(tsa.seq(tsa.seq(tsa.integer(0))))
    assert _said(empty)[0] == "certs.timestamp_shape"
    contradictory = _judge(Stamp().response(2))
    assert _said(contradictory)[0] == "certs.timestamp_shape"


TOKEN = Stamp().token()
NOTHING = [
    b"",
    b"0",
    b"0\x80",
    b"rubbish",
    _der(TSA),
    TOKEN[:-1],
    TOKEN + b"\0",
    TOKEN + TOKEN,
    Stamp().response() + b"\0",
    tsa.seq(),
    tsa.seq(tsa.oid(tsa.SIGNED_DATA)),
    tsa.seq(*[tsa.integer(1)] * 200),
    Stamp(change_info=lambda info: info + b"\0").token(),
    Stamp(change_info=lambda info: info[:-1]).token(),
    Stamp(after_accuracy=tsa.octets(b"x")).token(),
    Stamp(accuracy=tsa.accuracy(-1)).token(),
    Stamp(serial_number=2**600).token(),
    b"\x30\x84\xff\xff\xff\xff" + b"x" * 100,
    b"\x30\x83\x0f\xff\xff" + b"0\x80" * 500_000,
    TOKEN + b"x" * 2_000_000,
    Stamp(certificates=(_der(TSA), tsa.seq(tsa.octets(bytes(1 << 20))))).token(),
    Stamp(after_accuracy=b"\1\1\5").token(),
    Stamp(signer=b"").token(),
    Stamp(accuracy=tsa.accuracy(2**31)).token(),
    Stamp(accuracy=tsa.accuracy(1, 1000)).token(),
    Stamp(accuracy=tsa.accuracy(1, 1, 1000)).token(),
    Stamp(accuracy=tsa.accuracy(1, -1)).token(),
    Stamp(digest=tsa.algorithm(tsa.SHA256, b"\5\0", b"\5\0")).token(),
]


@pytest.mark.parametrize("number", range(len(NOTHING)))
def test_not_a_token(number: int) -> None:
    """What is not a token in all of its octets is none."""
    assert _said(_judge(NOTHING[number])) == (
        "certs.not_a_timestamp",
        Indication.TOTAL_FAILED,
        SubIndication.FORMAT_FAILURE,
    )


@given(st.binary(max_size=200))
def test_rubbish(octets: bytes) -> None:
    """Rubbish is refused, and nothing else happens."""
    assert _judge(octets).proven_time is None


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 255))
def test_changed_octets(place: int, change: int) -> None:
    """No octet of a token can be changed so that it proves another time; most cannot be changed at all."""
    changed = bytearray(TOKEN)
    changed[place] ^= change
    judged = _judge(bytes(changed))

    good = _judge(TOKEN)
    assert judged.proven_time in {None, good.proven_time}
    assert judged.errors or (judged.info, judged.authority) == (good.info, good.authority)


@given(st.integers(0, len(TOKEN)), st.binary(max_size=4))
def test_octets_put_in(place: int, octets: bytes) -> None:
    """Nor can any be put in."""
    judged = _judge(TOKEN[:place] + octets + TOKEN[place:])

    assert bool(judged.errors) is bool(octets)


def test_indefinite_lengths() -> None:
    """CMS may be in BER: the token means the same with indefinite lengths and its content in pieces."""
    stamp = Stamp()
    info = stamp.info()
    content = b"\x24\x80" + tsa.octets(info[:10]) + tsa.octets(info[10:]) + b"\0\0"
    kind = tsa.oid(tsa.TST_INFO)
    token = stamp.token().replace(
        tsa.seq(kind, tsa.der(0xA0, tsa.octets(info))), tsa.seq(kind, b"\xa0\x80" + content + b"\0\0")
    )
    body = token[token.index(b"\x02\x01\x03") :]
    ber = b"\x30\x80" + tsa.oid(tsa.SIGNED_DATA) + b"\xa0\x80\x30\x80" + body + b"\0\0" * 3

    assert _judge(ber).info == _judge(stamp).info
    assert _judge(ber).errors == ()
    assert _judge(ber[:-1]).errors
    assert _judge(ber + b"\0\0").errors


@pytest.mark.parametrize(
    ("held", "code"),
    [
        ([], "certs.timestamp_shape"),
        ([tsa.der(0xA0)], "certs.not_a_timestamp"),
        ([tsa.der(0xA0, tsa.octets(Stamp().info()) * 2)], "certs.not_a_timestamp"),
    ],
    ids=["detached", "empty", "twice"],
)
def test_content_that_is_not_one(held: list[bytes], code: str) -> None:
    """A token holds what it asserts, once."""
    kind, token = tsa.oid(tsa.TST_INFO), Stamp().token()
    body = token[token.index(b"\x02\x01\x03") :]
    whole = tsa.seq(kind, tsa.der(0xA0, tsa.octets(Stamp().info())))
    assert whole in body
    inside = body.replace(whole, tsa.seq(kind, *held))

    assert _said(_judge(tsa.seq(tsa.oid(tsa.SIGNED_DATA), tsa.der(0xA0, tsa.seq(inside)))))[0] == code


def test_changed_recipe_is_another_token() -> None:
    """The authority of these tests makes what it is told to."""
    assert replace(Stamp(), serial_number=1).token() != TOKEN


def _with_more(value: bytes) -> Iterator[bytes]:
    """Yield a value with a NULL at the end of each value that it is made of, one at a time."""
    _, is_constructed, _, _, contents, _ = parser.parse(value)
    if not is_constructed:
        return
    yield tsa.der(value[0], contents, b"\5\0")
    parts: list[bytes] = []
    rest = contents
    while rest:
        *_, header, body, trailer = parser.parse(rest)
        size = len(header) + len(body) + len(trailer)
        parts, rest = [*parts, rest[:size]], rest[size:]
    for place, part in enumerate(parts):
        for changed in _with_more(part):
            yield tsa.der(value[0], *parts[:place], changed, *parts[place + 1 :])


def _instead(octets: bytes) -> Callable[[bytes], bytes]:
    return lambda _: octets


def _outcomes(tokens: Iterable[bytes]) -> Counter[str]:
    judged = [_judge(token) for token in tokens]
    return Counter(each.errors[0].code.removeprefix("certs.") if each.errors else "good" for each in judged)


def test_more_than_there_may_be() -> None:
    """What is added anywhere is an error, but among certificates, in names of digests and as parameters that are NULL."""
    full = Stamp(
        accuracy=tsa.accuracy(1, 2, 3),
        after_accuracy=tsa.der(0xA1, tsa.seq(tsa.oid("1.2.3"), tsa.octets(b"x"))),
    )
    info = full.info()
    changed = [replace(full, change_info=_instead(new)).token() for new in _with_more(info)]

    assert full.token() != TOKEN
    assert _outcomes(changed) == {"not_a_timestamp": 5, "timestamp_content": 1}
    found = _outcomes(_with_more(TOKEN))
    del found["no_timestamp_certificate"]  # inside the certificate, and in the name of its issuer
    assert found == {"not_a_timestamp": 11, "good": 5, "timestamp_shape": 4, "timestamp_signature": 3}
    response = tsa.seq(tsa.seq(tsa.integer(0)), TOKEN, b"\5\0")
    assert _outcomes([response]) == {"not_a_timestamp": 1}
