"""CMS objects are read strictly: what is not as it must be breaks a rule, or is a fact that speaks against the signature."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import pytest
from asn1crypto import algos, cms, core, x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.issue import KeyType
from certs.pdf_cms import MIN_SALT, CmsShapeError, read_cms
from certs.pdf_facts import MAX_CERTIFICATES, MAX_TOKENS, CmsFacts
from certs.pdf_rules import PdfShapeRule
from tests.support import cms_attacks, pki, tsa
from tests.support.pdf import Signer, asn1, page, sign
from tests.support.pdf_attacks import cms_of, signer_info

Change = Callable[[cms.ContentInfo], object]
PROTECTION: Final = "1.2.840.113549.1.9.52"


@cache
def _octets() -> bytes:
    made: bytes = cms_of(sign(page())).dump()
    return made


@cache
def _by_rsa() -> bytes:
    made: bytes = cms_of(sign(page(), Signer(pki.signer(KeyType.RSA_2048), pss=True))).dump()
    return made


def read(change: Change, octets: bytes | None = None) -> CmsFacts:
    """Read a good object in which something was changed."""
    info = cms.ContentInfo.load(octets or _octets())
    change(info)
    return read_cms(cms_attacks.again(info).dump())


def broken(change: Change, octets: bytes | None = None) -> PdfShapeRule:
    """Return the rule that a changed object breaks."""
    with pytest.raises(CmsShapeError) as caught:
        read(change, octets)
    return caught.value.rule


def _attributes(*added: bytes, without: tuple[str, ...] = ()) -> Change:
    def change(info: cms.ContentInfo) -> None:
        signer = signer_info(info)
        kept = [each for each in signer["signed_attrs"] if each["type"].native not in without]
        signer["signed_attrs"] = cms.CMSAttributes([*kept, *map(cms.CMSAttribute.load, added)])

    return change


def _in_signer(name: str, value: Any) -> Change:
    return lambda info: signer_info(info).__setitem__(name, value)


def test_a_good_object() -> None:
    """Everything is read that the judgement needs."""
    info = cms.ContentInfo.load(_octets())
    signer = signer_info(info)
    facts = read(lambda _: None)
    leaf = pki.signer()[0].public_bytes(Encoding.DER)

    assert (facts.digest, facts.algorithm, facts.forbidden, facts.pss_salt) == (
        "sha256",
        "ecdsa-sha256",
        None,
        None,
    )
    assert facts.signed_attributes == b"\x31" + signer["signed_attrs"].dump()[1:]
    assert facts.value == signer["signature"].native
    assert (facts.signer, facts.names_signer, facts.certificates) == (leaf, True, (leaf,))
    assert len(facts.message_digest) == 32
    assert facts.tokens == ()


def test_room() -> None:
    """What is left of the room is filled with zeros; an object that is cut off, or of no known length, is none."""
    octets = _octets()
    assert read_cms(octets + bytes(100)) == read_cms(octets)
    for wrong, rule in (
        (octets + b"\0\1", PdfShapeRule.TRAILING),
        (octets + b"\1", PdfShapeRule.TRAILING),
        (octets[:-1], PdfShapeRule.CMS),
        (b"\x31" + octets[1:], PdfShapeRule.CMS),
        (b"\x30\x80" + octets[4:], PdfShapeRule.CMS),
        (b"\x30\x85\0\0\0" + octets[2:], PdfShapeRule.CMS),
        (b"", PdfShapeRule.CMS),
        (b"\x30\x03\x02\x01", PdfShapeRule.CMS),
        (b"\x30\x03\x02\x01\x01", PdfShapeRule.CMS),
        (b"\x30\x00", PdfShapeRule.CMS),
        (b"\x30\x03\x02\x01\x01\0\0\0", PdfShapeRule.CMS),
        (b"\x30\x03\x02\x01\x01\0\0\1", PdfShapeRule.TRAILING),
    ):
        with pytest.raises(CmsShapeError) as caught:
            read_cms(wrong)
        assert caught.value.rule is rule, wrong[:20]
        assert str(caught.value) == rule.value


def test_lengths_of_four_octets() -> None:
    """A length may be longer than it need be, as some software leaves it, in up to four octets."""
    octets = _octets()
    assert octets[:2] == b"\x30\x82"
    long = b"\x30\x84\0\0" + octets[2:]
    assert read_cms(long).value == read_cms(octets).value


@pytest.mark.parametrize(
    "octets",
    [
        tsa.seq(tsa.oid("1.2.3"), tsa.der(0xA0, tsa.integer(1))),
        tsa.seq(tsa.oid("1.2.840.113549.1.7.1"), tsa.der(0xA0, tsa.octets(b"x"))),
        tsa.seq(tsa.oid(tsa.SIGNED_DATA)),
        tsa.seq(tsa.oid(tsa.SIGNED_DATA), tsa.der(0xA0, tsa.seq())),
        tsa.seq(tsa.integer(1), tsa.integer(2)),
    ],
)
def test_what_is_no_signed_data(octets: bytes) -> None:
    """Other content types, and none at all."""
    with pytest.raises(CmsShapeError) as caught:
        read_cms(octets)
    assert caught.value.rule is PdfShapeRule.CMS


def _protected(digest: str, signature: str) -> bytes:
    return tsa.seq(tsa.algorithm(digest), tsa.der(0xA1, tsa.algorithm(signature)[2:]))


DIGEST: Final = tsa.attribute(tsa.MESSAGE_DIGEST, tsa.octets(b"x" * 32))
TYPE: Final = tsa.attribute(tsa.CONTENT_TYPE, tsa.oid("1.2.840.113549.1.7.1"))
SHAPES: Final[dict[str, tuple[Change, PdfShapeRule]]] = {
    "no signer": (cms_attacks.no_signer, PdfShapeRule.SIGNER_INFO),
    "two signers": (cms_attacks.two_signers, PdfShapeRule.SIGNER_INFO),
    "content": (cms_attacks.encapsulated, PdfShapeRule.ENCAPSULATED),
    "other content": (cms_attacks.other_content, PdfShapeRule.ENCAPSULATED),
    "no attributes": (_in_signer("signed_attrs", None), PdfShapeRule.SIGNED_ATTRIBUTES),
    "no content type": (_attributes(without=("content_type",)), PdfShapeRule.SIGNED_ATTRIBUTES),
    "no digest": (_attributes(without=("message_digest",)), PdfShapeRule.SIGNED_ATTRIBUTES),
    "two digests": (_attributes(DIGEST), PdfShapeRule.SIGNED_ATTRIBUTES),
    "two content types": (_attributes(TYPE), PdfShapeRule.SIGNED_ATTRIBUTES),
    "another twice": (
        _attributes(tsa.attribute("1.2.3", tsa.integer(1)), tsa.attribute("1.2.3", tsa.integer(2))),
        PdfShapeRule.SIGNED_ATTRIBUTES,
    ),
    "a digest of two values": (
        _attributes(
            tsa.attribute(tsa.MESSAGE_DIGEST, tsa.octets(b"x"), tsa.octets(b"y")), without=("message_digest",)
        ),
        PdfShapeRule.SIGNED_ATTRIBUTES,
    ),
    "a digest of no value": (
        _attributes(tsa.attribute(tsa.MESSAGE_DIGEST), without=("message_digest",)),
        PdfShapeRule.SIGNED_ATTRIBUTES,
    ),
    "another content type": (
        _attributes(tsa.attribute(tsa.CONTENT_TYPE, tsa.oid(tsa.TST_INFO)), without=("content_type",)),
        PdfShapeRule.SIGNED_ATTRIBUTES,
    ),
    "no certificate named": (
        _attributes(
            tsa.attribute(tsa.SIGNING_CERTIFICATE_V2, tsa.seq(tsa.seq())), without=("signing_certificate_v2",)
        ),
        PdfShapeRule.CMS,
    ),
    "nothing named": (
        _attributes(tsa.attribute(tsa.SIGNING_CERTIFICATE_V2), without=("signing_certificate_v2",)),
        PdfShapeRule.SIGNED_ATTRIBUTES,
    ),
    "two protections": (
        _attributes(tsa.attribute(PROTECTION, *[_protected(tsa.SHA256, tsa.ECDSA_SHA256)] * 2)),
        PdfShapeRule.SIGNED_ATTRIBUTES,
    ),
    "many certificates": (cms_attacks.many_certificates, PdfShapeRule.CERTIFICATE_COUNT),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    """Each part is there as often as it must be."""
    change, rule = SHAPES[name]
    assert broken(change) is rule


def test_attributes_that_nobody_knows() -> None:
    """More signed attributes do no harm, each once."""
    assert read(_attributes(tsa.attribute("1.2.3", tsa.integer(1)))).names_signer


@pytest.mark.parametrize(
    ("digest", "signature", "is_good"),
    [
        (tsa.SHA256, tsa.ECDSA_SHA256, True),
        (tsa.SHA384, tsa.ECDSA_SHA256, False),
        (tsa.SHA256, tsa.RSA_SHA256, False),
    ],
)
def test_algorithm_protection(digest: str, signature: str, *, is_good: bool) -> None:
    """Both algorithms are those that were signed, where any were."""
    change = _attributes(tsa.attribute(PROTECTION, _protected(digest, signature)))
    if is_good:
        assert read(change).algorithm == "ecdsa-sha256"
    else:
        assert broken(change) is PdfShapeRule.ALGORITHM_PROTECTION


def test_certificates() -> None:
    """So many are taken and no more; other kinds than X.509 are none, and none at all leaves nobody."""
    one = asn1(pki.signer()[0])

    def bring(*choices: cms.CertificateChoices) -> Change:
        return lambda info: info["content"].__setitem__("certificates", cms.CertificateSet(list(choices)))

    choice = cms.CertificateChoices("certificate", one)
    odd = cms.CertificateChoices(
        "other", cms.OtherCertificateFormat({"other_cert_format": "1.2.3", "other_cert": core.Integer(1)})
    )
    assert len(read(bring(*[choice] * MAX_CERTIFICATES)).certificates) == MAX_CERTIFICATES
    assert broken(bring(*[choice] * (MAX_CERTIFICATES + 1))) is PdfShapeRule.CERTIFICATE_COUNT
    assert len(read(bring(choice, odd)).certificates) == 1
    nobody = read(cms_attacks.no_certificates)
    assert (nobody.signer, nobody.names_signer, nobody.certificates) == (None, False, ())


def test_who_is_meant() -> None:
    """By issuer and number, both; or by the identifier of the key."""
    leaf = asn1(pki.signer()[0])
    other = asn1(pki.authority().certificate)

    def by(kind: str, value: Any) -> CmsFacts:
        return read(_in_signer("sid", cms.SignerIdentifier(kind, value)))

    def by_number(issuer: x509.Name, number: int) -> CmsFacts:
        return by("issuer_and_serial_number", {"issuer": issuer, "serial_number": number})

    assert leaf.key_identifier is not None
    assert by("subject_key_identifier", core.OctetString(leaf.key_identifier)).names_signer
    assert by("subject_key_identifier", core.OctetString(b"x")).signer is None
    assert by_number(leaf.issuer, leaf.serial_number).signer == leaf.dump()
    assert by_number(leaf.issuer, leaf.serial_number + 1).signer is None
    assert by_number(other.subject, leaf.serial_number).signer is None


def _named(
    method: bytes, digest: bytes, issuer_serial: bytes = b"", oid: str = tsa.SIGNING_CERTIFICATE_V2
) -> bytes:
    return tsa.attribute(oid, tsa.seq(tsa.seq(tsa.seq(method, tsa.octets(digest), issuer_serial))))


def _issuer_serial(*names: bytes, number: int | None = None) -> bytes:
    return tsa.seq(tsa.seq(*names), tsa.integer(pki.signer()[0].serial_number if number is None else number))


LEAF: Final = pki.signer()[0].public_bytes(Encoding.DER)
HASHED: Final = hashlib.sha256(LEAF).digest()
SHA1_HASHED: Final = hashlib.sha1(LEAF, usedforsecurity=False).digest()
ISSUER: Final = tsa.der(0xA4, pki.signer()[0].issuer.public_bytes())
OTHER: Final = tsa.der(0xA4, pki.authority().certificate.subject.public_bytes())
URI: Final = tsa.der(0x86, b"http://x/")
NAMES: Final[dict[str, tuple[tuple[bytes, ...], bool]]] = {
    "plain": ((_named(b"", HASHED),), True),
    "said": ((_named(tsa.algorithm(tsa.SHA256), HASHED),), True),
    "sha512": ((_named(tsa.algorithm(tsa.SHA512), hashlib.sha512(LEAF).digest()),), True),
    "sha1": ((tsa.named_v1(pki.signer()[0]),), True),
    "both": ((tsa.named_v1(pki.signer()[0]), _named(b"", HASHED)), True),
    "sha1 in the second version": ((_named(tsa.algorithm(tsa.SHA1), SHA1_HASHED),), False),
    "md5": (
        (_named(tsa.algorithm("1.2.840.113549.2.5"), hashlib.md5(LEAF, usedforsecurity=False).digest()),),
        False,
    ),
    "another": ((_named(b"", b"x" * 32),), False),
    "another by sha1": ((tsa.named_v1(pki.root().certificate),), False),
    "both, one another": ((tsa.named_v1(pki.root().certificate), _named(b"", HASHED)), False),
    "both, the other another": ((tsa.named_v1(pki.signer()[0]), _named(b"", b"x" * 32)), False),
    "issuer": ((_named(b"", HASHED, _issuer_serial(ISSUER)),), True),
    "another issuer": ((_named(b"", HASHED, _issuer_serial(OTHER)),), False),
    "another number": ((_named(b"", HASHED, _issuer_serial(ISSUER, number=1)),), False),
    "two issuers": ((_named(b"", HASHED, _issuer_serial(ISSUER, OTHER)),), False),
    "no issuer": ((_named(b"", HASHED, _issuer_serial()),), False),
    "an address": ((_named(b"", HASHED, _issuer_serial(URI)),), False),
    "an address beside": ((_named(b"", HASHED, _issuer_serial(URI, ISSUER)),), True),
    "none": ((), False),
}


@pytest.mark.parametrize("name", NAMES)
def test_who_is_named(name: str) -> None:
    """Every signed attribute that names a certificate names the signer's, and there is one."""
    added, expected = NAMES[name]
    assert read(_attributes(*added, without=("signing_certificate_v2",))).names_signer is expected


def _method(name: str) -> Change:
    return _in_signer("signature_algorithm", cms.SignedDigestAlgorithm({"algorithm": name}))


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("rsassa_pkcs1v15", "rsa-sha256"),
        ("sha256_rsa", "rsa-sha256"),
        ("ecdsa", "ecdsa-sha256"),
        ("sha256_ecdsa", "ecdsa-sha256"),
        ("sha512_rsa", None),
        ("sha384_ecdsa", None),
        ("ed25519", None),
        ("1.2.3.4", None),
    ],
)
def test_algorithms(name: str, algorithm: str | None) -> None:
    """The signature's algorithm is one of the list, and its digest the one that is named."""
    facts = read(_method(name))
    forbidden = None if algorithm is not None else f"{name} (sha256)"
    assert (facts.digest, facts.algorithm, facts.forbidden, facts.pss_salt) == (
        "sha256",
        algorithm,
        forbidden,
        None,
    )


@pytest.mark.parametrize(
    ("name", "is_good"), [("sha384", True), ("sha512", True), ("sha1", False), ("1.2.3", False)]
)
def test_digests(name: str, *, is_good: bool) -> None:
    """A digest of the list, or nothing more is said."""

    def change(info: cms.ContentInfo) -> None:
        signer_info(info)["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": name})
        _method("ecdsa")(info)

    facts = read(change)
    expected = (name, f"ecdsa-{name}", None) if is_good else (None, None, name)
    assert (facts.digest, facts.algorithm, facts.forbidden) == expected


HASH: Final = tsa.der(0xA0, tsa.algorithm(tsa.SHA256))
MASK: Final = tsa.der(0xA1, tsa.algorithm(tsa.MGF1, tsa.algorithm(tsa.SHA256)))
SALT: Final = tsa.der(0xA2, tsa.integer(32))
PSS: Final[dict[str, tuple[bytes, int | None]]] = {
    "good": (tsa.seq(HASH, MASK, SALT), 32),
    "trailer": (tsa.seq(HASH, MASK, SALT, tsa.der(0xA3, tsa.integer(1))), 32),
    "least": (tsa.seq(HASH, MASK, tsa.der(0xA2, tsa.integer(MIN_SALT))), MIN_SALT),
    "default": (tsa.seq(HASH, MASK), 20),
    "less": (tsa.seq(HASH, MASK, tsa.der(0xA2, tsa.integer(MIN_SALT - 1))), None),
    "negative": (tsa.seq(HASH, MASK, tsa.der(0xA2, tsa.integer(-1))), None),
    "another trailer": (tsa.seq(HASH, MASK, SALT, tsa.der(0xA3, tsa.integer(2))), None),
    "another hash": (tsa.seq(tsa.der(0xA0, tsa.algorithm(tsa.SHA512)), MASK, SALT), None),
    "another hash in the mask": (
        tsa.seq(HASH, tsa.der(0xA1, tsa.algorithm(tsa.MGF1, tsa.algorithm(tsa.SHA512))), SALT),
        None,
    ),
    "another mask": (
        tsa.seq(HASH, tsa.der(0xA1, tsa.algorithm("1.2.3", tsa.algorithm(tsa.SHA256))), SALT),
        None,
    ),
    "defaults": (tsa.seq(), None),
}


@pytest.mark.parametrize("name", PSS)
def test_pss(name: str) -> None:
    """RSASSA-PSS has one digest throughout, and a salt that is not too short."""
    parameters, salt = PSS[name]
    method = cms.SignedDigestAlgorithm.load(tsa.algorithm(tsa.RSA_PSS, parameters))
    facts = read(_in_signer("signature_algorithm", method), _by_rsa())

    assert facts.pss_salt == salt
    assert (facts.algorithm, facts.forbidden) == (
        ("rsa-pss-sha256", None) if salt is not None else (None, "rsassa_pss (sha256)")
    )


@pytest.mark.parametrize("parameters", [(), (tsa.seq(HASH, tsa.der(0xA1, tsa.algorithm(tsa.MGF1)), SALT),)])
def test_pss_without_parameters(parameters: tuple[bytes, ...]) -> None:
    """Parameters that are missing are a fault of form."""
    method = cms.SignedDigestAlgorithm.load(tsa.algorithm(tsa.RSA_PSS, *parameters))
    assert broken(_in_signer("signature_algorithm", method), _by_rsa()) is PdfShapeRule.CMS


def test_tokens() -> None:
    """Time stamps are taken as they are, so many of them; unsigned attributes that cannot be read are none."""
    info = cms.ContentInfo.load(_octets())
    tokens = [tsa.Stamp(serial_number=number).token() for number in range(MAX_TOKENS + 1)]

    def unsigned(*attributes: bytes) -> tuple[bytes, ...]:
        return read_cms(cms_attacks.with_unsigned(info, b"".join(attributes))).tokens

    stamps = "1.2.840.113549.1.9.16.2.14"
    assert unsigned(tsa.attribute(stamps, tokens[0])) == (tokens[0],)
    assert unsigned(tsa.attribute("1.2.3", tokens[0])) == ()
    assert set(unsigned(tsa.attribute(stamps, *tokens[:2]), tsa.attribute(stamps, tokens[2]))) == set(
        tokens[:3]
    )
    assert len(unsigned(tsa.attribute(stamps, *tokens))) == MAX_TOKENS
    assert unsigned(tsa.attribute(stamps, tsa.integer(1)), tsa.integer(1)) == ()
